"""The indexer of sparse attention: a light score of every earlier token, by which a few are chosen."""

from typing import Any

from hfreader.concepts.attentions import transposed
from hfreader.concepts.model import Citation, Concept, Symbol, Text
from hfreader.concepts.pattern import LINEAR, Anything, Bind, Layer, OneOf, Op, Scalar

SCALE = Bind("scale", Scalar())
PRODUCT = Op(("matmul",), (Bind("query", Anything()), transposed(Bind("key", Anything()))))
RELU = OneOf(
    (
        Op(("mul",), (Op(("relu",), (PRODUCT,)), SCALE)),
        Op(("relu",), (OneOf((Op(("mul",), (PRODUCT, SCALE)), PRODUCT)),)),
    )
)
MAP = Layer(LINEAR, (Anything(),), "w_weight")
SHARES = OneOf((MAP, Op(("mul",), (MAP, Anything())), Op(("mul",), (Op(("mul",), (MAP, Anything())), Anything()))))
WEIGHTS = Bind("weights", SHARES)
SUM = OneOf((Op(("matmul",), (WEIGHTS, RELU)), Op(("sum",), (Op(("mul",), (RELU, WEIGHTS)),))))
# All heads alike, over the root of their size.
ALIKE = Op(("div",), (Op(("sum",), (Op(("relu",), (PRODUCT,)),)), Bind("divisor", Scalar())))


def reference(query: Any, key: Any, like: Any, weights: Any = None, scale: Any = None, divisor: Any = None) -> Any:
    """I_ts = sum over heads j of w_tj ReLU(q_tj . k_s [times a scale]).

    Shapes: query (B, T, H, d), key (B, S, d) the same for all heads, weights (B, T, H) with a dimension of size 1
    wherever; the result (B, T, S). Without weights query (H, d), key (S, d), the result (S), over sqrt(d).
    """
    if weights is None:
        return (key @ query.transpose(0, 1)).relu().sum(-1).reshape(like.shape) / query.shape[-1] ** 0.5
    shares = weights.reshape(query.shape[:3])
    total: Any = 0
    for head in range(query.shape[2]):
        score = (query[:, :, head] @ key.transpose(1, 2)).relu()
        total = total + shares[:, :, head, None] * (score if scale is None else score * scale)
    return total.reshape(like.shape)


CONCEPT = Concept(
    slug="sparse-token-indexer",
    name=Text("Lightning indexer", "闪电索引器"),
    explanation=Text(
        "Before the attention proper, small queries and one small key per token give every earlier token a score: the "
        "rectified dot products of a few heads, weighted by numbers that the query's own position gives the heads. "
        "Only the tokens with the largest scores are attended to, so that long texts cost little.",
        "在正式的注意力之前，用小的查询和每个词元一个小的键给所有先前的词元打分：若干头的点积经 ReLU 后，"
        "按查询位置给各头的权重相加。注意力只看得分最高的词元，因此长文本代价很小。",
    ),
    citations=(
        Citation(
            "DeepSeek-V3.2-Exp: Boosting Long-Context Efficiency with DeepSeek Sparse Attention",
            "DeepSeek-AI",
            2025,
            None,
            "Eq. (1), (2)",
        ),
    ),
    equations=(
        r"\sym{output}_{t,s}=\sum_{j=1}^{H^I}\sym{weights}_{t,j}\,\mathrm{ReLU}\!\left(\sym{scale}\,"
        r"\sym{query}_{t,j}\cdot\sym{key}_{s}\right),\quad\mathcal S_t=\mathrm{TopK}(\sym{output}_{t,:})",
        r"\sym{weights}_t\propto h_t\,\sym{w_weight}",
    ),
    symbols=(
        Symbol("query", "q^I", Text("The indexer's queries, in heads", "索引器的查询，分头")),
        Symbol("key", "k^I", Text("The indexer's keys, one per token", "索引器的键，每个词元一个")),
        Symbol("w_weight", "W^w", Text("Projection to the heads' weights", "各头权重的投影")),
        Symbol("weights", "w^I", Text("How much each head counts for a position", "每个位置上各头的权重")),
        Symbol("scale", "c", Text("A factor of the scores, which changes no order", "分数的系数，不改变次序")),
        Symbol(
            "divisor", r"\sqrt{d}", Text("What code divides by where all heads count alike", "各头权重相同时代码的除数")
        ),
        Symbol("output", "I", Text("The score of each token for each position", "每个位置对每个词元的分数")),
    ),
    patterns=(Bind("output", SUM), Bind("output", ALIKE)),
    output="output",
    hints=frozenset({"divisor"}),
    reference=reference,
    matches=(
        """
class Mixer(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.a, self.b, self.w = nn.Linear(c.r, c.h * c.k), nn.Linear(c.d, c.k), nn.Linear(c.d, c.h, bias=False)
        self.h, self.k = c.h, c.k

    def forward(self, x, r, m):
        q = self.a(r).view(x.shape[0], x.shape[1], self.h, self.k)
        s = torch.matmul(q.float(), self.b(x).transpose(-1, -2).float().unsqueeze(1)) * self.k ** -0.5
        w = self.w(x).float() * self.h ** -0.5
        y = torch.matmul(w.unsqueeze(-2), F.relu(s)).squeeze(-2)
        return (y + m).topk(3, dim=-1).indices
""",
        """
class Mixer(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.w, self.h, self.k = nn.Linear(c.d, c.h, bias=False), c.h, c.k

    def forward(self, q, k, x):
        s = F.relu(torch.matmul(q, k.transpose(-1, -2).unsqueeze(1))) * self.k ** -0.5
        return (s * (self.w(x) * self.h ** -0.5).unsqueeze(-1)).sum(dim=2)
""",
        """
def score(q, k, n):
    s = torch.matmul(q.float(), k.float().transpose(-1, -2)).transpose(-1, -2)
    return (torch.relu(s).sum(dim=-1) / math.sqrt(q.shape[-1])).topk(n, dim=0).indices
""",
    ),
    rejects=(
        # No rectifier; a softmax over experts; attention with a rectifier in place of the softmax.
        """
class Indexer(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.weights_proj, self.h = nn.Linear(c.d, c.h, bias=False), c.h

    def forward(self, q, k, x):
        s = torch.matmul(q, k.transpose(-1, -2).unsqueeze(1))
        return (s * (self.weights_proj(x) * self.h ** -0.5).unsqueeze(-1)).sum(dim=2)
""",
        """
class Indexer(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.weights_proj = nn.Linear(c.d, c.h, bias=False)

    def forward(self, x):
        return F.softmax(self.weights_proj(x), dim=-1).topk(2).indices
""",
        """
class Indexer(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.value = nn.Linear(c.d, c.h, bias=False)

    def forward(self, q, k, x):
        return F.relu(torch.matmul(q, k.transpose(-1, -2))) @ self.value(x)
""",
    ),
)
