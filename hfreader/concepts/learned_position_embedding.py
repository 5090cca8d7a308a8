"""Learned absolute position embeddings."""

from typing import Any

from hfreader.concepts.model import Concept, Symbol, Text
from hfreader.concepts.papers import BERT, CONV_SEQ2SEQ, at
from hfreader.concepts.pattern import EMBEDDING, Bind, DerivedFrom, Layer, Pattern

# Counting, and what may happen to a count before it is looked up: an offset, a slice, a padding mask, a cast.
POSITIONS: Pattern = DerivedFrom(("arange", "cumsum"), through=("add", "sub", "mul", "item", "long", "int", "clamp"))


def reference(positions: Any, table: Any) -> Any:
    """E^pos[t]. Shapes: positions (..., T) of whole numbers, table (positions, d); the result is (..., T, d)."""
    return table.weight[positions]


_LOOKUP = """
class {name}(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.w = nn.Embedding(c.n, c.d)
        self.register_buffer("z", torch.arange(c.n).expand((1, -1)), persistent=False)

    def forward(self, x, p=None):
        {body}
"""

CONCEPT = Concept(
    slug="learned-position-embedding",
    name=Text("Learned absolute position embedding", "可学习绝对位置编码"),
    explanation=Text(
        "Each position has a vector of its own, learned like a word's, that tells the model where a token "
        "stands. There are "
        "as many vectors as the longest sequence seen in training, so longer ones cannot be read.",
        "每个位置有一个像词向量那样学得的向量,告诉模型词元在哪里。向量个数等于训练时的最大长度,更长的序列无法读入。",
    ),
    citations=(at(BERT, "§3, Figure 2"), CONV_SEQ2SEQ),
    equations=(r"\sym{output}_t=\sym{table}_{\sym{positions}}",),
    symbols=(
        Symbol(
            "positions",
            "t",
            Text("Positions, counted from the start (some models add an offset)", "从头数的位置(有的加偏移)"),
        ),
        Symbol("table", r"E^{\mathrm{pos}}", Text("One learned vector per position", "每个位置一个可学习的向量")),
        Symbol("output", "p", Text("The vector of each position", "各位置的向量")),
    ),
    patterns=(Bind("output", Layer(EMBEDDING, (Bind("positions", POSITIONS),), "table", frozen=False)),),
    output="output",
    reference=reference,
    matches=(
        _LOOKUP.format(name="Word", body="return self.w(torch.arange(x.shape[1], device=x.device) + 2)"),
        _LOOKUP.format(
            name="Type", body="if p is None:\n            p = self.z[:, : x.size(1)]\n        return self.w(p)"
        ),
        _LOOKUP.format(
            name="Segment", body="m = x.ne(1).int()\n        return self.w((torch.cumsum(m, dim=1) * m).long() + 1)"
        ),
    ),
    rejects=(
        # Words; differences of positions, which are relative; segments looked up by position; no lookup.
        _LOOKUP.format(name="PositionEmbedding", body="return self.w(x)"),
        _LOOKUP.format(
            name="PositionEmbedding",
            body="i = torch.arange(x.shape[1])\n        return self.w(i[None, :] - i[:, None] + 5)",
        ),
        _LOOKUP.format(
            name="PositionEmbedding",
            body="s = torch.gather(torch.zeros_like(x), dim=1, index=self.z)\n        return self.w(s)",
        ),
        _LOOKUP.format(name="PositionEmbedding", body="return x + torch.arange(x.shape[1]).sin()"),
        # Tables that are not learned.
        """
class PositionEmbedding(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.w = nn.Embedding(c.n, c.d)
        self.w.requires_grad_(False)

    def forward(self, x):
        return self.w(torch.arange(x.shape[1]))
""",
        """
class PositionEmbedding(nn.Embedding):
    def __init__(self, n, d):
        super().__init__(n, d, _freeze=True)

    def forward(self, x):
        return super().forward(torch.arange(x.shape[1]))
""",
    ),
)
