"""What single parts of patterns fit."""

import pytest

from hfreader.analyzers.matching_flow import Flow
from hfreader.analyzers.matching_needs import Needs
from hfreader.analyzers.matching_search import Search, Solution
from hfreader.concepts.pattern import (
    CONVOLUTION,
    LAYER_NORM,
    LINEAR,
    Activation,
    Anything,
    Bind,
    Branch,
    Layer,
    Not,
    NotPartOf,
    Number,
    Op,
    Pattern,
)
from tests.concepts.examples import graph_of


def fits(pattern: Pattern, source: str) -> bool:
    """Whether what the last class or function of an example returns is what the pattern says."""
    flow = Flow(graph_of(source))
    assert flow.graph.result is not None
    return next(Search(flow, Needs({}))._match(pattern, flow.use_of(flow.graph.result), Solution()), None) is not None


MADE = """
class C(nn.Module):
    def __init__(self, c, k=3):
        super().__init__()
        self.p = (c.p, c.p)
        self.d = c.a * c.b
        self.m = {made}

    def forward(self, x):
        return self.m(x)
"""
DEPTHWISE = Layer(CONVOLUTION, (Anything(),), equal=(("in_channels", "groups"),))
PATCHES = Layer(
    CONVOLUTION, (Anything(),), settings=(("kernel_size", Not(Number(2))),), equal=(("kernel_size", "stride"),)
)


@pytest.mark.parametrize(
    ("pattern", "made", "expected"),
    [
        (DEPTHWISE, "nn.Conv1d(c.a * c.b, 4, 3, groups=self.d)", True),
        (DEPTHWISE, "nn.Conv1d(c.d, c.d, 3, 1, 1, 1, c.d)", True),
        (DEPTHWISE, "nn.Conv1d(c.d, c.d, 3, groups=c.e)", False),
        (DEPTHWISE, "nn.Conv1d(c.d, c.d, 3)", False),
        (PATCHES, "nn.Conv2d(3, c.d, kernel_size=self.p, stride=(c.p, c.p))", True),
        (PATCHES, "nn.Conv2d(3, c.d, 16, 16)", True),
        (PATCHES, "nn.Conv2d(3, c.d, 2, stride=2)", False),
        (PATCHES, "nn.Conv2d(3, c.d, c.p, stride=c.s)", False),
    ],
)
def test_a_layer_by_its_settings(pattern: Pattern, made: str, expected: bool):
    assert fits(pattern, MADE.format(made=made)) == expected


@pytest.mark.parametrize(
    ("made", "expected"),
    [
        ("ACT2FN[c.act] if c.act else nn.Identity()", True),
        ("nn.ReLU() if c.act else nn.Identity()", True),
        ("nn.Identity()", False),
        ("nn.LayerNorm(c.d) if c.act else nn.Identity()", False),
    ],
)
def test_a_non_linearity_may_be_left_out(made: str, expected: bool):
    assert fits(Activation(Anything()), MADE.format(made=made)) == expected


def test_operations_are_seen_through_views():
    assert fits(Op(("relu",), (Anything(),)), "def f(x):\n    return F.relu(x).transpose(1, 2).float()\n")


@pytest.mark.parametrize(
    ("made", "expected"),
    [("nn.LayerNorm(c.d) if c.n else nn.Identity()", True), ("nn.Identity()", False)],
)
def test_a_layer_may_be_left_out(made: str, expected: bool):
    assert fits(Layer(LAYER_NORM, (Anything(),)), MADE.format(made=made)) == expected


@pytest.mark.parametrize(
    ("branch", "expected"),
    [
        (Branch(Anything(), applies=CONVOLUTION), True),
        (Branch(Anything(), applies=LINEAR), False),
        (Branch(Anything(), avoids=("softmax",)), True),
        (Branch(Anything(), avoids=CONVOLUTION), False),
    ],
)
def test_a_branch_by_its_layers(branch: Branch, expected: bool):
    assert fits(branch, MADE.format(made="nn.Sequential(nn.Conv1d(4, 4, 3), nn.ReLU())")) == expected


ROOT = Op(("sqrt",), (Bind("x", Anything()),))
TIMES = Op(("mul",), (Anything(), Anything()))
BOTH = Op(
    ("add",), (Op(("exp",), (Activation(Bind("x", Anything()), "phi"),)), Activation(Bind("x", Anything()), "phi"))
)


def found(source: str, pattern: Pattern, op: str) -> list[Solution]:
    """Every way in which a pattern fits with its outermost operation at a node `op`."""
    flow = Flow(graph_of(source))
    return [one for node in flow.by_op.get(op, ()) for one in Search(flow, Needs({})).solutions(pattern, node)]


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("x.sqrt()", True),
        ("x.sqrt() + y", True),
        ("x.sqrt() * y", False),
        ("y * x.sqrt().view(2, -1).to(y.dtype)", False),
        ("(x.sqrt(), x * y)", True),
        ("(x.sqrt() + 1) * y", True),
    ],
)
def test_not_part_of_looks_at_what_is_made_of_a_value(body: str, expected: bool):
    assert bool(found(f"def f(x, y):\n    return {body}\n", NotPartOf(ROOT, TIMES), "sqrt")) == expected


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("a = F.silu(x)\n    return a + a.exp()", True),
        ("return F.silu(x) + F.silu(x).exp()", False),
        ("a = ACT2FN['silu'](x)\n    return a + a.exp()", True),
        ("return F.silu(x) + F.relu(x).exp()", False),
    ],
)
def test_a_function_bound_twice_is_one_call(body: str, expected: bool):
    assert bool(found(f"def f(x):\n    {body}\n", BOTH, "add")) == expected


@pytest.mark.parametrize(("sizes", "expected"), [("c.d, c.e", True), ("c.e, c.e", False)])
def test_settings_bind_symbols(sizes: str, expected: bool):
    width = Bind("width", Anything())
    inner = Layer(LINEAR, (Anything(),), settings=(("in_features", Not(width)),))
    made = f"nn.Sequential(nn.Linear({sizes}), nn.Linear(c.f, c.e))"
    assert fits(Layer(LINEAR, (inner,), settings=(("out_features", width),)), MADE.format(made=made)) == expected
