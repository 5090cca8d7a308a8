"""A residual block of another layout: with a switch, with more or fewer branches, with norms in other places."""

from typing import Any

from hfreader.concepts.attention_sublayer import ATTENDS, EXAMPLE, FEEDS
from hfreader.concepts.blocks import plus, symbols
from hfreader.concepts.class_pattern import Implements
from hfreader.concepts.convolutions import arranged
from hfreader.concepts.model import Concept, Symbol, Text
from hfreader.concepts.norms import norm, normalised
from hfreader.concepts.papers import PRE_NORM, TRANSFORMER, at
from hfreader.concepts.pattern import Anything, Bind, Branch

SLUG = "transformer-block-other"
X = Bind("x", Anything())


def reference(x: Any, branch: Any, like: Any, norm: Any = None, norm_after: Any = None) -> dict[str, Any]:
    """x + F(N(x)) or N(x + F(x)), one residual step of the block. The branch is taken as it was computed.

    Shapes: all alike, (..., d); or the sum is a map (B, d, *sizes), and what the norm makes of it (B, positions, d).
    """
    summed = x + branch
    if norm_after is not None and summed.shape != like.shape:
        summed = arranged(summed, like)
    normed = {} if norm is None else {"normed": norm(x)}
    return {**normed, "output": summed if norm_after is None else norm_after(summed)}


SWITCH = (
    "if z:\n            x = self.n(x)\n        h = x + self.a(x, x)\n        h = h + self.f(self.n(h))\n        "
    "return h if z else self.n(h)"
)
THREE = (
    "x = x + self.f(self.n(x))\n        x = x + self.f(self.n(x))\n        h = self.n(x)\n        "
    "return x + self.a(h, h) * 2"
)

CONCEPT = Concept(
    slug=SLUG,
    kind="composition",
    otherwise=True,
    name=Text("Other residual block", "其他残差块"),
    explanation=Text(
        "A block of residual steps with norms whose layout is none of the known ones, or is chosen by the "
        "configuration. The equation is that of one step.",
        "由带归一化的残差步骤组成的块，其布局不属于已知的任何一种，或由配置决定。方程描述其中的一步。",
    ),
    citations=(at(TRANSFORMER, "§3.1"), PRE_NORM),
    equations=(
        r"\sym{output}=\sym{x}+\sym{branch}(\sym{normed}),\quad\sym{normed}=\sym{norm}(\sym{x})",
        r"\text{or}\quad\sym{output}=\sym{norm_after}(\sym{x}+\sym{branch}(\sym{x}))",
    ),
    symbols=(
        *symbols("x", "norm", "normed", "branch"),
        Symbol("norm_after", r"\mathrm{N}'", Text("Norm over the sum", "对和的归一化")),
        *symbols("output"),
    ),
    patterns=(
        Bind("output", norm(plus(X, "branch", Branch(source=X)), "norm_after")),
        Bind("output", plus(X, "branch", Branch(source=normalised("normed", "x", "norm")))),
    ),
    class_patterns=(Implements((SLUG,)),),
    output="output",
    reference=reference,
    matches=(EXAMPLE.format(name="Layer", body=SWITCH), EXAMPLE.format(name="Layer", body=THREE)),
    rejects=(
        # The known layouts have names of their own; without a norm, without a residual.
        *(EXAMPLE.format(name="Other", body=body) for body in (ATTENDS, FEEDS)),
        EXAMPLE.format(name="Other", body="x = x + self.a(x, x)\n        return x + self.f(x)"),
        EXAMPLE.format(name="Other", body="return self.f(self.n(x))"),
    ),
)
