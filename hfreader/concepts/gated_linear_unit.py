"""The gated linear unit: the product of two maps of the input, one of them a gate, with no map after it."""

from typing import Any

from hfreader.concepts.convolutions import convolution, convolved
from hfreader.concepts.gates import GATE_SYMBOLS, gated, gated_value
from hfreader.concepts.linear_maps import affine, half
from hfreader.concepts.model import Citation, Concept, NotCovered, Symbol, Text
from hfreader.concepts.papers import GLU_VARIANTS, at
from hfreader.concepts.pattern import LINEAR, Anything, Bind, Layer, OneOf, Op, Pattern, Returned

X = Bind("x", Anything())
IN = OneOf((Layer(LINEAR, (X,), "w_in"), convolution(X, "conv")))
HALVES = OneOf((Op(("glu",), (IN,)), Layer(("torch.nn.GLU",), (IN,))))


def opened(gate: Pattern, up: Pattern) -> Pattern:
    """The gate times the other factor; the gate is a sigmoid or another non-linearity."""
    return OneOf((Op(("mul",), (Bind("sigmoid", Op(("sigmoid",), (gate,))), up)), gated(gate, up)))


GATE_IN, UP_IN = Bind("gate_in", Op(("parameter",))), Bind("up_in", Op(("parameter",)))
UNIT = OneOf(
    (
        HALVES,
        opened(Layer(LINEAR, (X,), "w_gate"), Layer(LINEAR, (X,), "w_up")),
        opened(Bind("first", half(0, IN)), half(1, IN)),
        opened(half(1, IN), half(0, IN)),
        gated(GATE_IN, UP_IN),
    )
)


def reference(
    like: Any,
    x: Any = None,
    w_in: Any = None,
    conv: Any = None,
    w_gate: Any = None,
    w_up: Any = None,
    phi: Any = None,
    first: Any = None,
    gate_in: Any = None,
    up_in: Any = None,
    alpha: Any = None,
    gate_limit: Any = None,
    up_limit: Any = None,
    activation_limit: Any = None,
    gate_scale: Any = None,
    gate_cap: Any = None,
    up_cap: Any = None,
) -> Any:
    """phi(x V) * x W; phi is the sigmoid where none is bound. V and W are the halves of one map: the gate the second,
    or the first where that is bound. Shapes: x (..., d), or (B, d, ...) before a convolution, whose halves lie in the
    dimension in which the result is half as large; or gate and factor as they are given."""
    limits = (alpha, gate_limit, up_limit, activation_limit, gate_scale, gate_cap, up_cap)
    if gate_in is not None:
        return gated_value(gate_in, up_in, phi, *limits)
    if w_gate is not None:
        gate, up = affine(x, w_gate), affine(x, w_up)
    else:
        inner = affine(x, w_in) if conv is None else convolved(x, conv)
        halved = [
            axis for axis, size in enumerate(inner.shape) if inner.dim() == like.dim() and size != like.shape[axis]
        ]
        if len(halved) != 1:
            raise NotCovered("which dimension is halved cannot be told by the sizes")
        one, two = inner.chunk(2, halved[0])
        gate, up = (two, one) if first is None else (one, two)
    return gate.sigmoid() * up if phi is None and alpha is None else gated_value(gate, up, phi, *limits)


_UNIT = """
class {name}(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.a, self.b = nn.Linear(c.d, c.e), nn.Linear(c.d, c.e)
        self.c, self.ab = nn.Linear(c.e, c.d), nn.Linear(c.d, 2 * c.e)
        self.w = nn.Conv1d(c.d, 2 * c.e, 3, padding=1)
        self.act = ACT2FN[c.act]

    def forward(self, x, y):
        {body}
"""

CONCEPT = Concept(
    slug="gated-linear-unit",
    name=Text("Gated linear unit", "门控线性单元（GLU）"),
    explanation=Text(
        "Two maps of the input, one of which opens and closes the other: their product, the gate behind a sigmoid or "
        "another non-linearity, is the result. No map back follows, as it would in a gated feed-forward network.",
        "对输入做两个映射，其中一个控制另一个的开合：门经 sigmoid 或其他非线性后与另一个相乘，积即结果。"
        "与门控前馈网络不同，其后没有映射回去的一步。",
    ),
    citations=(
        Citation(
            "Language Modeling with Gated Convolutional Networks",
            "Dauphin, Fan, Auli, Grangier",
            2016,
            "1612.08083",
            "§2, Eq. (1)",
        ),
        at(GLU_VARIANTS, "§2, Eq. (4), (5)"),
    ),
    equations=(
        r"\sym{output}=\sym{phi}(\sym{x}\,\sym{w_gate})\odot\sym{x}\,\sym{w_up},\qquad[\sym{w_up},\sym{w_gate}]=\sym{w_in}"
        r"\ \text{ or }\ \sym{conv}",
        r"\sym{output}=\sym{phi}(\sym{gate_in})\odot\sym{up_in}\qquad\text{(both given)}",
    ),
    symbols=(
        Symbol("x", "x", Text("The input", "输入")),
        Symbol("w_in", "[W, V]", Text("Both maps in one matrix", "两个映射合成的矩阵")),
        Symbol("conv", "K", Text("Both maps in one convolution", "两个映射合成的卷积"), ("w_in",)),
        Symbol("w_gate", "V", Text("The map of the gate", "门的映射"), ("w_in",)),
        Symbol("w_up", "W", Text("The map that is gated", "被门控的映射"), ("w_in",)),
        Symbol("first", "h_1", Text("First half of the map, where it is the gate", "映射的前一半（为门时）")),
        Symbol("sigmoid", r"\sigma", Text("The open gate, where it is a sigmoid", "门（为 sigmoid 时）"), ("phi",)),
        Symbol("gate_in", "g", Text("The gate, where it is given", "门（若直接给出）")),
        Symbol("up_in", "u", Text("What is gated, where it is given", "被门控的值（若直接给出）")),
        *GATE_SYMBOLS,
        Symbol("output", "y", Text("The result", "结果")),
    ),
    patterns=(Returned(Bind("output", UNIT)),),
    output="output",
    reference=reference,
    matches=(
        _UNIT.format(name="Adapter", body="return F.glu(self.w(x), dim=1)"),
        _UNIT.format(name="Linear", body="h, g = self.ab(x).chunk(2, dim=-1)\n        return h * self.act(g)"),
        _UNIT.format(name="Dense", body="return torch.sigmoid(self.a(x)) * self.b(x)"),
        _UNIT.format(name="Product", body="return F.silu(x.float()) * y"),
    ),
    rejects=(
        # A map back follows; two inputs; no gate; a sum; three parts.
        _UNIT.format(name="GLU", body="return self.c(self.act(self.a(x)) * self.b(x))"),
        _UNIT.format(name="GLU", body="return self.act(self.a(x)) * self.b(y)"),
        _UNIT.format(name="GLU", body="return self.a(x) * self.b(x)"),
        _UNIT.format(name="GLU", body="return self.act(self.a(x)) + self.b(x)"),
        _UNIT.format(name="GLU", body="h, g, z = self.ab(x).chunk(3, dim=-1)\n        return h * self.act(g)"),
    ),
    hints=frozenset({"first", "sigmoid"}),
)
