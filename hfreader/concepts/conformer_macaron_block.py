"""The Conformer block: two half feed-forward steps around attention and convolution."""

from typing import Any

from hfreader.concepts.blocks import mixing, plus, symbols, value
from hfreader.concepts.model import Concept, Text
from hfreader.concepts.norms import norm
from hfreader.concepts.papers import CONFORMER, at
from hfreader.concepts.pattern import Anything, Bind, Both, Branch, Number, OneOf, Op, Pattern, Scalar

CONVOLUTIONS = ("conv1d", "conv2d", "torch.nn.Conv1d", "torch.nn.Conv2d")
HALVED = OneOf((Op(("mul",), (Anything(), Scalar())), Op(("div",), (Anything(), Number(2)))))


def half(source: str) -> Pattern:
    """A feed-forward network whose output is halved."""
    return Both(HALVED, Branch(source=value(source), avoids=CONVOLUTIONS))


OPENED = plus(value("x"), "first_ffn", half("x"))
MIDDLE = plus(Bind("opened", OPENED), "attention", mixing(value("opened")))
SECOND = plus(Bind("middle", MIDDLE), "convolution", Branch(source=value("middle"), applies=CONVOLUTIONS))
THIRD = plus(Bind("second", SECOND), "ffn", half("second"))


def reference(x: Any, first_ffn: Any, attention: Any, convolution: Any, ffn: Any, norm: Any = None) -> dict[str, Any]:
    """N(z + FFN_2(z) / 2) with z = y + Conv(y), y = w + Attn(w), w = x + FFN_1(x) / 2. The branches, halved, are taken
    as they were computed. Shapes: all alike, (..., d)."""
    opened = x + first_ffn
    middle = opened + attention
    second = middle + convolution
    summed = second + ffn
    output = summed if norm is None else norm(summed)
    return {"opened": opened, "middle": middle, "second": second, "output": output}


_BLOCK = """
class Inner(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.q, self.k, self.v = nn.Linear(c.d, c.d), nn.Linear(c.d, c.d), nn.Linear(c.d, c.d)

    def forward(self, h):
        return F.softmax(self.q(h) @ self.k(h).transpose(-1, -2) / h.shape[-1] ** 0.5, dim=-1) @ self.v(h)

class {name}(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.a, self.c = Inner(c), nn.Conv1d(c.d, c.d, 3)
        self.u, self.d = nn.Linear(c.d, c.e), nn.Linear(c.e, c.d)
        self.n, self.m = nn.LayerNorm(c.d), nn.LayerNorm(c.d)

    def forward(self, x):
        {body}

    def f(self, h):
        return self.d(F.silu(self.u(h)))
"""
_STEPS = "x = x + self.f(self.n(x)){half}\n        x = x + self.a(self.n(x))\n        {conv}"
_CONV = "x = self.c(x.transpose(1, 2)).transpose(1, 2) + x\n        "

CONCEPT = Concept(
    slug="conformer-macaron-block",
    kind="composition",
    name=Text("Conformer block", "Conformer 块"),
    explanation=Text(
        "Self-attention for what is far and a convolution for what is near, between two feed-forward networks that "
        "each take half a residual step, like the two halves of a macaron.",
        "自注意力处理远处的关系，卷积处理近处的关系；两者夹在两个各走半步残差的前馈网络之间，如同马卡龙的两半。",
    ),
    citations=(at(CONFORMER, "§2.4, Eq. (1)"),),
    equations=(
        r"\sym{opened}=\sym{x}+\sym{first_ffn},\quad\sym{middle}=\sym{opened}+\sym{attention}",
        r"\sym{second}=\sym{middle}+\sym{convolution},\quad\sym{output}=\sym{norm}(\sym{second}+\sym{ffn})",
    ),
    symbols=symbols(
        "x", "first_ffn", "opened", "attention", "middle", "convolution", "second", "ffn", "norm", "output"
    ),
    patterns=(Bind("output", norm(THIRD, "norm")), Bind("output", THIRD)),
    output="output",
    reference=reference,
    matches=(
        _BLOCK.format(
            name="Layer",
            body=_STEPS.format(half=" * 0.5", conv=_CONV) + "return self.m(x + self.f(self.n(x)) * 0.5)",
        ),
        _BLOCK.format(name="Layer", body=_STEPS.format(half=" / 2", conv=_CONV) + "return x + 0.5 * self.f(self.n(x))"),
    ),
    rejects=(
        # Whole steps; without the convolution.
        _BLOCK.format(
            name="Conformer", body=_STEPS.format(half="", conv=_CONV) + "return self.m(x + self.f(self.n(x)))"
        ),
        _BLOCK.format(
            name="Conformer", body=_STEPS.format(half=" * 0.5", conv="") + "return self.m(x + self.f(self.n(x)) * 0.5)"
        ),
    ),
)
