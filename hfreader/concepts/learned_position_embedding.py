"""Learned absolute position embeddings."""

from typing import Any

from hfreader.concepts.model import Concept, Symbol, Text
from hfreader.concepts.papers import BERT, CONV_SEQ2SEQ, at
from hfreader.concepts.pattern import (
    EMBEDDING,
    Anything,
    Bind,
    Both,
    DerivedFrom,
    Layer,
    Not,
    Number,
    OneOf,
    Op,
    Pattern,
)

# Counting, and what may happen to a count before it is looked up: an offset, a slice, a padding mask, a cast.
POSITIONS: Pattern = DerivedFrom(("arange", "cumsum"), through=("add", "sub", "mul", "item", "long", "int", "clamp"))
# A parameter with a row for each position, added to what is given; a single row is a bias.
NOT_ONE = Both(Anything(), Not(Number(1)))
MAKERS = ("zeros", "randn", "empty", "ones")
MATRIX = OneOf((Op(MAKERS, (NOT_ONE, Anything())), Op(MAKERS, (Number(1), NOT_ONE, Anything()))))
ROWS = Op(("learned",), (MATRIX,))
ADDED = Op(
    ("add",),
    (Bind("x", Op(("parameter",))), Bind("rows", OneOf((ROWS, Op(("item",), (ROWS, Op(("tuple", "slice")))))))),
)


def reference(positions: Any = None, table: Any = None, x: Any = None, rows: Any = None) -> Any:
    """E^pos[t], or x + E^pos where the rows are added as they are. Shapes: positions (..., T) of whole numbers, table
    (positions, d); the result is (..., T, d)."""
    return x + rows if table is None else table.weight[positions]


_LOOKUP = """
class {name}(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.w = nn.Embedding(c.n, c.d)
        self.p = nn.Parameter(torch.zeros(1, c.n, c.d))
        self.b = nn.Parameter(torch.zeros(1, 1, c.d))
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
        "每个位置有一个像词向量那样学得的向量，告诉模型词元在哪里。向量个数等于训练时的最大长度，更长的序列无法读入。",
    ),
    citations=(at(BERT, "§3, Figure 2"), CONV_SEQ2SEQ),
    equations=(
        r"\sym{output}_t=\sym{table}_{\sym{positions}}",
        r"\sym{output}_t=\sym{x}_t+\sym{rows}_t",
    ),
    symbols=(
        Symbol(
            "positions",
            "t",
            Text("Positions, counted from the start (some models add an offset)", "从头数的位置（有的加偏移）"),
        ),
        Symbol("table", r"E^{\mathrm{pos}}", Text("One learned vector per position", "每个位置一个可学习的向量")),
        Symbol("rows", r"E^{\mathrm{pos}}", Text("The same vectors as a plain parameter", "同样的向量，作为普通参数")),
        Symbol("x", "x", Text("What stands at each position", "各位置上的内容")),
        Symbol("output", "p", Text("The vector of each position", "各位置的向量")),
    ),
    patterns=(
        Bind("output", Layer(EMBEDDING, (Bind("positions", POSITIONS),), "table", frozen=False)),
        Bind("output", ADDED),
    ),
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
        _LOOKUP.format(name="Word", body="return x + self.p[:, 1:]"),
    ),
    rejects=(
        # Rows that are picked; a bias, and rows that are multiplied.
        _LOOKUP.format(name="PositionEmbedding", body="return x + self.b"),
        _LOOKUP.format(name="PositionEmbedding", body="return x + self.p[p]"),
        _LOOKUP.format(name="PositionEmbedding", body="return x * self.p"),
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
