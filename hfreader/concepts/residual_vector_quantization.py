"""Residual vector quantization: each quantizer takes what the ones before left over."""

from typing import Any

from hfreader.concepts.model import Citation, Concept, Symbol, Text
from hfreader.concepts.pattern import Anything, Bind, Branch, Direct, Op

SOUND_STREAM = Citation(
    "SoundStream: An End-to-End Neural Audio Codec",
    "Zeghidour, Luebs, Omran, Skoglund, Tagliasacchi",
    2021,
    "2107.03312",
    "§III.C, Algorithm 1",
)
LEFT = Bind("residual", Direct(Op(("loop",))))
QUANTIZED = Branch(source=Bind("residual", Anything()), contains=("vector-quantization",), inputs=("z",))


def reference(residual: Any, quantized: Any) -> Any:
    """r - VQ(r). Shapes: all alike; the quantized value is taken as it was computed."""
    return residual - quantized


_RVQ = """
class Codes(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.e = nn.Embedding(c.k, c.d)

    def forward(self, z):
        return self.e(torch.cdist(z, self.e.weight).argmin(-1))

class {name}(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.a = nn.ModuleList([Codes(c) for _ in range(c.n)])
        self.l = nn.Linear(c.d, c.d)

    def forward(self, x):
        r = x
        s = 0
        for a in self.a:
            q = {body}
            s = s + q
        return s
"""

CONCEPT = Concept(
    slug="residual-vector-quantization",
    name=Text("Residual vector quantization", "残差向量量化"),
    explanation=Text(
        "One quantizer after the other: each takes what the ones before it left over and finds the nearest vector of "
        "its own codebook. The sum of all these vectors stands for the input, the more of them the better.",
        "多个量化器依次进行：每个取前面剩下的部分，在自己的码本中找最近的向量。这些向量之和代表输入，个数越多越精确。",
    ),
    citations=(SOUND_STREAM,),
    equations=(
        r"\sym{output}=\sym{residual}-\sym{quantized},\quad\sym{quantized}=\mathrm{VQ}_i(\sym{residual})",
        r"\hat{z}=\sum_i\sym{quantized}",
    ),
    symbols=(
        Symbol("residual", "r_{i-1}", Text("What is left to stand for", "尚待表示的剩余部分")),
        Symbol("quantized", "q_i", Text("The nearest vector of this codebook", "本级码本中最近的向量")),
        Symbol("output", "r_i", Text("What is left after it", "之后剩下的部分")),
    ),
    patterns=(Bind("output", Op(("sub",), (LEFT, Bind("quantized", QUANTIZED)))),),
    output="output",
    reference=reference,
    matches=(
        _RVQ.format(name="Stack", body="a(r)\n            r = r - q"),
        _RVQ.format(name="Other", body="a(r.transpose(1, 2)).transpose(1, 2)\n            r -= q"),
    ),
    rejects=(
        # Every quantizer of the same input; no quantizer; a sum.
        _RVQ.format(name="ResidualVectorQuantizer", body="a(x)"),
        _RVQ.format(name="ResidualVectorQuantizer", body="self.l(r)\n            r = r - q"),
        _RVQ.format(name="ResidualVectorQuantizer", body="a(r)\n            r = r + q"),
    ),
)
