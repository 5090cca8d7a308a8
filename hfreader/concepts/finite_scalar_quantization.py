"""Finite scalar quantization."""

from typing import Any

from hfreader.concepts.model import Citation, Concept, Symbol, Text
from hfreader.concepts.pattern import Anything, Bind, OneOf, Op

FSQ = Citation(
    "Finite Scalar Quantization: VQ-VAE Made Simple", "Mentzer, Minnen, Agustsson, Tschannen", 2023, "2309.15505"
)
Z, HALF = Bind("z", Anything()), Bind("half", Anything())
INSIDE = OneOf((Op(("add",), (Z, Bind("shift", Anything()))), Z))
SCALED = Op(("mul",), (Op(("tanh",), (INSIDE,)), HALF))
BOUNDED = OneOf((Op(("sub",), (SCALED, Bind("offset", Anything()))), SCALED))


def reference(z: Any, half: Any, shift: Any = 0.0, offset: Any = 0.0) -> Any:
    """round(tanh(z + s) h - o). Shapes: z (..., d), the constants (d,)."""
    return ((z + shift).tanh() * half - offset).round()


_FSQ = """
class {name}(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.n = nn.Buffer(torch.tensor(c.levels))

    def forward(self, z):
        h = (self.n - 1) / 2
        o = torch.where(self.n % 2 == 0, 0.5, 0.0)
        return {body}
"""

CONCEPT = Concept(
    slug="finite-scalar-quantization",
    name=Text("Finite scalar quantization", "有限标量量化"),
    explanation=Text(
        "Each number of the vector is squashed into a small range and rounded to one of a few levels. All combinations "
        "of levels together are the codebook, which so needs no learning.",
        "把向量的每个数压进一个小区间，再取整到少数几个等级之一。所有等级的组合就是码本，因而码本无需学习。",
    ),
    citations=(FSQ,),
    equations=(
        r"\sym{output}=\operatorname{round}\!\left(\sym{half}\odot\tanh(\sym{z}+\sym{shift})-\sym{offset}\right)",
    ),
    symbols=(
        Symbol("z", "z", Text("The vectors", "向量")),
        Symbol("half", r"\tfrac{L-1}{2}", Text("Half the range of levels", "等级范围的一半")),
        Symbol("shift", "s", Text("Puts zero where it belongs for an even number of levels", "等级数为偶数时的平移")),
        Symbol("offset", "o", Text("One half for an even number of levels", "等级数为偶数时为二分之一")),
        Symbol("output", r"\hat{z}", Text("The levels", "等级")),
    ),
    patterns=(Bind("output", Op(("round",), (BOUNDED,))),),
    output="output",
    reference=reference,
    matches=(
        _FSQ.format(name="Norm", body="torch.round(torch.tanh(z) * h)"),
        _FSQ.format(name="Other", body="((z + (o / h).atanh()).tanh() * h - o).round()"),
    ),
    rejects=(
        # No rounding, no bound, another bound.
        _FSQ.format(name="FiniteScalarQuantization", body="torch.tanh(z) * h"),
        _FSQ.format(name="FiniteScalarQuantization", body="torch.round(z * h)"),
        _FSQ.format(name="FiniteScalarQuantization", body="torch.round(torch.sigmoid(z) * h)"),
    ),
)
