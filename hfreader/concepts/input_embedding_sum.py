"""The sum of token, segment and position embeddings that a Transformer starts from."""

from typing import Any

from hfreader.concepts.learned_position_embedding import POSITIONS
from hfreader.concepts.model import Concept, Symbol, Text
from hfreader.concepts.papers import BERT, GPT, at
from hfreader.concepts.pattern import (
    EMBEDDING,
    LAYER_NORM,
    Anything,
    Bind,
    Both,
    DerivedFrom,
    Layer,
    Not,
    Op,
    Pattern,
)

# Token ids come from outside; segments, where none are given, are all zero.
ZEROS = DerivedFrom(("zeros", "zeros_like", "new_zeros"), through=("gather", "item"))
TOKEN = Layer(EMBEDDING, (Bind("tokens", Both(Not(POSITIONS), Anything())),), "token_table")
SEGMENT = Layer(EMBEDDING, (Bind("segments", ZEROS),), "segment_table")
POSITION = Layer(EMBEDDING, (Bind("positions", POSITIONS),), "position_table")
SUMS: tuple[Pattern, ...] = (
    Op(("add",), (TOKEN, SEGMENT, POSITION)),
    Op(("add",), (TOKEN, POSITION)),
    Op(("add",), (TOKEN, SEGMENT)),
)


def reference(
    tokens: Any,
    token_table: Any,
    positions: Any = None,
    position_table: Any = None,
    segments: Any = None,
    segment_table: Any = None,
    norm: Any = None,
) -> Any:
    """LN(E^tok[x] + E^seg[s] + E^pos[t]); without what the code has none of.

    Shapes: ids (B, T) or (1, T), tables (entries, d); the result is (B, T, d).
    """
    total = token_table.weight[tokens]
    if position_table is not None:
        total = total + position_table.weight[positions]
    if segment_table is not None:
        total = total + segment_table.weight[segments]
    if norm is None:
        return total
    centred = total - total.mean(-1, keepdim=True)
    return centred / ((centred**2).mean(-1, keepdim=True) + norm.eps) ** 0.5 * norm.weight + norm.bias


_SUM = """
class {name}(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.a, self.b, self.c = nn.Embedding(c.v, c.d), nn.Embedding(2, c.d), nn.Embedding(c.n, c.d)
        self.n = nn.LayerNorm(c.d)

    def forward(self, i, s=None):
        if s is None:
            s = torch.zeros(i.size(), dtype=torch.long)
        t = torch.arange(i.shape[1]).unsqueeze(0)
        {body}
"""

CONCEPT = Concept(
    slug="input-embedding-sum",
    name=Text("Sum of input embeddings", "输入嵌入之和"),
    explanation=Text(
        "A token enters the model as the sum of a vector for the word, a vector for its position and, in BERT, a "
        "vector for "
        "the segment it belongs to. BERT normalises the sum; GPT-2 leaves it as it is; where positions "
        "are rotary, they are not added here.",
        "词元进入模型时是几个向量之和：词的向量、位置的向量，在 BERT 中还有所属段的向量。BERT 对和做归一化，"
        "GPT-2 则不做；用旋转位置编码的模型这里没有位置。",
    ),
    citations=(at(BERT, "§3, Figure 2"), at(GPT, "§3.1, Eq. (2)")),
    equations=(
        r"\sym{output}=\sym{norm}\!\left(\sym{token_table}_{\sym{tokens}}+\sym{segment_table}_{\sym{segments}}"
        r"+\sym{position_table}_{\sym{positions}}\right)",
    ),
    symbols=(
        Symbol("tokens", "x", Text("Token ids", "词元编号")),
        Symbol("token_table", r"E^{\mathrm{tok}}", Text("One vector per word of the vocabulary", "每个词一个向量")),
        Symbol("segments", "s", Text("Segment ids", "段编号")),
        Symbol("segment_table", r"E^{\mathrm{seg}}", Text("One vector per segment", "每个段一个向量")),
        Symbol("positions", "t", Text("Positions", "位置")),
        Symbol("position_table", r"E^{\mathrm{pos}}", Text("One vector per position", "每个位置一个向量")),
        Symbol("norm", r"\mathrm{LN}", Text("Layer norm, where the model has one", "层归一化（若有）")),
        Symbol("output", "E", Text("What enters the first layer", "进入第一层的向量")),
    ),
    patterns=tuple(Bind("output", pattern) for one in SUMS for pattern in (Layer(LAYER_NORM, (one,), "norm"), one)),
    output="output",
    reference=reference,
    matches=(
        _SUM.format(name="Vision", body="return self.n(self.a(i) + self.b(s) + self.c(t))"),
        _SUM.format(name="Rotary", body="return self.n(self.a(i) + self.b(s))"),
        _SUM.format(name="Layout", body="return F.dropout(self.c(t) + self.a(i))"),
    ),
    rejects=(
        # Words alone, the same embedding twice, a product, a concatenation.
        _SUM.format(name="Embeddings", body="return self.n(self.a(i))"),
        _SUM.format(name="Embeddings", body="return self.c(t) + self.c(t + 1)"),
        _SUM.format(name="Embeddings", body="return self.n(self.a(i) * self.c(t))"),
        _SUM.format(name="Embeddings", body="return torch.cat((self.a(i), self.c(t)), dim=-1)"),
    ),
)
