import math
from dataclasses import replace

import pytest
import torch
from torch import nn
from transformers.pytorch_utils import Conv1D

from hfreader.concepts import catalogue
from hfreader.concepts.model import Chosen, Concept, NotCovered, Text
from hfreader.trace.module_views import view
from hfreader.trace.proof_equations import NEVER, Outcome, check, relative_error
from hfreader.trace.randomise import randomise


def concept(reference, output="O"):
    nothing = Text("", "")
    return Concept("test", nothing, nothing, (), (), (), output=output, reference=reference)


def attention(Q, K, V, scale, M=None):
    scores = Q @ K.transpose(-1, -2) * scale
    return (scores if M is None else scores + M).softmax(-1) @ V


ATTENTION = concept(attention)


def captured(**changes):
    torch.manual_seed(0)
    values = {name: torch.randn(2, 3, 5, 4, dtype=torch.float64) for name in "QKV"}
    values["scale"] = 0.5
    values["M"] = torch.zeros(2, 1, 5, 5, dtype=torch.float64)
    values["M"][0, ..., -1] = torch.finfo(torch.float64).min
    values["O"] = attention(**values)
    return values | changes


def test_the_code_that_computes_the_equation_agrees():
    outcome = check(ATTENTION, captured(), examine=True)
    assert outcome.error is not None
    assert outcome.error < 1e-14
    assert outcome.unused == outcome.constant == frozenset()


WRONG = {
    "scale 1/d": lambda v: attention(v["Q"], v["K"], v["V"], 0.25, v["M"]),
    "no mask": lambda v: attention(v["Q"], v["K"], v["V"], 0.5),
    "mask subtracted": lambda v: (v["Q"] @ v["K"].mT * 0.5 - v["M"].clamp(-3)).softmax(-1) @ v["V"],
    "softmax over queries": lambda v: (v["Q"] @ v["K"].mT * 0.5 + v["M"].clamp(-3)).softmax(-2) @ v["V"],
    "keys for values": lambda v: attention(v["Q"], v["K"], v["K"], 0.5, v["M"]),
}


@pytest.mark.parametrize("name", WRONG)
def test_other_code_does_not(name):
    values = captured()
    outcome = check(ATTENTION, values | {"O": WRONG[name](values)})
    assert outcome.error is not None
    assert outcome.error > 1e-3


REASONS = {
    "the value of O was not captured": {"O": None},
    "the captured Q is not finite": {"Q": torch.full((2, 3, 5, 4), math.nan)},
    "the code gives values that are not finite": {"O": torch.full((2, 3, 5, 4), math.nan)},
    "the code gives one constant value": {"O": torch.ones(2, 3, 5, 4)},
    "the code gives shape (2, 5, 3, 4), the equation (2, 3, 5, 4)": {"O": torch.randn(2, 5, 3, 4)},
    "the reference raised": {"K": torch.randn(2, 3, 5, 9)},
    "the code gives a str": {"O": "text"},
}


@pytest.mark.parametrize("reason", REASONS)
def test_what_cannot_be_compared_says_why(reason):
    outcome = check(ATTENTION, captured(**REASONS[reason]))
    assert outcome.error is None
    assert outcome.reason is not None
    assert str(outcome.reason).startswith(reason) or reason == "the captured Q is not finite"


def test_a_symbol_that_was_not_captured_is_left_out_or_said_to_be_missing():
    values = captured()
    del values["M"]
    error = check(ATTENTION, values).error
    assert error is not None and error > 1e-3
    del values["K"]
    assert str(check(ATTENTION, values).reason) == "the value of K was not captured"


def test_an_equation_may_define_several_symbols():
    def both(Q, K, V, scale, M):
        weights = (Q @ K.transpose(-1, -2) * scale + M).softmax(-1)
        return {"A": weights, "O": weights @ V}

    values = captured()
    right = check(concept(both), values | {"A": both(*(values[n] for n in ("Q", "K", "V", "scale", "M")))["A"]})
    assert right.error is not None and right.error < 1e-14
    wrong = check(concept(both), values | {"A": torch.rand(2, 3, 5, 5)})
    assert wrong.error is not None and wrong.error > 1e-3


def test_a_reference_may_decline_and_may_read_the_shape():
    def declining(Q, like):
        if like.shape[0] == 2:
            raise NotCovered("two rows")
        return like

    assert str(check(concept(declining), captured()).reason) == "the equation does not speak of this run: two rows"


def test_a_reference_that_copies_the_answer_is_found_out():
    assert check(concept(lambda Q, like: like), captured(), examine=True).reason is not None


def test_an_equation_that_ignores_an_input_is_noticed():
    def vacuous(Q, K, V, scale, M=None):
        return attention(Q, K, V, 0.5, M)

    assert check(concept(vacuous), captured(), examine=True).unused == {"scale"}


def test_a_constant_input_is_noticed():
    values = captured(M=torch.zeros(2, 1, 5, 5, dtype=torch.float64))
    values["O"] = attention(*(values[name] for name in ("Q", "K", "V", "scale", "M")))
    assert check(ATTENTION, values).constant == {"M"}


def test_masked_entries_count_as_infinite():
    left, right = torch.tensor([1.0, -1e300]).double(), torch.tensor([1.0 + 1e-3, -math.inf]).double()
    assert relative_error(left, right) == pytest.approx(1e-3, rel=1e-2)
    assert relative_error(left, -right) == 1
    assert relative_error(left, torch.zeros(2).double()) == 1


@pytest.mark.parametrize("layer", [nn.Linear(4, 6), Conv1D(6, 4), nn.LayerNorm(6, eps=0.25), nn.Embedding(9, 4)])
def test_modules_arrive_in_one_convention(layer):
    layer = layer.double()
    randomise(layer, 0)
    seen = view(layer)
    if isinstance(layer, nn.Embedding):
        ids = torch.tensor([1, 3])
        assert torch.equal(seen(ids), seen.weight[ids])
    elif isinstance(layer, nn.LayerNorm):
        x = torch.randn(3, 6).double()
        normal = (x - x.mean(-1, True)) / (x.var(-1, correction=0, keepdim=True) + seen.eps).sqrt()
        assert torch.allclose(seen(x), normal * seen.weight + seen.bias)
    else:
        x = torch.randn(3, 4).double()
        assert torch.allclose(seen(x), x @ seen.weight + seen.bias)


def test_a_module_that_the_equation_ignores_is_noticed_and_left_as_it_was():
    layer = nn.Linear(4, 6).double()
    before = layer.weight.clone()
    x = torch.randn(3, 4).double()
    good = concept(lambda x, W: x @ W.weight + W.bias)
    values = {"x": x, "W": layer, "O": layer(x)}
    assert check(good, values, examine=True).unused == frozenset()
    result = layer(x).detach()
    ignoring = replace(good, reference=lambda x, W: result)
    assert check(ignoring, values, examine=True).unused == {"x", "W"}
    assert torch.equal(layer.weight, before)


def test_every_learnt_number_is_drawn_at_a_moderate_scale():
    model = nn.Sequential(nn.Embedding(30, 32), nn.Linear(32, 64), nn.BatchNorm1d(64), nn.LayerNorm(64)).double()
    randomise(model, 3)
    for name, value in [*model.named_parameters(), *model.named_buffers()]:
        if value.is_floating_point():
            assert 0.05 < float(value.detach().std()) < 1.5, name
    assert bool((model[2].running_var > 0).all())
    again = nn.Linear(32, 64).double()
    randomise(again, 3)
    other = nn.Linear(32, 64).double()
    randomise(other, 3)
    assert torch.equal(again.weight, other.weight)


class Shifted(nn.Embedding):
    def forward(self, input):
        return super().forward(input + 1)

    def above(self):
        return super().forward

    def doubled(self, input):
        return input * 2


def test_a_bound_forward_is_its_module_and_another_method_a_function():
    layer = Shifted(5, 3)
    above, method = view(layer.above()), view(layer.doubled)
    assert above.owner is layer
    assert above.weight is not None
    assert torch.equal(above.weight, layer.weight)
    assert above.num_embeddings == 5
    assert torch.equal(above(torch.tensor([1])), layer.weight[1:2])
    assert method.owner is None
    assert method.weight is None
    assert method(3) == 6


def test_a_table_behind_super_is_examined():
    lookup = concept(lambda positions, table: table.weight[positions])
    layer, positions = Shifted(5, 3).double(), torch.tensor([1, 3])
    values = {"positions": positions, "table": layer.above(), "O": layer.weight[positions].detach()}
    outcome = check(lookup, values, examine=True)
    assert (outcome.error, outcome.unused) == (0.0, frozenset())
    before = layer.weight.clone()
    ignoring = concept(lambda positions, table: values["O"])
    assert check(ignoring, values, examine=True).unused == {"positions", "table"}
    assert torch.equal(layer.weight, before)


def scaled(scale: float, factor: float) -> Outcome:
    """Attention whose code multiplies by `factor`, checked where `scale` was captured."""
    query, key, value = (torch.randn(2, 3, 5, 4, dtype=torch.float64) for _ in range(3))
    output = (query @ key.transpose(-2, -1) * factor).softmax(-1) @ value
    captured = {"query": query, "key": key, "value": value, "scale": scale, "output": output}
    return check(catalogue()["scaled-dot-product-attention"], captured)


def test_a_scale_that_the_configuration_sets_is_taken_and_said():
    own = scaled(Chosen(0.3), 0.3)
    assert own.error is not None and own.error < 1e-12 and own.chosen
    usual = scaled(Chosen(0.5), 0.5)
    assert usual.error is not None and usual.error < 1e-12 and not usual.chosen


def test_a_wrong_scale_is_disproven():
    wrong = scaled(0.3, 0.3)
    assert wrong.error is not None and wrong.error > 1e-3


def test_a_scale_of_one_is_none():
    assert "nothing is scaled" in str(scaled(1, 1).reason)


def test_what_is_switched_off_was_not_executed():
    query, key, value = (torch.randn(2, 3, 5, 4, dtype=torch.float64) for _ in range(3))
    captured = {"query": query, "key": key, "value": value, "window": None, "output": value}
    outcome = check(catalogue()["sliding-window-attention"], captured)
    assert str(outcome.reason) == f"{NEVER}: no window is set"


def test_heads_may_lie_in_the_batch():
    rows = concept(lambda x: x.softmax(-1))
    x = torch.randn(6, 5, dtype=torch.float64)
    assert check(rows, {"x": x.view(2, 3, 5), "O": x.softmax(-1)}).error == 0
    assert str(check(rows, {"x": x, "O": x.softmax(-1).T}).reason) == "the code gives shape (5, 6), the equation (6, 5)"


def test_no_two_rows_of_a_large_weight_are_alike():
    layer = torch.nn.Linear(512, 512)
    randomise(layer, 0)
    assert len({tuple(row) for row in layer.weight.detach()[:, :8].tolist()}) == 512
