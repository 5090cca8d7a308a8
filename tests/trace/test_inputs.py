import pytest
import torch
from transformers import BertConfig, BertModel, CLIPModel, GPT2Config, T5Model, ViTModel, WhisperModel, XLNetModel

from hfreader.errors import HfreaderError
from hfreader.trace.inputs import check_ids, other_inputs, position_limit, random_ids, text_inputs
from tests.trace.conftest import CONFIGS


@pytest.mark.parametrize(
    ("model_class", "names"),
    [
        (BertModel, {"input_ids", "attention_mask"}),
        (T5Model, {"input_ids", "attention_mask"}),
        (XLNetModel, {"input_ids", "attention_mask"}),
    ],
)
def test_inputs_are_what_people_give(model_class, names: set[str]):
    inputs = text_inputs(model_class, torch.arange(6).reshape(2, 3))
    assert set(inputs) == names
    assert {tuple(each.shape) for each in inputs.values()} == {(2, 3)}
    assert bool((inputs["attention_mask"] == 1).all())


@pytest.mark.parametrize(("model_class", "wanted"), [(ViTModel, "pixel_values"), (WhisperModel, "input_features")])
def test_other_modalities_are_refused(model_class, wanted: str):
    with pytest.raises(HfreaderError, match=f"reads {wanted}, not text"):
        text_inputs(model_class, torch.zeros(1, 1, dtype=torch.long))


def test_inputs_that_are_not_made_yet():
    assert other_inputs(CLIPModel) == ["pixel_values"]
    assert other_inputs(BertModel) == []


def test_ids_are_checked():
    config = BertConfig(vocab_size=10, max_position_embeddings=4)
    check_ids([0, 9, 1, 2], config)
    for ids, message in [
        ([], "the text is empty"),
        ([3, 10], r"id 10 is outside the vocabulary: ids go from 0 to 9"),
        ([-1], "id -1 is outside"),
        ([1] * 5, r"the text has 5 tokens, but the model has positions for 4 \(max_position_embeddings\)"),
    ]:
        with pytest.raises(HfreaderError, match=message):
            check_ids(ids, config)


def test_position_limit_by_alias_or_none():
    assert position_limit(GPT2Config(n_positions=7)) == 7
    assert position_limit(CONFIGS["t5"]) is None


def test_random_ids_avoid_special_ones_and_repeat():
    config = BertConfig(vocab_size=8, pad_token_id=0, bos_token_id=3, eos_token_id=[5, 6])
    ids = random_ids(config, 20, 20)
    assert set(ids.flatten().tolist()) == {1, 2, 4, 7}
    assert torch.equal(ids, random_ids(config, 20, 20))
    assert not torch.equal(ids, random_ids(config, 20, 20, seed=1))
