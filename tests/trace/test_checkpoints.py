import json
import struct
from pathlib import Path

import pytest
import torch
from transformers import BertForMaskedLM, BertForSequenceClassification, BertModel, GPT2Model

from hfreader.errors import HfreaderError
from hfreader.trace.checkpoints import load_model, read_config, weight_files
from hfreader.trace.configs import with_fields
from hfreader.trace.models import random_model
from tests.trace.conftest import CONFIGS

CPU = torch.device("cpu")


@pytest.fixture(scope="module")
def saved(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("checkpoint")
    random_model(BertModel, CONFIGS["bert"], seed=3).save_pretrained(folder)
    return folder


@pytest.fixture
def copy(saved: Path, tmp_path: Path) -> Path:
    for file in saved.iterdir():
        (tmp_path / file.name).write_bytes(file.read_bytes())
    return tmp_path


def load(folder: Path, model_class=BertModel, **changes):
    config = with_fields(read_config(folder), changes)
    return load_model(folder, model_class, config, 0, torch.float32, CPU)


def test_weights_come_from_the_folder(saved: Path):
    model, notes = load(saved)
    expected = random_model(BertModel, CONFIGS["bert"], seed=3)
    assert notes == ()
    assert not model.training
    assert model.config._attn_implementation == "eager"
    assert all(torch.equal(one, other) for one, other in zip(model.parameters(), expected.parameters(), strict=True))


def test_sharded_weights(tmp_path: Path):
    random_model(BertModel, CONFIGS["bert"], seed=3).save_pretrained(tmp_path, max_shard_size="10KB")
    assert len(weight_files(tmp_path)) > 1
    assert load(tmp_path)[1] == ()
    weight_files(tmp_path)[1].unlink()
    with pytest.raises(HfreaderError, match=r"is no whole checkpoint: model-00002-.* is missing"):
        load(tmp_path)


def test_missing_weights_are_random_and_named(saved: Path):
    one, notes = load(saved, BertForSequenceClassification)
    assert notes == ("not in the checkpoint, so random: classifier.bias, classifier.weight",)
    assert torch.equal(one.classifier.weight, load(saved, BertForSequenceClassification)[0].classifier.weight)


def test_unused_weights_are_named(tmp_path: Path):
    random_model(BertForMaskedLM, CONFIGS["bert"]).save_pretrained(tmp_path)
    _, notes = load(tmp_path, BertModel, num_hidden_layers=1)
    assert notes[0].startswith("not in the checkpoint, so random: pooler.dense.bias")
    assert notes[1].startswith("in the checkpoint, but not used by this model: ")
    assert "more" in notes[1]


def test_a_changed_size_does_not_fit(saved: Path):
    size = CONFIGS["bert"].intermediate_size
    message = rf"do not fit .*: .*intermediate.dense.bias is \({size},\) in .*, \(48,\) in the model .*more"
    with pytest.raises(HfreaderError, match=message) as caught:
        load(saved, intermediate_size=48)
    assert "\n" not in str(caught.value)


def test_corrupt_weights(copy: Path):
    (copy / "model.safetensors").write_bytes(struct.pack("<Q", 10**9) + b"junk")
    with pytest.raises(HfreaderError, match=r"model\.safetensors is not a readable safetensors file"):
        load(copy)


def test_a_pickle_is_never_opened(copy: Path):
    (copy / "model.safetensors").unlink()
    (copy / "pytorch_model.bin").write_bytes(b"not even a pickle")
    with pytest.raises(HfreaderError, match=r"pickled weights.*never loads.*save_pretrained"):
        load(copy)


def test_no_weights_at_all(copy: Path):
    (copy / "model.safetensors").unlink()
    with pytest.raises(HfreaderError, match=r"is no whole checkpoint: model\.safetensors is missing"):
        load(copy)


def test_other_weights(copy: Path):
    (copy / "config.json").write_text(json.dumps({**CONFIGS["gpt2"].to_dict(), "model_type": "gpt2"}))
    with pytest.raises(HfreaderError, match="does not load as GPT2Model: it has none of its weights"):
        load(copy, GPT2Model)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (None, "is no checkpoint: it has no config.json"),
        ("{", "config.json cannot be read"),
        ("[]", "it is not a JSON object"),
        ("{}", "no model_type; this transformers does not know"),
        ('{"model_type": "bret"}', "model_type 'bret'; did you mean bert"),
        (
            '{"model_type": "mine", "auto_map": {"AutoModel": "evil.Model"}}',
            "own code .*mine.* which hfreader never runs",
        ),
        ('{"model_type": "bert", "hidden_size": "wide"}', "BertConfig refuses these values"),
    ],
)
def test_bad_configurations_are_one_line(tmp_path: Path, content: str | None, message: str):
    if content is not None:
        (tmp_path / "config.json").write_text(content)
    with pytest.raises(HfreaderError, match=message) as caught:
        read_config(tmp_path)
    assert "\n" not in str(caught.value)
