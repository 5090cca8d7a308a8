"""Pairs of a protein that learn from the third side of every triangle."""

from typing import Any

from hfreader.concepts.model import Citation, Concept, Symbol, Text
from hfreader.concepts.pattern import Anything, Bind, Einsum

ALPHA_FOLD = Citation(
    "Highly accurate protein structure prediction with AlphaFold",
    "Jumper et al.",
    2021,
    where="Supplementary Algorithms 11, 12",
    url="https://doi.org/10.1038/s41586-021-03819-2",
)


def reference(a: Any = None, b: Any = None, c: Any = None, d: Any = None) -> Any:
    """sum_k a_ik b_jk, or sum_k c_ki d_kj, feature by feature. Shapes: a (B, I, K, f), b (B, J, K, f), c (B, K, I, f),
    d (B, K, J, f), the result (B, I, J, f)."""
    if a is None:
        a, b = c.transpose(1, 2), d.transpose(1, 2)
    return (a.movedim(-1, 1) @ b.movedim(-1, 1).transpose(-1, -2)).movedim(1, -1)


_UPDATE = """
class {name}(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.a, self.b = nn.Linear(c.d, c.d), nn.Linear(c.d, c.d)

    def forward(self, z):
        l, r = self.a(z), self.b(z)
        return torch.einsum("{equation}", l, r)
"""

CONCEPT = Concept(
    slug="triangle-multiplication",
    name=Text("Triangle multiplication", "三角乘法更新"),
    explanation=Text(
        "What is known of residues i and j is made new from what is known of i and k and of j and k, for every third "
        "residue k: distances must fit together to triangles.",
        "残基 i 与 j 之间的信息由 i 与 k、j 与 k 的信息对所有第三个残基 k 求和得到更新：距离必须能构成三角形。",
    ),
    citations=(ALPHA_FOLD,),
    equations=(
        r"\sym{output}_{ij}=\sum_k\sym{a}_{ik}\odot\sym{b}_{jk}\ \text{(outgoing)},\quad"
        r"\sum_k\sym{c}_{ki}\odot\sym{d}_{kj}\ \text{(incoming)}",
    ),
    symbols=(
        Symbol("a", "a", Text("Pairs of i with all others", "i 与其余残基的配对")),
        Symbol("b", "b", Text("Pairs of j with all others", "j 与其余残基的配对")),
        Symbol("c", "c", Text("Pairs of all others with i", "其余残基与 i 的配对")),
        Symbol("d", "d", Text("Pairs of all others with j", "其余残基与 j 的配对")),
        Symbol("output", "z", Text("The pair of i and j", "i 与 j 的配对")),
    ),
    patterns=(
        Bind("output", Einsum(("bikd,bjkd->bijd",), (Bind("a", Anything()), Bind("b", Anything())))),
        Bind("output", Einsum(("bkid,bkjd->bijd",), (Bind("c", Anything()), Bind("d", Anything())))),
    ),
    output="output",
    reference=reference,
    matches=(
        _UPDATE.format(name="Norm", equation="bikd,bjkd->bijd"),
        _UPDATE.format(name="Other", equation="bkic, bkjc -> bijc"),
    ),
    rejects=(
        # All features summed, too; one pair; the third side left.
        _UPDATE.format(name="TriangleMultiplication", equation="bikd,bjkd->bij"),
        _UPDATE.format(name="TriangleMultiplication", equation="bijd,bijd->bijd"),
        _UPDATE.format(name="TriangleMultiplication", equation="bikd,bjkd->bijk"),
    ),
)
