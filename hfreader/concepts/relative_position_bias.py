"""A learned bias for each distance between two positions, added to the scores of an attention."""

from typing import Any

from hfreader.concepts.attentions import DETAIL_SYMBOLS, masked_scores, scores, softmax, transposed, weights
from hfreader.concepts.model import Concept, Symbol, Text
from hfreader.concepts.papers import SWIN, T5, at
from hfreader.concepts.pattern import EMBEDDING, Anything, Bind, Layer, Number, OneOf, Op

QUERY, KEY, VALUE = (Bind(name, Anything()) for name in ("query", "key", "value"))
PRODUCT = Op(("matmul",), (QUERY, transposed(KEY)))
RAW = OneOf((scores(QUERY, KEY), Op(("mul",), (PRODUCT, Number(1))), PRODUCT))
BUCKETS = Bind("buckets", Anything())
ROWS = OneOf((Layer(EMBEDDING, (BUCKETS,), "table"), Op(("item",), (Bind("rows", Op(("learned",))), BUCKETS))))
BIAS = Bind("bias", ROWS)
TOTAL = OneOf((Op(("add",), (RAW, BIAS, Bind("mask", Anything()))), Op(("add",), (RAW, BIAS))))


def reference(query: Any, key: Any, value: Any, bias: Any, mask: Any = None, scale: Any = None) -> dict[str, Any]:
    """softmax(Q K^T [/ sqrt(d)] + B + M) V. Shapes: Q, K, V (B, h, T or S, d); bias broadcasts to (B, h, T, S) and may
    hold the mask already. T5 does not divide by sqrt(d)."""
    raw = query @ key.transpose(-2, -1)
    raw = raw if scale is None else raw * query.shape[-1] ** -0.5
    probabilities = weights(masked_scores(raw + bias, mask))
    return {"softmax": probabilities, "output": probabilities @ value}


CONCEPT = Concept(
    slug="relative-position-bias",
    name=Text("Relative position bias", "相对位置偏置"),
    explanation=Text(
        "Nothing is added to the embeddings; instead the score of a query and a key gets a learned "
        "number that depends "
        "on the head and on how far apart the two stand. Far distances share one number, a bucket.",
        (
            "不在嵌入上加位置信息，而是在查询与键的分数上加一个学习的数，它取决于注意力头和两者的距离；"
            "较远的距离共用一个数（一个桶）。"
        ),
    ),
    citations=(at(T5, "§2.1"), at(SWIN, "§3.2, Eq. (4)")),
    equations=(
        (
            r"\sym{output}=\sym{softmax}\!\left(\sym{query}\,"
            r"\sym{key}^{\top}[/\sym{scale}]+\sym{bias}+\sym{mask}\right)\sym{value}"
        ),
        r"\sym{bias}_{ij}=\sym{table}_{h,\,\sym{buckets}(j-i)}",
    ),
    symbols=(
        Symbol("query", "Q", Text("Queries", "查询")),
        Symbol("key", "K", Text("Keys", "键")),
        Symbol("value", "V", Text("Values", "值")),
        Symbol(
            "table",
            "b",
            Text("The learned numbers, one row per bucket, one column per head", "学习的数：每桶一行，每头一列"),
            ("rows",),
        ),
        Symbol("rows", r"\hat{B}", Text("The same table as a plain parameter", "同一张表，作为普通参数")),
        Symbol("buckets", r"\mathrm{bucket}", Text("The bucket of each distance", "每个距离所在的桶")),
        *DETAIL_SYMBOLS,
        Symbol(
            "output", r"\mathrm{Attention}(Q,K,V)", Text("One mixture of values per query", "每个查询得到的值的混合")
        ),
    ),
    patterns=(Bind("output", Op(("matmul",), (Bind("softmax", softmax(TOTAL)), VALUE))),),
    output="output",
    reference=reference,
    matches=(
        """
class Mixer(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.e = nn.Embedding(c.n, c.h)

    def forward(self, q, k, v, p, m=None):
        b = self.e(p).permute([2, 0, 1]).unsqueeze(0)
        w = q @ k.transpose(2, 3) + b
        w = w if m is None else w + m
        return F.softmax(w, dim=-1) @ v
""",
        """
class Mixer(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.b = nn.Parameter(torch.zeros(c.n, c.h))
        self.register_buffer("p", torch.zeros(c.t * c.t, dtype=torch.long))
        self.s, self.t = c.s ** -0.5, c.t

    def forward(self, q, k, v, m):
        b = self.b[self.p.view(-1)].view(self.t, self.t, -1).permute(2, 0, 1)
        m = b.unsqueeze(0) + m
        return F.softmax(q @ k.transpose(2, 3) * self.s + m, dim=-1) @ v
""",
    ),
    rejects=(
        # A mask alone; fixed slopes; a bias that depends on the query.
        """
def attention(q, k, v, position_bias):
    return F.softmax(q @ k.transpose(2, 3) + position_bias, dim=-1) @ v
""",
        """
class RelativeAttention(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.relative_attention_bias = nn.Embedding(c.n, c.d)

    def forward(self, q, k, v, p):
        w = q @ k.transpose(2, 3) + torch.einsum("bhld,lrd->bhlr", q, self.relative_attention_bias(p))
        return F.softmax(w, dim=-1) @ v
""",
    ),
    hints=frozenset({"scale"}),
)
