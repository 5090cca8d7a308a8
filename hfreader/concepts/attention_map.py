"""A map of attention: the weights of queries over keys themselves, with no values to average."""

from typing import Any

from hfreader.concepts.attentions import masked, masked_scores, scores, softmax
from hfreader.concepts.model import Citation, Concept, Symbol, Text
from hfreader.concepts.papers import TRANSFORMER, at
from hfreader.concepts.pattern import LINEAR, Anything, Bind, Einsum, Layer, NotPartOf, OneOf, Op, Pattern, Scalar


def projected(name: str) -> Pattern:
    """Queries or keys by a linear map, of positions in a row or of a feature map."""
    return Bind(name, OneOf((Layer(LINEAR, (Anything(),)), Op(("conv2d",), (Anything(), Anything())))))


QUERY, KEY = projected("query"), projected("key")
BY_MAP = Einsum(("bqnc,bnchw->bqnhw",), (Op(("mul",), (QUERY, Bind("scale", Scalar()))), KEY))
AVERAGE = Op(("matmul", "einsum", "mul", "masked_fill"), (Anything(), Anything()))


def reference(query: Any, key: Any, like: Any, mask: Any = None, forbidden: Any = None, scale: Any = None) -> Any:
    """The softmax of Q K^T / sqrt(d) over everything that one query looks at, in all heads at once.

    Shapes: query (B h, Q, d) or (B, Q, h, d), key (B h, S, d) or (B, h, d, height, width); the masks broadcast to
    (B, Q, h, height, width), with S positions in height times width; the result (B, Q, h S).
    """
    if query.dim() == 4:
        query, key = query.transpose(1, 2).flatten(0, 1), key.flatten(3).transpose(2, 3).flatten(0, 1)
    raw = query @ key.transpose(-2, -1) * query.shape[-1] ** -0.5
    raw = raw.unflatten(0, (like.shape[0], -1)).transpose(1, 2)
    raw = raw if mask is None else raw + mask.flatten(-2)
    return masked_scores(raw, forbidden=None if forbidden is None else forbidden.flatten(-2)).flatten(2).softmax(-1)


CONCEPT = Concept(
    slug="attention-map",
    name=Text("Attention map", "注意力图"),
    explanation=Text(
        "Queries are compared with the positions of a feature map as in attention, but the weights themselves are the "
        "result: a picture of where each query looks, from which a mask is drawn. No values are averaged.",
        "如同注意力那样把查询与特征图的各位置比较，但结果就是权重本身：每个查询看向何处的一张图，由此画出掩码。"
        "这里不对任何值求平均。",
    ),
    citations=(
        Citation(
            "End-to-End Object Detection with Transformers",
            "Carion, Massa, Synnaeve, Usunier, Kirillov, Zagoruyko",
            2020,
            "2005.12872",
            "§4.4, the mask head",
        ),
        at(TRANSFORMER, "§3.2.1, Eq. (1), without V"),
    ),
    equations=(
        r"\sym{output}=\mathrm{softmax}\!\left(\frac{\sym{query}\,\sym{key}^{\top}}{\sym{scale}}+\sym{mask}\right)",
    ),
    symbols=(
        Symbol("query", "Q", Text("Queries, in heads", "分头后的查询")),
        Symbol("key", "K", Text("Keys, in heads, one per position of the map", "分头后的键，特征图每个位置一个")),
        Symbol("scale", r"\sqrt{d_k}", Text("Square root of the key dimension", "键维度的平方根")),
        Symbol("mask", "M", Text("Minus infinity where a query may not look", "不可见处为负无穷")),
        Symbol("bias", "B", Text("A bias added to the scores", "加在分数上的偏置")),
        Symbol("visible", r"M_{0}", Text("True where a query may look", "可见处为真")),
        Symbol("forbidden", r"M_{-\infty}", Text("True where a query may not look", "不可见处为真")),
        Symbol("sinks", "b_h", Text("A score that belongs to no key", "不属于任何键的分数")),
        Symbol("alpha", r"\alpha", Text("Divides the scores, then multiplies them", "先除后乘的因子")),
        Symbol("output", "A", Text("Weights of each query that sum to one", "每个查询和为一的权重")),
    ),
    patterns=(Bind("output", NotPartOf(softmax(masked(OneOf((scores(QUERY, KEY), BY_MAP)))), AVERAGE)),),
    output="output",
    reference=reference,
    matches=(
        """
class Mixer(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.a, self.b, self.h = nn.Linear(c.d, c.d), nn.Linear(c.d, c.d), c.h

    def forward(self, x, y, m=None):
        q = self.a(x).view(x.shape[0], x.shape[1], self.h, -1)
        k = F.conv2d(y, self.b.weight.unsqueeze(-1).unsqueeze(-1), self.b.bias)
        k = k.view(y.shape[0], self.h, -1, *y.shape[-2:])
        q, k = q.transpose(1, 2).flatten(0, 1), k.permute(0, 1, 3, 4, 2).flatten(2, 3).flatten(0, 1)
        w = torch.matmul(q * q.shape[-1] ** -0.5, k.transpose(1, 2)).view(x.shape[0], self.h, x.shape[1], -1)
        w = w.transpose(1, 2)
        w = w if m is None else w + m
        return F.softmax(w.flatten(2), dim=-1).view(w.size())
""",
        """
class Mixer(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.a, self.b, self.h, self.s = nn.Linear(c.d, c.d), nn.Linear(c.d, c.d), c.h, c.d ** -0.5

    def forward(self, x, y, m=None):
        q = self.a(x).view(x.shape[0], x.shape[1], self.h, -1)
        k = F.conv2d(y, self.b.weight[..., None, None], self.b.bias).view(y.shape[0], self.h, -1, *y.shape[-2:])
        w = torch.einsum("nqhd,nhdab->nqhab", q * self.s, k)
        if m is not None:
            w = w.masked_fill(m[:, None, None], -1e9)
        return F.softmax(w.flatten(2), dim=-1).view(w.size())
""",
    ),
    rejects=(
        # Attention with its values; scores without a softmax; no projections.
        """
class AttentionMap(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.q_linear, self.k_linear = nn.Linear(c.d, c.d), nn.Linear(c.d, c.d)

    def forward(self, x, y):
        q = self.q_linear(x)
        w = F.softmax(q @ self.k_linear(y).transpose(1, 2) * q.shape[-1] ** -0.5, dim=-1)
        return w @ y, w
""",
        """
class AttentionMap(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.q_linear, self.k_linear = nn.Linear(c.d, c.d), nn.Linear(c.d, c.d)

    def forward(self, x, y):
        return self.q_linear(x) @ self.k_linear(y).transpose(1, 2) * x.shape[-1] ** -0.5
""",
        """
def attention_map(q, k):
    return F.softmax(q @ k.transpose(1, 2) * q.shape[-1] ** -0.5, dim=-1)
""",
    ),
    hints=frozenset({"scale"}),
)
