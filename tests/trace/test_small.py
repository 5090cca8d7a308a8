from itertools import islice

import pytest
from transformers import BertConfig, BertModel, CLIPTextModel, GPT2Config, GPT2Model, LlamaConfig, LlamaModel, T5Config
from transformers import T5Model as T5

from hfreader.errors import HfreaderError
from hfreader.trace.configs import default_config
from hfreader.trace.models import base_class, parameters_of, skeleton
from hfreader.trace.small import VOCABULARY, small, smalls


@pytest.mark.parametrize(
    ("model_class", "config"),
    [(BertModel, BertConfig()), (GPT2Model, GPT2Config()), (LlamaModel, LlamaConfig()), (T5, T5Config())],
)
def test_small_models_keep_their_heads(model_class, config):
    narrow = small(model_class, config)
    assert narrow.num_hidden_layers == 2
    assert narrow.num_attention_heads == config.num_attention_heads
    assert narrow.hidden_size < config.hidden_size
    assert narrow.vocab_size == VOCABULARY
    assert parameters_of(skeleton(model_class, narrow)) < 2_000_000


def test_special_ids_stay_apart_and_in_the_vocabulary():
    narrow = small(GPT2Model, GPT2Config(pad_token_id=50000, eos_token_id=[50256, 7]))
    assert narrow.pad_token_id == 511
    assert narrow.bos_token_id == 510
    assert narrow.eos_token_id == [510, 7]


def test_the_part_that_a_class_is_built_from():
    assert small(CLIPTextModel, default_config("clip")).num_hidden_layers == 2


def test_what_cannot_be_built_says_why():
    with pytest.raises(HfreaderError, match="BertModel cannot be built"):
        small(BertModel, BertConfig(hidden_act="nope"))


def test_a_part_that_refuses_to_be_as_narrow_does_not_keep_the_others_wide():
    config = default_config("csm")  # its codec convolves in groups of a fixed number
    narrow = small(base_class(config), config)
    assert narrow.hidden_size <= config.hidden_size / 8


def test_heads_of_nested_parts_stay_wide_enough():
    config = default_config("gemma3")
    part = small(base_class(config), config).text_config
    assert part.hidden_size >= 8 * part.num_attention_heads


def test_many_heads_and_experts_become_fewer():
    config = default_config("deepseek_v32")
    narrow = small(base_class(config), config)
    assert (narrow.num_attention_heads, narrow.n_routed_experts) == (16, 32)
    assert parameters_of(skeleton(base_class(config), narrow)) < 20_000_000


def test_what_stays_too_large_says_so(monkeypatch):
    monkeypatch.setattr("hfreader.trace.small.LIGHT", 1000)
    monkeypatch.setattr("hfreader.trace.small.MOST", 1000)
    with pytest.raises(HfreaderError, match=r"BertModel cannot be made small: it has [0-9,]+ parameters at least"):
        small(BertModel, BertConfig())


def test_widths_of_stages_agree_with_what_reads_them():
    config = default_config("rt_detr")
    ratios = {
        each.encoder_in_channels[0] / each.backbone_config.hidden_sizes[1]
        for each in islice(smalls(base_class(config), config), 2)
    }
    assert ratios == {1.0}
