from dataclasses import replace

import pytest
import torch
from transformers import BertForPreTraining, BertForSequenceClassification, GPT2DoubleHeadsModel
from transformers.models.bert import modeling_bert

from hfreader.errors import HfreaderError
from hfreader.trace.settings import Setting, id_parameters, label_parameters, with_token_types
from hfreader.trace.sizes import Lengths
from tests.trace.tiny import setting


def shapes(given: dict[str, torch.Tensor]) -> dict[str, tuple[int, ...]]:
    return {name: tuple(value.shape) for name, value in given.items() if isinstance(value, torch.Tensor)}


def inputs(one: Setting, start: int = 0) -> dict[str, torch.Tensor]:
    ids = torch.arange(one.lengths.batch * (one.lengths.past + one.lengths.tokens)).reshape(one.lengths.batch, -1)
    return one.inputs(one.model(), ids, start)


def test_plain_inputs():
    assert shapes(inputs(setting("bert"))) == {
        "input_ids": (2, 6),
        "attention_mask": (2, 6),
    }


def test_what_goes_beside_the_text():
    typed = with_token_types(setting("bert"))
    assert typed is not None
    assert inputs(typed)["token_type_ids"].tolist() == [[0] * 6] * 2
    ones = setting("bert", beside=(("token_type_ids", (0, 1, 1, 0, 1, 1)),))
    assert inputs(ones)["token_type_ids"].tolist() == [[0, 1, 1, 0, 1, 1]] * 2
    assert inputs(ones.with_config(ones.config, Lengths(1, 3)))["token_type_ids"].tolist() == [[0, 0, 0]]
    assert with_token_types(setting("t5")) is None


def test_options_shape_the_inputs():
    assert shapes(inputs(setting("bert", bare=True))) == {"input_ids": (2, 6)}
    assert inputs(setting("bert", padded=True))["attention_mask"].tolist() == [[1, 1, 1, 1, 1, 0], [1] * 6]
    assert shapes(inputs(setting("bert", choices=3)))["input_ids"] == (2, 3, 6)
    embedded = shapes(inputs(setting("bert", embeds=True)))
    assert embedded["inputs_embeds"] == (2, 6, 16)
    assert "input_ids" not in embedded
    assert inputs(setting("bert", extra=(("return_dict", False),)))["return_dict"] is False


def test_zeros_in_every_shape():
    names = ("a", "b", "c", "d")
    made = inputs(setting("bert", zeros=tuple(zip(names, ("row", "column", "token", "class"), strict=True))))
    assert [tuple(made[name].shape) for name in names] == [(2,), (2, 1), (2, 6), (2, 2)]
    assert made["d"].is_floating_point()


def test_after_a_cache_only_the_mask_covers_the_past():
    assert shapes(inputs(setting("gpt2", Lengths(2, 1, past=5)), start=5)) == {
        "input_ids": (2, 1),
        "attention_mask": (2, 6),
    }


def test_both_sides_of_an_encoder_decoder():
    assert shapes(inputs(setting("t5", Lengths(2, 6, encoder=4)))) == {
        "input_ids": (2, 4),
        "attention_mask": (2, 4),
        "decoder_input_ids": (2, 6),
    }
    same = inputs(setting("t5", Lengths(2, 6, encoder=6)))
    assert torch.equal(same["input_ids"], same["decoder_input_ids"])


def test_a_lone_decoder_is_given_encoder_states():
    one = setting("bert", Lengths(2, 6, encoder=4))
    assert shapes(inputs(one))["encoder_hidden_states"] == (2, 4, 16)
    assert shapes(inputs(one))["encoder_attention_mask"] == (2, 4)


def test_two_passes_with_a_cache_agree_with_one():
    cached, whole = setting("gpt2", Lengths(2, 2, past=4)), setting("gpt2", Lengths(2, 6))
    ids = torch.arange(12).reshape(2, 6)
    model = cached.model()
    expected = whole.run(model, ids).last_hidden_state[:, 4:]
    assert torch.allclose(cached.run(model, ids).last_hidden_state, expected, atol=1e-5)


def test_no_cache_is_said():
    with pytest.raises(HfreaderError, match="BertModel, plain: the first pass returned no cache"):
        one = setting("bert", Lengths(2, 1, past=4))
        one.run(one.model())


def test_the_models_own_reason_is_one_line():
    one = setting("bert", zeros=(("labels", "token"),))
    bad = replace(one, model_class=BertForSequenceClassification)
    with pytest.raises(HfreaderError, match=r"BertForSequenceClassification, plain: .*batch_size") as caught:
        bad.run(bad.model())
    assert "\n" not in str(caught.value)


def test_a_run_does_not_change_the_setting():
    one = replace(setting("bert", zeros=(("labels", "row"),)), model_class=BertForSequenceClassification)
    one.run(one.model())
    assert one.config.problem_type is None


def test_training_mode_and_gradients():
    assert setting("bert", training=True).model().training
    one = setting("bert")
    assert not one.run(one.model()).last_hidden_state.requires_grad


def test_parameters_for_labels_and_ids():
    assert label_parameters(BertForPreTraining) == ["labels", "next_sentence_label"]
    assert label_parameters(modeling_bert.BertForQuestionAnswering) == ["start_positions", "end_positions"]
    assert id_parameters(GPT2DoubleHeadsModel) == ["position_ids", "mc_token_ids"]


def test_what_the_mask_hides_is_padding_where_the_configuration_has_an_id_for_it():
    given = inputs(setting("bert", padded=True))
    assert given["input_ids"][0, -1] == 0
    assert given["input_ids"][1, -1] != 0
