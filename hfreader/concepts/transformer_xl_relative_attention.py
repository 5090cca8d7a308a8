"""Transformer-XL's attention: words and distances compared with a query, each under a learned bias of its own."""

from typing import Any

from hfreader.concepts import attentions
from hfreader.concepts.attentions import masked, masked_scores, weights
from hfreader.concepts.model import Citation, Concept, NotCovered, Symbol, Text
from hfreader.concepts.pattern import Anything, Bind, OneOf, Op, Pattern, Scalar


def biased(name: str) -> Pattern:
    """The queries with one learned vector per head added."""
    return Op(("add",), (Bind("query", Anything()), Bind(name, Op(("learned",)))))


def scaled(one: Pattern) -> Pattern:
    """Scores over the root of the size of a head, or as they are."""
    scale = Bind("scale", Scalar())
    return OneOf((Op(("mul",), (one, scale)), Op(("div",), (one, scale)), one))


CONTENT = Op(("matmul",), (biased("u"), Bind("key", Anything())))
POSITION = Op(("matmul",), (biased("v"), Bind("relative", Anything())))
# One column more and a cut after another reading of the rows move every row by one place against the row above.
PADDED = OneOf((Op(("pad",), (POSITION,)), Op(("cat",), (Anything(), POSITION))))
CUT = Op(("item",), (PADDED,))
SHIFTED = scaled(OneOf((Op(("item",), (CUT,)), CUT)))
BLOTTED = OneOf((Op(("masked_fill",), (SHIFTED, Bind("forbidden", Anything()))), SHIFTED))
TOTAL = scaled(Op(("add",), (scaled(CONTENT), BLOTTED)))


def reference(
    query: Any, key: Any, relative: Any, u: Any, v: Any, mask: Any = None, visible: Any = None, forbidden: Any = None
) -> Any:
    """softmax(((q_i + u) . k_j + (q_i + v) . r_{i-j}) / sqrt(d)).

    Shapes: query (B, h, T, d), or (B, T, h, d) where u and v are (h, d); key (B, h, d, T) and relative
    (B or 1, h, d, 2 T - 1), both transposed; the columns of `relative` stand for the distances T - 1 ... -(T - 1).
    """
    words, places = ((query + one).transpose(1, 2) if one.dim() == 2 else query + one for one in (u, v))
    length, size = key.shape[-1], key.shape[-2]
    if words.shape[-2] != length or relative.shape[-1] != 2 * length - 1:
        raise NotCovered("keys of an earlier segment, whose distances are counted otherwise")
    raw = words @ key
    for i in range(length):
        nearest = length - 1 - i
        raw[:, :, i] += (places[:, :, i, None] @ relative[..., nearest : nearest + length])[:, :, 0]
    return weights(masked_scores(raw * size**-0.5, mask, visible, forbidden))


CONCEPT = Concept(
    slug="transformer-xl-relative-attention",
    name=Text("Transformer-XL relative attention", "Transformer-XL 相对注意力"),
    explanation=Text(
        "The score of two words is a sum of four: what the query says to the word and to the distance, and what two "
        "learned vectors say to them, whatever the query. The vectors of distances are made of fixed sinusoids. A "
        "shift of the rows computes all distances with one matrix product.",
        "两个词的分数是四项之和：查询对词、查询对距离，以及两个与查询无关的学习向量对词和对距离。"
        "距离的向量由固定的正弦函数得到。把各行错位移动，即可用一次矩阵乘法算出所有距离。",
    ),
    citations=(
        Citation(
            "Transformer-XL: Attentive Language Models Beyond a Fixed-Length Context",
            "Dai, Yang, Yang, Carbonell, Le, Salakhutdinov",
            2019,
            "1901.02860",
            "§3.3; shift: App. B",
        ),
        Citation(
            "Conformer: Convolution-augmented Transformer for Speech Recognition",
            "Gulati et al.",
            2020,
            "2005.08100",
            "§2.1",
        ),
    ),
    equations=(
        r"\sym{output}_{ij}=\mathrm{softmax}_j\!\left(\frac{(\sym{query}_i+\sym{u})\,\sym{key}_j"
        r"+(\sym{query}_i+\sym{v})\,\sym{relative}_{i-j}}{\sym{scale}}+\sym{mask}\right)",
    ),
    symbols=(
        Symbol("query", "q", Text("Queries, in heads", "分头后的查询")),
        Symbol("key", r"k^{\top}", Text("Keys, in heads, transposed", "分头后的键，转置")),
        Symbol("relative", r"r^{\top}", Text("Keys of the distances, transposed", "距离的键，转置")),
        Symbol("u", "u", Text("What every query says to words", "每个查询对词共有的部分")),
        Symbol("v", "v", Text("What every query says to distances", "每个查询对距离共有的部分")),
        *(one for one in attentions.DETAIL_SYMBOLS if one.name != "softmax"),
        Symbol("output", "A", Text("Weights over the keys that sum to one", "对键归一化、和为一的权重")),
    ),
    patterns=(Bind("output", attentions.softmax(masked(TOTAL))),),
    output="output",
    reference=reference,
    matches=(
        """
class Mixer(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.a, self.b = nn.Parameter(torch.zeros(c.h, c.d)), nn.Parameter(torch.zeros(c.h, c.d))
        self.s = c.d ** -0.5

    def forward(self, q, k, v, r, m=None):
        p = torch.matmul(q + self.b[None, :, None, :], r.permute(0, 2, 3, 1))
        n, h, t, w = p.shape
        p = F.pad(p, (1, 0)).view(n, h, w + 1, t)[..., 1:, :].view(n, h, t, w)[..., : k.size(2)] * self.s
        x = torch.matmul(q + self.a[None, :, None, :], k.transpose(2, 3)) * self.s + p
        if m is not None:
            x = x + m
        return F.softmax(x, dim=-1) @ v
""",
    ),
    rejects=(
        # No learned vectors; no shift; the learned table of T5.
        """
def relative_attention(q, k, v, r, s):
    p = F.pad(q @ r.transpose(2, 3), (1, 0)).view(q.shape)[..., 1:, :]
    return F.softmax((q @ k.transpose(2, 3) + p) * s, dim=-1) @ v
""",
        """
class RelativeAttention(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.pos_bias_u = nn.Parameter(torch.zeros(c.h, 1, c.d))
        self.pos_bias_v = nn.Parameter(torch.zeros(c.h, 1, c.d))

    def forward(self, q, k, v, r):
        w = (q + self.pos_bias_u) @ k.transpose(2, 3) + (q + self.pos_bias_v) @ r.transpose(2, 3)
        return F.softmax(w / math.sqrt(q.shape[-1]), dim=-1) @ v
""",
        """
class RelativeAttention(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.rel_shift = nn.Embedding(c.n, c.h)

    def forward(self, q, k, v, p):
        return F.softmax(q @ k.transpose(2, 3) + self.rel_shift(p).permute(2, 0, 1), dim=-1) @ v
""",
    ),
    hints=frozenset({"scale"}),
)
