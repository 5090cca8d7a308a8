from pathlib import Path

import pytest
import torch
from transformers import BertModel

from hfreader.errors import HfreaderError
from hfreader.facts.runs import TraceRequest
from hfreader.progress import silent
from hfreader.trace import subject
from hfreader.trace.models import random_model
from hfreader.trace.subject import find_subject
from tests.trace.conftest import CONFIGS


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    random_model(BertModel, CONFIGS["bert"]).save_pretrained(tmp_path / "mine")
    return tmp_path / "mine"


def find(target: str, **more):
    return find_subject(TraceRequest(target, **more), silent)


def test_a_family_has_its_default_configuration_and_no_weights():
    found = find("bert")
    assert (found.model_class, found.folder, found.config.num_hidden_layers) == (BertModel, None, 12)


def test_class_and_overrides():
    found = find("gpt2", architecture="GPT2LMHeadModel", overrides=(("num_hidden_layers", "2"),))
    assert found.model_class.__name__ == "GPT2LMHeadModel"
    assert found.config.n_layer == 2


def test_a_class_with_a_configuration_of_its_own():
    found = find("clip", architecture="CLIPTextModel", overrides=(("hidden_size", "64"),))
    assert type(found.config).__name__ == "CLIPTextConfig"
    assert found.config.hidden_size == 64


def test_a_folder_is_a_checkpoint(folder: Path):
    found = find(str(folder))
    assert (found.folder, found.config.hidden_size) == (folder, 16)
    model, notes = found.model(0, torch.float32, torch.device("cpu"))
    assert notes == ()
    assert model.config.hidden_size == 16


def test_a_folder_named_like_a_family_wins_if_it_is_a_checkpoint(folder: Path, monkeypatch: pytest.MonkeyPatch):
    folder.rename(folder.parent / "bert")
    monkeypatch.chdir(folder.parent)
    assert find("bert").folder == Path("bert")
    (folder.parent / "gpt2").mkdir()
    assert find("gpt2").folder is None


def test_a_hub_id_is_fetched(folder: Path, monkeypatch: pytest.MonkeyPatch):
    asked = []
    monkeypatch.setattr(subject, "fetch", lambda name, _, offline: asked.append((name, offline)) or folder)
    assert find("google/bert", offline=True).folder == folder
    assert asked == [("google/bert", True)]


@pytest.mark.parametrize(
    ("target", "message"),
    [
        ("bret", r"'bret' is no family of transformers; did you mean bert.*; a checkpoint is given as its folder or"),
        ("./nowhere", r"there is no folder '\./nowhere'"),
        ("a/b/c", "there is no folder 'a/b/c'"),
        ("~/x", "there is no folder '~/x'"),
    ],
)
def test_targets_that_are_nothing(target: str, message: str):
    with pytest.raises(HfreaderError, match=message):
        find(target)


def test_a_folder_without_configuration(tmp_path: Path):
    with pytest.raises(HfreaderError, match=r"is no checkpoint: it has no config\.json"):
        find(str(tmp_path))
