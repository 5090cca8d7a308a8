from dataclasses import replace

from transformers import BertForPreTraining, BertForSequenceClassification, BertModel, GPT2Model, T5Model

from hfreader.trace.variants import answers, configurations, plain_settings, ways
from tests.trace.conftest import CONFIGS
from tests.trace.tiny import setting


def names(settings) -> list[str]:
    return [each.name for each in settings]


def test_the_plain_way_comes_first():
    assert names(plain_settings(BertModel, CONFIGS["bert"]))[:2] == ["plain", "two choices"]
    first = next(plain_settings(T5Model, CONFIGS["t5"]))
    assert first.lengths.encoder not in (None, first.lengths.tokens)


def test_ways_follow_the_signature():
    found = names(ways(setting("gpt2")))
    assert {"ids alone", "padding", "embeddings instead of ids", "cache", "position_ids (row)"} <= set(found)
    assert not any("labels" in name for name in found)


def test_labels_in_every_combination_of_shapes():
    one = replace(setting("bert"), model_class=BertForSequenceClassification)
    assert names(answers(one)) == ["labels (row)", "labels (token)", "labels (class)", "labels (column)"]
    two = replace(one, model_class=BertForPreTraining)
    assert len(names(answers(two))) == 16
    assert names(answers(next(answers(two)))) == []


def test_configurations_flip_what_there_is():
    found = {
        each.name: each for each in configurations(setting("gpt2"), {"summary_type": frozenset({"first", "cls_index"})})
    }
    assert found["reorder_and_upcast_attn=True"].config.reorder_and_upcast_attn
    assert found["cross-attention, cache"].lengths.past
    assert found["cross-attention"].config.add_cross_attention
    assert found["summary_type=first"].config.summary_type == "first"
    assert "summary_type=cls_index" not in found
    assert "decoder" not in found
    assert "num_labels=1" not in found


def test_a_decoder_where_the_configuration_knows_one():
    found = {each.name: each for each in configurations(setting("bert"), {})}
    assert found["decoder, cache"].config.is_decoder
    assert found["cross-attention"].config.is_decoder
    one = replace(setting("bert"), model_class=BertForSequenceClassification)
    assert "num_labels=1" in names(configurations(one, {}))


def test_names_add_up():
    inner = next(each for each in ways(setting("gpt2")) if each.name == "padding")
    assert "padding, cache" in names(ways(inner))
    assert inner.model_class is GPT2Model
