"""Quantization in few dimensions, between two linear maps."""

from typing import Any

from hfreader.concepts.linear_maps import affine
from hfreader.concepts.model import Citation, Concept, Symbol, Text
from hfreader.concepts.pattern import LINEAR, Anything, Bind, Both, Branch, Layer, Op

FACTORIZED = Citation("Vector-quantized Image Modeling with Improved VQGAN", "Yu et al.", 2021, "2110.04627", "§3.2")
LOW = Bind("low", Layer(LINEAR, (Bind("z", Op(("parameter",))),), "w_in"))
SCALAR = Branch(source=LOW, contains=("finite-scalar-quantization",), inputs=("z",))
CODES = Bind("codes", Both(SCALAR, Anything()))


def reference(z: Any, w_in: Any, low: Any, codes: Any, w_out: Any) -> dict[str, Any]:
    """Q(z W_in + b_in) W_out + b_out, Q taken as it is. Shapes: z (..., d), the codes (..., few), result (..., d)."""
    return {"low": affine(z, w_in), "output": affine(codes, w_out)}


_QUANTIZER = """
class Levels(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.h = nn.Buffer(torch.tensor(c.levels))

    def forward(self, z):
        z = {q}
        return z, z.sum(-1)

class {name}(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.q = Levels(c)
        self.a, self.b = nn.Linear(c.d, c.n), nn.Linear(c.n, c.d)

    def forward(self, z):
        {body}
"""
_ROUND = "torch.round(torch.tanh(z) * self.h)"

CONCEPT = Concept(
    slug="quantization-projection",
    name=Text("Quantization in few dimensions", "低维量化"),
    explanation=Text(
        "A linear map brings the vectors down to a few numbers, these are quantized, and another map brings the codes "
        "back to the full width. In few dimensions all codes come to be used.",
        "线性映射把向量降到几个数，对它们量化，再由另一个映射把编码升回原来的宽度。维数低时，所有编码都会被用到。",
    ),
    citations=(FACTORIZED,),
    equations=(
        r"\sym{output}=Q(\sym{low})\,\sym{w_out}+b_2,\quad\sym{low}=\sym{z}\,\sym{w_in}+b_1,\quad\sym{codes}=Q(\sym{low})",
    ),
    symbols=(
        Symbol("z", "z", Text("The vectors", "向量")),
        Symbol("w_in", r"W_{\downarrow}", Text("Map to few dimensions", "降维映射")),
        Symbol("low", "u", Text("The few numbers", "降维后的几个数")),
        Symbol("codes", r"\hat{u}", Text("The same, quantized", "量化后的值")),
        Symbol("w_out", r"W_{\uparrow}", Text("Map to the full width", "升维映射")),
        Symbol("output", r"\hat{z}", Text("The quantized vectors", "量化后的向量")),
    ),
    patterns=(Bind("output", Layer(LINEAR, (CODES,), "w_out")),),
    output="output",
    reference=reference,
    matches=(_QUANTIZER.format(name="Norm", q=_ROUND, body="z, i = self.q(self.a(z))\n        return self.b(z), i"),),
    rejects=(
        # Nothing rounded; quantized at full width; no way back.
        _QUANTIZER.format(name="Quantizer", q="torch.tanh(z)", body="return self.b(self.q(self.a(z))[0])"),
        _QUANTIZER.format(name="Quantizer", q=_ROUND, body="return self.b(self.q(z)[0])"),
        _QUANTIZER.format(name="Quantizer", q=_ROUND, body="return self.q(self.a(z))[0]"),
    ),
)
