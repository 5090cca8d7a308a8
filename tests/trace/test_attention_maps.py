import json
from pathlib import Path

import pytest
import torch
from safetensors import safe_open
from torch import nn

from hfreader.errors import HfreaderError
from hfreader.facts.runs import TraceRequest
from hfreader.facts.traces import Trace
from hfreader.progress import silent
from hfreader.trace import tracing
from hfreader.trace.attention_maps import AttentionMaps
from hfreader.trace.hooks import ModuleStack
from hfreader.trace.values_file import COLUMNS, write_values
from tests.trace.test_generation import SMALL
from tests.trace.tiny import SNAPSHOT, setting


def run(target: str, file: Path, **more) -> Trace:
    request = TraceRequest(target, text="hello", overrides=SMALL[target], symbols=False, values=str(file), **more)
    return tracing.trace(request, SNAPSHOT, silent)


@pytest.mark.parametrize("family", ["bert", "gpt2", "llama", "t5"])
def test_maps_are_the_attentions_that_the_model_returns(family: str):
    one = setting(family)
    model = one.model()
    ids = torch.tensor([[3, 4, 5, 6]])
    given = {"decoder_input_ids": ids} if family == "t5" else {}
    with AttentionMaps(ModuleStack(model, False)) as maps, torch.no_grad():
        output = model(input_ids=ids, output_attentions=True, **given)
    if family == "t5":
        returned = [*output.encoder_attentions]
        pairs = zip(output.decoder_attentions, output.cross_attentions, strict=True)
        returned += [each for pair in pairs for each in pair]
    else:
        returned = list(output.attentions)
    assert len(maps.found) == len(returned)
    for (_, _, found), expected in zip(maps.found, returned, strict=True):
        assert torch.equal(found, expected)


def test_only_a_softmax_over_the_last_of_four_dimensions():
    with AttentionMaps(ModuleStack(nn.Module(), False)) as maps:
        x = torch.zeros(1, 2, 3, 3)
        for softened in (x.softmax(-1), torch.softmax(x, dim=3), nn.functional.softmax(x, -1)):
            assert softened.shape == x.shape
        x.softmax(1)
        x[0].softmax(-1)
        nn.Softmax(dim=-1)(x)
    assert len(maps.found) == 4


def test_a_run_writes_maps_of_every_step_and_statistics(tmp_path: Path):
    file = tmp_path / "values.safetensors"
    found = run("llama", file, generate=3)
    assert found.maps == tuple(f"attention/model.layers.{n}.self_attn/{step}" for step in range(3) for n in range(2))
    with safe_open(file, framework="pt") as values:
        assert {*values.keys()} == {*found.maps, "statistics"}
        for name in found.maps:
            step = int(name.rpartition("/")[2])
            weights = values.get_tensor(name)
            assert weights.shape == (1, 4, 1 if step else 5, 5 + step)
            assert torch.allclose(weights.sum(-1), torch.ones(()))
        table = values.get_tensor("statistics")
        records = json.loads(values.metadata()["records"])
    taken = [line for line in found.lines if line.statistics]
    assert table.shape == (len(taken), len(COLUMNS))
    assert records == [[r.place.file, r.place.span.line, r.name, r.module, r.call] for r in taken]
    assert table[0, 2].item() == taken[0].statistics.min


def test_several_maps_of_one_call_and_a_place_that_cannot_be_written(tmp_path: Path):
    one = torch.ones(1, 1, 2, 2)
    names = write_values(tmp_path / "v", [("a", 0, one), ("a", 0, one.clone()), ("", 0, one.clone())], ())
    assert names == ("attention/a/0", "attention/a/0/1", "attention/model/0")
    (tmp_path / "file").write_text("")
    with pytest.raises(HfreaderError, match="cannot write"):
        write_values(tmp_path / "file" / "v", (), ())
    assert sorted(each.name for each in tmp_path.iterdir()) == ["file", "v"]


def test_shapes_alone_have_no_values(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    monkeypatch.setattr(tracing, "room", lambda device: 1000)
    with pytest.raises(HfreaderError, match="does not fit into memory here"):
        run("gpt2", tmp_path / "v")
    assert not (tmp_path / "v").exists()
