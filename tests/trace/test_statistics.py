import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from hfreader.facts.statistics import Statistics
from hfreader.trace.recorder import Recorder
from hfreader.trace.recording import files_of
from hfreader.trace.statistics import Gauge
from tests.trace.conftest import PACKAGE
from tests.trace.tiny import setting

NUMBERS = st.floats(-1e6, 1e6, width=32)


def taken(*tensors: torch.Tensor) -> list[Statistics | None]:
    gauge = Gauge()
    for row, tensor in enumerate(tensors):
        gauge.take(row, tensor)
    return list(gauge.facts(len(tensors)))


@settings(deadline=None)
@given(st.lists(NUMBERS, min_size=1, max_size=40), st.sampled_from([torch.float32, torch.float64]))
def test_figures_are_those_of_the_numbers(numbers, dtype):
    (found,) = taken(torch.tensor(numbers, dtype=dtype))
    exact = torch.tensor(numbers, dtype=dtype).double()
    assert found is not None
    assert (found.min, found.max, found.nan, found.inf) == (float(exact.min()), float(exact.max()), 0, 0)
    scale = max(1.0, float(exact.abs().max()))
    assert found.mean == pytest.approx(float(exact.mean()), abs=1e-5 * scale)
    assert found.std == pytest.approx(float(exact.std(correction=0)), abs=1e-4 * scale)


def test_numbers_that_are_none_are_counted():
    (found,) = taken(torch.tensor([1.0, math.nan, math.inf, -math.inf]))
    assert found == Statistics(None, None, None, None, nan=1, inf=2)
    (found,) = taken(torch.tensor([1.0, -math.inf]))
    assert found == Statistics(None, None, None, 1.0, nan=0, inf=1)


def test_half_precision_does_not_run_over():
    (found,) = taken(torch.full((100, 100), 300.0, dtype=torch.float16))
    assert found == Statistics(300.0, 0.0, 300.0, 300.0)


def test_what_has_no_fractions_or_no_numbers():
    sparse = torch.eye(2).to_sparse()
    assert taken(torch.arange(3), torch.ones(2, dtype=torch.bool), torch.empty(0, 3), sparse) == [None] * 4


def test_the_same_memory_is_not_the_same_numbers():
    x = torch.arange(12.0).reshape(3, 4)
    views = taken(x, x.T, x.reshape(2, 6), x[:1], x[:, :1].expand(3, 4))
    assert views[0] == views[1] == views[2]
    assert views[3] == Statistics(1.5, pytest.approx(math.sqrt(1.25)), 0.0, 3.0)
    assert views[4] is not None
    assert views[4].max == 8.0
    gauge = Gauge()
    gauge.take(0, x)
    x.add_(1)
    gauge.take(1, x)
    assert [found and found.min for found in gauge.facts(2)] == [0.0, 1.0]


def test_memory_used_anew_is_looked_at_anew():
    gauge = Gauge()
    for row in range(50):
        gauge.take(row, torch.full((1000,), float(row)))
    assert [found and found.mean for found in gauge.facts(50)] == [float(row) for row in range(50)]


@pytest.mark.parametrize("family", ["bert", "llama"])
def test_every_line_of_a_model_and_the_same_result(family: str):
    one = setting(family)
    model = one.model()
    bare = one.run(model)[0]
    recorder = Recorder(files_of(model, PACKAGE), PACKAGE)
    with recorder.recording(model, statistics=True) as recording:
        assert torch.equal(one.run(model)[0], bare)
    lines = recording.lines()
    tensors = [line for line in lines if line.value.tensor and line.value.tensor.dtype == "float32"]
    assert tensors
    assert all(line.statistics for line in tensors)
    last = next(line for line in reversed(lines) if line.name == "hidden_states" and line.statistics)
    assert last.statistics is not None
    if family == "bert":
        assert last.statistics.max == pytest.approx(float(bare.max()))
    with recorder.recording(model) as recording:
        one.run(model)
    assert not any(line.statistics for line in recording.lines())


def test_the_first_line_with_a_nan_is_found():
    one = setting("bert")
    model = one.model()
    nn.init.constant_(model.encoder.layer[1].intermediate.dense.weight, math.nan)
    with Recorder(("models/bert/modeling_bert.py",), PACKAGE).recording(model, statistics=True) as recording:
        one.run(model)
    first = next(line for line in recording.lines() if line.statistics and line.statistics.nan)
    assert (first.module, first.name) == ("encoder.layer.1.intermediate", "hidden_states")
