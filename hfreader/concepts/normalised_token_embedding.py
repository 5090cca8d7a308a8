"""Word vectors that are normalised before they enter the model."""

from typing import Any

from hfreader.concepts.model import Citation, Concept, Symbol, Text
from hfreader.concepts.norms import norm
from hfreader.concepts.pattern import Bind, Both, Op
from hfreader.concepts.scaled_token_embedding import LOOKUP

# The norm is given the vectors; a module that looks them up itself is the whole of this.
GIVEN = Op(("module",), (LOOKUP,))


def reference(tokens: Any, table: Any, norm: Any) -> Any:
    """norm(E[x]). Shapes: ids (...), table (vocabulary, d); the result is (..., d)."""
    return norm(table.weight[tokens])


_TABLE = """
class Norm(nn.Module):
    def __init__(self, d, eps=1e-6):
        super().__init__()
        self.w = nn.Parameter(torch.ones(d))
        self.eps = eps

    def forward(self, x):
        return self.w * (x * torch.rsqrt(x.pow(2).mean(-1, keepdim=True) + self.eps))

class {name}(nn.Embedding):
    def __init__(self, n, d):
        super().__init__(n, d)
        self.r, self.l, self.f = Norm(d), nn.LayerNorm(d), nn.Linear(d, d)

    def forward(self, x):
        return {body}
"""

_CALLER = """
class Model(nn.Module):
    def __init__(self, n, d):
        super().__init__()
        self.e = Words(n, d)

    def forward(self, x):
        return self.e(x)
"""

CONCEPT = Concept(
    slug="normalised-token-embedding",
    name=Text("Normalised token embedding", "归一化词嵌入"),
    explanation=Text(
        "The vector of each token is normalised as soon as it is looked up. Rare and frequent words, whose vectors "
        "have grown to different lengths, then enter the first layer alike, which makes training more stable.",
        "词向量查出后立即归一化。常见词与罕见词的向量长度不同，这样进入第一层时大小一致，训练更稳定。",
    ),
    citations=(
        Citation(
            "8-bit Optimizers via Block-wise Quantization",
            "Dettmers, Lewis, Shleifer, Zettlemoyer",
            2021,
            "2110.02861",
            "§2.3",
        ),
    ),
    equations=(r"\sym{output}=\sym{norm}\!\left(\sym{table}_{\sym{tokens}}\right)",),
    symbols=(
        Symbol("tokens", "x", Text("Token ids", "词元编号")),
        Symbol("table", "E", Text("One vector per word of the vocabulary", "每个词一个向量")),
        Symbol("norm", r"\mathrm{Norm}", Text("The normalisation", "归一化")),
        Symbol("output", "e", Text("What enters the first layer", "进入第一层的向量")),
    ),
    patterns=(Bind("output", Both(GIVEN, norm(LOOKUP, "norm"))),),
    output="output",
    reference=reference,
    matches=(
        _TABLE.format(name="Words", body="self.r(super().forward(x))"),
        _TABLE.format(name="Words", body="self.l(F.dropout(super().forward(x)))"),
    ),
    rejects=(
        # What calls it; words alone, a map, a sum, positions.
        _TABLE.format(name="Words", body="self.r(super().forward(x))") + _CALLER,
        _TABLE.format(name="NormedEmbedding", body="super().forward(x)"),
        _TABLE.format(name="NormedEmbedding", body="self.f(super().forward(x))"),
        _TABLE.format(name="NormedEmbedding", body="self.l(super().forward(x) + super().forward(x + 1))"),
        _TABLE.format(name="NormedEmbedding", body="self.l(super().forward(torch.arange(x.shape[1])))"),
    ),
)
