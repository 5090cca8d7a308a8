"""A convolution whose one half says how much of the other passes."""

from typing import Any

from hfreader.concepts.convolutions import convolution, convolved
from hfreader.concepts.model import Citation, Concept, NotCovered, Symbol, Text
from hfreader.concepts.pattern import Anything, Bind, Op

GATED = Citation(
    "Language Modeling with Gated Convolutional Networks",
    "Dauphin, Fan, Auli, Grangier",
    2016,
    "1612.08083",
    "§2, Eq. (1)",
)
CONVOLVED = Bind("z", convolution(Bind("x", Anything()), "w"))


def reference(x: Any, w: Any, z: Any, like: Any) -> dict[str, Any]:
    """a sigmoid(g) for the halves a and g of W * x + b. Shapes: x (B, C, T), z (B, 2 C', T'), result (B, C', T')."""
    axes = [axis for axis in range(z.dim()) if z.shape[axis] == 2 * like.shape[axis]]
    if len(axes) != 1:
        raise NotCovered("which dimension is halved cannot be told by the sizes")
    value, gate = z.chunk(2, axes[0])
    whole = convolved(x, w)
    return {"z": whole if whole.shape == z.shape else whole.movedim(1, -1), "output": value * gate.sigmoid()}


_GLU = """
class {name}(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.a, self.l = nn.Conv1d(c.d, 2 * c.e, c.k), nn.Linear(c.d, 2 * c.e)
        self.s = nn.ModuleList([nn.Conv1d(c.d, 2 * c.d, 3, 2) for _ in range(c.n)])

    def forward(self, x):
        {body}
"""

CONCEPT = Concept(
    slug="gated-convolution",
    name=Text("Gated convolution", "门控卷积"),
    explanation=Text(
        "A convolution gives twice as many channels as are wanted. One half goes through a sigmoid and says, place by "
        "place, how much of the other half passes.",
        "卷积给出两倍于所需的通道。一半经过 sigmoid，逐位置决定另一半通过多少。",
    ),
    citations=(GATED,),
    equations=(r"\sym{output}=\sym{z}_{1}\odot\sigma(\sym{z}_{2}),\quad[\sym{z}_1;\sym{z}_2]=\sym{w}*\sym{x}+b",),
    symbols=(
        Symbol("x", "x", Text("The input", "输入")),
        Symbol("w", "W", Text("The convolution", "卷积")),
        Symbol("z", "z", Text("Both halves", "两半")),
        Symbol("output", "y", Text("What passes", "通过的部分")),
    ),
    patterns=(Bind("output", Op(("glu",), (CONVOLVED,))),),
    output="output",
    reference=reference,
    matches=(
        _GLU.format(name="Norm", body="return F.glu(self.a(x), dim=1)"),
        _GLU.format(
            name="Other", body="for a in self.s:\n            x = nn.functional.glu(a(x), dim=1)\n        return x"
        ),
    ),
    rejects=(
        # A gated linear map; no gate; a gate on the input.
        _GLU.format(name="GatedConv", body="return F.glu(self.l(x), dim=-1)"),
        _GLU.format(name="GatedConv", body="return torch.sigmoid(self.a(x))"),
        _GLU.format(name="GatedConv", body="return self.a(F.glu(x, dim=1))"),
    ),
)
