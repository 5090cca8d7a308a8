"""A score for every pair of positions: the dot product of two projections of them, with no softmax."""

from typing import Any

from hfreader.concepts.attentions import scores, transposed
from hfreader.concepts.model import Citation, Concept, Symbol, Text
from hfreader.concepts.pattern import (
    LINEAR,
    Anything,
    Bind,
    Element,
    Layer,
    NotPartOf,
    OneOf,
    Op,
    Pattern,
    Returned,
    Scalar,
)


def projected(name: str, index: int) -> Pattern:
    """The first or second vector of each position: a linear map of its own, or a half of one for both."""
    whole = Layer(LINEAR, (Anything(),))
    return Bind(name, OneOf((whole, Element(index, Op(("unbind", "chunk", "split"), (whole,))))))


RAW = scores(projected("query", 0), projected("key", 1))
BLOTTED = Op(("masked_fill",), (RAW, Bind("forbidden", Anything()), Bind("low", Anything())))
LESS = Op(("sub",), (RAW, Bind("penalty", Op(("mul",), (Op(("buffer",)), Scalar())))))
AGAINST = Op(("sub",), (RAW, Bind("opposite", transposed(RAW))))
MASKED = Op(("add",), (RAW, Bind("mask", Anything())))


def reference(
    query: Any,
    key: Any,
    like: Any,
    mask: Any = None,
    forbidden: Any = None,
    low: Any = None,
    penalty: Any = None,
    opposite: Any = None,
    scale: Any = None,
) -> Any:
    """q_i . k_j / sqrt(d) for every pair, less that of the pair turned round where there is an `opposite`.

    Shapes: query (..., T, d), key (..., S, d); the result (..., T, S), which is `low` where `forbidden` is true."""
    raw = query @ key.transpose(-2, -1) * query.shape[-1] ** -0.5
    raw = raw if mask is None else raw + mask
    raw = raw if forbidden is None else raw.masked_fill(forbidden, low)
    raw = raw if penalty is None else raw - penalty
    return (raw if opposite is None else raw - raw.transpose(-2, -1)).reshape(like.shape)


CONCEPT = Concept(
    slug="pairwise-scores",
    name=Text("Scores of pairs", "成对打分"),
    explanation=Text(
        "Each position is given two vectors, one for being first in a pair and one for being second. The score of a "
        "pair is their dot product over the square root of the dimension: which span begins here and ends there, "
        "which element is read before which, which region belongs to which phrase. No softmax follows.",
        "每个位置得到两个向量：作为一对中第一个的向量和第二个的向量。一对的分数是两者点积除以维度的平方根，"
        "用来表示片段从哪里到哪里、谁先于谁、哪个区域对应哪个短语。之后不做 softmax。",
    ),
    citations=(
        Citation(
            "Global Pointer: Novel Efficient Span-based Approach for Named Entity Recognition",
            "Su et al.",
            2022,
            "2208.03054",
        ),
    ),
    equations=(r"\sym{output}_{ij}=\frac{\sym{query}_i\cdot\sym{key}_j}{\sym{scale}}+\sym{mask}_{ij}",),
    symbols=(
        Symbol("query", "q", Text("The vector of a position as the first of a pair", "位置作为一对中第一个的向量")),
        Symbol("key", "k", Text("The vector of a position as the second of a pair", "位置作为一对中第二个的向量")),
        Symbol("scale", r"\sqrt{d}", Text("Square root of the dimension", "维度的平方根")),
        Symbol("mask", "M", Text("A large negative number where a pair does not count", "不计入的一对处为很小的数")),
        Symbol("bias", "B", Text("A bias added to the scores", "加在分数上的偏置")),
        Symbol("low", r"-\infty", Text("The score of pairs that do not count", "不计入的一对的分数")),
        Symbol("penalty", "p", Text("What a pair of a position with itself loses", "位置与自身成对时扣除的分数")),
        Symbol(
            "opposite", r"s^{\top}", Text("The scores of the pairs turned round, taken away", "减去的反向一对的分数")
        ),
        Symbol("forbidden", r"M_{-\infty}", Text("True where a pair does not count", "不计入处为真")),
        Symbol("output", "s", Text("One score per pair", "每对一个分数")),
    ),
    patterns=(
        Bind(
            "output", NotPartOf(Returned(OneOf((BLOTTED, MASKED, LESS, AGAINST, RAW))), Op(("softmax",), (Anything(),)))
        ),
    ),
    output="output",
    reference=reference,
    matches=(
        """
class Mixer(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.a, self.s = nn.Linear(c.d, 2 * c.s), c.s

    def forward(self, x):
        a, b = torch.unbind(self.a(x).reshape(x.shape[0], x.shape[1], 2, self.s), dim=2)
        y = (a @ b.transpose(-2, -1)) / self.s ** 0.5
        return y.masked_fill(torch.ones(x.shape[1], x.shape[1]).tril().bool(), -1e4)
""",
        """
class Mixer(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.a, self.b = nn.Linear(c.d, c.s), nn.Linear(c.d, c.s)

    def forward(self, x, y, m):
        q, k = self.a(x), self.b(y)
        return q @ k.transpose(1, 2) / math.sqrt(k.shape[-1]) + m
""",
    ),
    rejects=(
        # Attention; normalised embeddings under a learned temperature; a score that is not returned.
        """
class Pointer(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.query, self.key = nn.Linear(c.d, c.s), nn.Linear(c.d, c.s)

    def forward(self, x):
        q = self.query(x)
        return F.softmax(q @ self.key(x).transpose(1, 2) / math.sqrt(q.shape[-1]), dim=-1)
""",
        """
class Pointer(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.query, self.key = nn.Linear(c.d, c.s), nn.Linear(c.d, c.s)
        self.t = nn.Parameter(torch.ones([]))

    def forward(self, x, y):
        q, k = F.normalize(self.query(x), dim=-1), F.normalize(self.key(y), dim=-1)
        return q @ k.transpose(-1, -2) * self.t.exp()
""",
        """
class Pointer(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.query, self.key = nn.Linear(c.d, c.s), nn.Linear(c.d, c.s)

    def forward(self, x):
        q = self.query(x)
        return (q @ self.key(x).transpose(1, 2) / math.sqrt(q.shape[-1])).topk(2)
""",
        """
class Pointer(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.query, self.key = nn.Linear(c.d, c.s), nn.Linear(c.d, c.s)

    def forward(self, x, v):
        q = self.query(x)
        w = q @ self.key(x).transpose(1, 2) / math.sqrt(q.shape[-1])
        return F.softmax(w, dim=-1) @ v, w
""",
    ),
    hints=frozenset({"scale", "opposite"}),
)
