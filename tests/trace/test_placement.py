"""A model spread over main memory and disk computes what it computes on one device."""

import sys
from pathlib import Path

import pytest
import torch
from transformers import BertConfig, BertModel

from hfreader.errors import HfreaderError
from hfreader.facts.runs import TraceRequest
from hfreader.facts.traces import Trace
from hfreader.progress import silent
from hfreader.trace.placement import home, most_memory
from hfreader.trace.requests import check_map
from hfreader.trace.tracing import trace
from tests.trace.tiny import SNAPSHOT

LITTLE = (("cpu", "30MB"),)
SMALL = (("num_hidden_layers", "4"), ("hidden_size", "192"), ("intermediate_size", "384"), ("vocab_size", "512"))


def run(target: str, **more) -> Trace:
    return trace(TraceRequest(target, ids=(5, 6, 7), statistics=True, symbols=False, **more), SNAPSHOT, silent)


def numbers(found: Trace) -> list[object]:
    return [(each.place, each.value, each.statistics) for each in found.lines]


def check_alike(plain: Trace, placed: Trace) -> None:
    assert any(each.statistics is not None for each in plain.lines)
    assert numbers(placed) == numbers(plain)
    assert [(each.path, each.output) for each in placed.modules] == [(each.path, each.output) for each in plain.modules]
    assert (placed.parameters, placed.flops, placed.device) == (plain.parameters, plain.flops, "cpu")
    note = next(note for note in placed.notes if note.startswith("spread by accelerate"))
    assert "on cpu" in note
    assert "on disk" in note


@pytest.mark.slow
def test_random_weights_on_disk_give_what_they_give_in_memory():
    pytest.importorskip("accelerate")
    plain = run("bert", overrides=SMALL)
    check_alike(plain, run("bert", overrides=SMALL, device_map="auto", max_memory=(("cpu", "5MB"),)))
    whole = run("bert", overrides=SMALL, device_map="auto", max_memory=(("cpu", "1KB"),))
    assert numbers(whole) == numbers(plain)
    assert any(note.endswith("1 on disk") for note in whole.notes)


@pytest.mark.slow
def test_a_checkpoint_on_disk_gives_what_it_gives_in_memory(tmp_path: Path):
    pytest.importorskip("accelerate")
    torch.manual_seed(0)
    config = BertConfig(vocab_size=512, hidden_size=192, num_hidden_layers=4, intermediate_size=384)
    BertModel(config).save_pretrained(tmp_path)
    most = (("cpu", "5MB"),)
    check_alike(run(str(tmp_path)), run(str(tmp_path), device_map="auto", max_memory=most))


def test_a_model_on_one_device_is_at_home_there():
    assert home(BertModel(BertConfig(num_hidden_layers=1, hidden_size=24, intermediate_size=24))).type == "cpu"


def test_what_is_wrong_with_a_map_is_said_in_one_line(monkeypatch: pytest.MonkeyPatch):
    with pytest.raises(HfreaderError, match="unknown device map 'balanced': choose auto"):
        check_map(TraceRequest("bert", device_map="balanced"))
    with pytest.raises(HfreaderError, match="give that too"):
        check_map(TraceRequest("bert", max_memory=LITTLE))
    with pytest.raises(HfreaderError, match="leave --device out"):
        check_map(TraceRequest("bert", device_map="auto", device="cuda"))
    monkeypatch.setitem(sys.modules, "accelerate", None)
    with pytest.raises(HfreaderError, match="pip install accelerate"):
        most_memory(LITTLE)


def test_places_that_are_not_there_and_amounts_that_are_none(monkeypatch: pytest.MonkeyPatch):
    pytest.importorskip("accelerate")
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    assert most_memory(LITTLE) == {"cpu": "30MB"}
    assert most_memory(()) is None
    with pytest.raises(HfreaderError, match="no GPU, for there is none here"):
        most_memory((("0", "1GB"),))
    with pytest.raises(HfreaderError, match="write an amount as 200MB"):
        most_memory((("cpu", "lots"),))
