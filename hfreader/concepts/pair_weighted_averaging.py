"""Attention whose weights come from what is known of pairs, not from queries and keys."""

from typing import Any

from hfreader.concepts.model import Citation, Concept, Symbol, Text
from hfreader.concepts.pattern import Anything, Bind, Einsum, Op

ALPHA_FOLD_3 = Citation(
    "Accurate structure prediction of biomolecular interactions with AlphaFold 3",
    "Abramson et al.",
    2024,
    where="Supplementary Algorithm 10",
    url="https://doi.org/10.1038/s41586-024-07487-w",
)
WEIGHTS = Bind("weights", Op(("softmax",), (Bind("bias", Anything()),)))
AVERAGE = Bind("average", Einsum(("bijh,bjmhd->bimhd",), (WEIGHTS, Bind("value", Anything()))))
GATE = Bind("gate", Op(("sigmoid",)))


def reference(bias: Any, weights: Any, value: Any, average: Any, gate: Any) -> dict[str, Any]:
    """g sum_j softmax_j(b_ij) v_j. Shapes: b (B, I, J, heads), v (B, J, M, heads, d), g and the result (B, I, M, heads,
    d)."""
    share = bias.softmax(-2)
    mean = (share.permute(0, 3, 1, 2) @ value.permute(0, 3, 1, 2, 4).flatten(3)).unflatten(-1, value.shape[2::2])
    return {"weights": share, "average": mean.permute(0, 2, 3, 1, 4), "output": gate.reshape(average.shape) * average}


_AVERAGING = """
class {name}(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.b, self.v, self.g = nn.Linear(c.p, c.h), nn.Linear(c.d, c.d), nn.Linear(c.d, c.d)

    def forward(self, m, z):
        v = self.v(m).view(2, 3, 4, 5, 6)
        g = torch.sigmoid(self.g(m)).view(2, 3, 4, 5, 6)
        {body}
"""

CONCEPT = Concept(
    slug="pair-weighted-averaging",
    name=Text("Pair-weighted averaging", "配对加权平均"),
    explanation=Text(
        "Each row of an alignment of proteins gathers from all residues, and how much of each is told by the pairs of "
        "residues alone, the same for every row. A gate says how much of the mean each row takes.",
        "蛋白质比对的每一行从所有残基汇集信息，权重只由残基配对决定，各行相同。再由门控决定每一行取多少。",
    ),
    citations=(ALPHA_FOLD_3,),
    equations=(
        r"\sym{output}_i=\sym{gate}_i\odot\sym{average}_i,\quad\sym{average}_i=\sum_j\sym{weights}_{ij}\,\sym{value}_j,"
        r"\quad\sym{weights}_{ij}=\underset{j}{\mathrm{softmax}}\,\sym{bias}_{ij}",
    ),
    symbols=(
        Symbol("bias", "b", Text("A number for each pair and head", "每个配对与每个头一个数")),
        Symbol("weights", "w", Text("The same as shares", "归一后的权重")),
        Symbol("value", "v", Text("What each residue has to give", "每个残基提供的值")),
        Symbol("average", r"\bar{v}", Text("Weighted mean over the residues", "对残基的加权平均")),
        Symbol("gate", "g", Text("How much passes", "通过的比例")),
        Symbol("output", "o", Text("What each row takes", "每一行取得的值")),
    ),
    patterns=(Bind("output", Op(("mul",), (GATE, AVERAGE))),),
    output="output",
    reference=reference,
    matches=(
        _AVERAGING.format(
            name="Norm", body='return g * torch.einsum("bijh,bjmhd->bimhd", self.b(z).softmax(dim=-2), v)'
        ),
    ),
    rejects=(
        # No gate; no shares; each residue for itself.
        _AVERAGING.format(name="Averaging", body='return torch.einsum("bijh,bjmhd->bimhd", self.b(z).softmax(-2), v)'),
        _AVERAGING.format(name="Averaging", body='return g * torch.einsum("bijh,bjmhd->bimhd", self.b(z), v)'),
        _AVERAGING.format(name="Averaging", body="return g * v"),
    ),
)
