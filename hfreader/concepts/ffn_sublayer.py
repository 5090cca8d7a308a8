"""A feed-forward network with its residual and norm in one class."""

from typing import Any

from hfreader.concepts.attention_sublayer import ATTENDS, ATTENDS_POST, BARE, BLOCK, CROSSES, EXAMPLE, FEEDS, FEEDS_POST
from hfreader.concepts.blocks import ATTENTION, COMBINING, CONVOLVING, ROUTING, half_of_a_block, plus, symbols
from hfreader.concepts.model import Concept, Symbol, Text
from hfreader.concepts.norms import norm, normalised
from hfreader.concepts.papers import T5, TRANSFORMER, at
from hfreader.concepts.pattern import LINEAR, Bind, Branch, OneOf, Op, Pattern, Returned

X = Bind("x", Op(("parameter",)))
MIXING = tuple(f"torch.nn.{name}" for name in ("LSTM", "GRU", "RNN", "MultiheadAttention"))
# A module that is given, and so not known, is no feed-forward network for certain.
MAPPING = (*LINEAR, "linear")


def feeding(source: Pattern) -> Pattern:
    """A feed-forward network: position by position, or by way of experts."""
    return OneOf(
        (
            Branch(source=source, without=ATTENTION, applies=MAPPING, avoids=(*COMBINING, *CONVOLVING, *MIXING)),
            Branch(source=source, without=ATTENTION, applies=ROUTING, avoids=(*CONVOLVING, *MIXING)),
        )
    )


BEFORE = feeding(normalised("normed", "x", "norm"))
AFTER = feeding(X)


def reference(x: Any, branch: Any, norm: Any = None, norm_after: Any = None) -> dict[str, Any]:
    """x + FFN(N(x)), N(x + FFN(x)) or x + FFN(x). The branch is taken as it was computed.

    Shapes: all alike, (..., d)."""
    summed = x + branch
    normed = {} if norm is None else {"normed": norm(x)}
    return {**normed, "output": summed if norm_after is None else norm_after(summed)}


GIVEN = """
class Ffn(nn.Module):
    def __init__(self, module):
        super().__init__()
        self.m = module

    def forward(self, x):
        return x + self.m(x)
"""
RECURS = "return x + self.lstm(x)[0]"
LIBRARY = "return self.n(x + self.mha(x, z, z)[0])"
EXAMPLE_MIXING = EXAMPLE.replace(
    "        self.a = Inner(c)\n",
    "        self.a = Inner(c)\n        self.lstm, self.mha = nn.LSTM(c.d, c.d), nn.MultiheadAttention(c.d, c.h)\n",
)

CONCEPT = Concept(
    slug="ffn-sublayer",
    kind="composition",
    name=Text("Feed-forward sub-layer", "前馈子层"),
    explanation=Text(
        "A feed-forward network, the residual around it and the norm before or after it, in one class: one half of a "
        "Transformer block.",
        "前馈网络、其外的残差以及之前或之后的归一化，合在一个类里：Transformer 块的一半。",
    ),
    citations=(
        at(T5, "§2.1"),
        at(TRANSFORMER, "§3.1"),
    ),
    equations=(
        r"\sym{output}=\sym{x}+\sym{branch},\quad\sym{branch}=\mathrm{FFN}(\sym{normed}),\ "
        r"\sym{normed}=\sym{norm}(\sym{x})",
        r"\text{or}\quad\sym{output}=\sym{norm_after}(\sym{x}+\sym{branch}),\quad\sym{branch}=\mathrm{FFN}(\sym{x})",
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
    class_patterns=half_of_a_block("ffn-sublayer"),
    output="output",
    reference=reference,
    matches=(
        EXAMPLE.format(name="Attention", body=FEEDS),
        EXAMPLE.format(name="Attention", body=FEEDS_POST),
    ),
    rejects=(
        GIVEN,
        *(
            EXAMPLE_MIXING.format(name="Ffn", body=body)
            for body in (ATTENDS, ATTENDS_POST, CROSSES, BLOCK, BARE, RECURS, LIBRARY)
        ),
    ),
)
