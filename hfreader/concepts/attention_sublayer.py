"""Attention with its residual and norm in one class."""

from typing import Any

from hfreader.concepts.blocks import ATTENTION, COMBINING, CONVOLVING, ROUTING, half_of_a_block, plus, symbols
from hfreader.concepts.model import Concept, Symbol, Text
from hfreader.concepts.norms import norm, normalised
from hfreader.concepts.papers import TRANSFORMER, at
from hfreader.concepts.pattern import Bind, Branch, OneOf, Op, Pattern, Returned

X = Bind("x", Op(("parameter",)))


def attending(source: Pattern) -> Pattern:
    """Attention from `source`, or another layer that combines positions."""
    return OneOf(
        (
            Branch(source=source, contains=ATTENTION, inputs=("query",)),
            Branch(source=source, without=ATTENTION, applies=COMBINING, avoids=(*ROUTING, *CONVOLVING)),
        )
    )


BEFORE = attending(normalised("normed", "x", "norm"))
AFTER = attending(X)


def reference(x: Any, branch: Any, norm: Any = None, norm_after: Any = None) -> dict[str, Any]:
    """x + Attn(N(x)), N(x + Attn(x)) or x + Attn(x). The branch is taken as it was computed.

    Shapes: all alike, (..., d)."""
    summed = x + branch
    normed = {} if norm is None else {"normed": norm(x)}
    return {**normed, "output": summed if norm_after is None else norm_after(summed)}


EXAMPLE = """
class Inner(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.q, self.k, self.v = nn.Linear(c.d, c.d), nn.Linear(c.d, c.d), nn.Linear(c.d, c.d)
        self.o = nn.Linear(c.d, c.d)

    def forward(self, h, m):
        w = F.softmax(self.q(h) @ self.k(m).transpose(-1, -2) / h.shape[-1] ** 0.5, dim=-1)
        return self.o(w @ self.v(m))

class {name}(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.a = Inner(c)
        self.u, self.d = nn.Linear(c.d, c.e), nn.Linear(c.e, c.d)
        self.n, self.p = nn.LayerNorm(c.d), nn.Dropout(0.1)

    def forward(self, x, z=None):
        {body}

    def f(self, h):
        return self.d(F.gelu(self.u(h)))
"""
ATTENDS = "h = self.n(x)\n        return self.p(self.a(h, h)) + x"
ATTENDS_POST = "return self.n(x + self.p(self.a(x, x)))"
CROSSES = "return x + self.a(x, z), z"
FEEDS = "return x + self.f(self.n(x))"
FEEDS_POST = "return self.n(self.f(x) + x)"
BLOCK = "x = x + self.a(x, x)\n        return x + self.f(self.n(x))"
BARE = "return self.a(self.n(x), x)"

CONCEPT = Concept(
    slug="attention-sublayer",
    kind="composition",
    name=Text("Attention sub-layer", "注意力子层（残差与归一化）"),
    explanation=Text(
        "Attention, the residual around it and the norm before or after it, in one class: one half of a "
        "Transformer block.",
        "注意力、其外的残差以及之前或之后的归一化，合在一个类里：Transformer 块的一半。",
    ),
    citations=(at(TRANSFORMER, "§3.1, LayerNorm(x + Sublayer(x))"),),
    equations=(
        r"\sym{output}=\sym{x}+\sym{branch},\quad\sym{branch}=\mathrm{Attn}(\sym{normed}),\ "
        r"\sym{normed}=\sym{norm}(\sym{x})",
        r"\text{or}\quad\sym{output}=\sym{norm_after}(\sym{x}+\sym{branch}),\quad\sym{branch}=\mathrm{Attn}(\sym{x})",
    ),
    symbols=(
        *symbols("x", "norm", "normed", "branch"),
        Symbol("norm_after", r"\mathrm{N}'", Text("Norm over the sum", "对和的归一化")),
        *symbols("output"),
    ),
    patterns=(
        Returned(Bind("output", plus(X, "branch", BEFORE))),
        Returned(Bind("output", norm(plus(X, "branch", AFTER), "norm_after"))),
        Returned(Bind("output", plus(X, "branch", AFTER))),
    ),
    class_patterns=half_of_a_block("attention-sublayer"),
    output="output",
    reference=reference,
    matches=(
        EXAMPLE.format(name="Ffn", body=ATTENDS),
        EXAMPLE.format(name="Ffn", body=ATTENDS_POST),
        EXAMPLE.format(name="A", body=CROSSES),
    ),
    rejects=(*(EXAMPLE.format(name="Attention", body=body) for body in (FEEDS, FEEDS_POST, BLOCK, BARE)),),
)
