"""Attention pooling: learned queries gather a sequence of any length into a few vectors."""

from typing import Any

from hfreader.concepts import attentions
from hfreader.concepts.attentions import DETAIL_SYMBOLS, DETAILS
from hfreader.concepts.model import Citation, Concept, Symbol, Text
from hfreader.concepts.pattern import LINEAR, Anything, Bind, DerivedFrom, Element, Equation, Layer, OneOf

LEARNED = DerivedFrom(("learned",), through=("repeat",))
PROBE = Bind("probe", LEARNED)
X = Bind("x", Anything())
TORCH = Layer(("torch.nn.MultiheadAttention",), (PROBE, X, X), "attention")
QUERY = OneOf((PROBE, Layer(LINEAR, (PROBE,), "w_query")))
WHERE = (("query", Bind("query", QUERY)), *((name, Bind(name, Anything())) for name in ("key", "value")))


def reference(
    probe: Any,
    x: Any = None,
    attention: Any = None,
    query: Any = None,
    key: Any = None,
    value: Any = None,
    mask: Any = None,
    bias: Any = None,
    visible: Any = None,
    forbidden: Any = None,
    is_causal: Any = False,
    scale: Any = None,
    softcap: Any = None,
    sinks: Any = None,
) -> Any:
    """Attention(S, Z, Z) for a learned S, the same for every sequence of the batch.

    Shapes: S (k, d) or (1 or B, k, d), Z (B, T, d); the result (B, k, d). Where torch's own multi-head attention
    computes it, this is taken as it is. Otherwise queries in heads (B, h, k, d) made of S, with keys and values
    (B, h, T, d); the result (B, h, k, d).
    """
    if attention is None:
        details = (mask, bias, visible, forbidden, is_causal, scale, softcap, sinks)
        return attentions.reference(query, key, value, *details)["output"]
    first = probe.reshape(-1, *probe.shape[-2:])[:1]
    return attention(first.expand(x.shape[0], -1, -1), x, x)[0]


CONCEPT = Concept(
    slug="attention-pooling-probe",
    name=Text("Attention pooling", "注意力池化"),
    explanation=Text(
        "To make one vector of a sequence, one learned query looks at all its positions; the weights of the attention "
        "say how much each counts. The query is a parameter and does not depend on the input; several of them give "
        "several vectors.",
        "为把一个序列变成一个向量，用一个学习的查询去看所有位置；注意力权重说明每个位置占多少。"
        "该查询是参数，不依赖输入；多个查询则给出多个向量。",
    ),
    citations=(
        Citation("Scaling Vision Transformers", "Zhai, Kolesnikov, Houlsby, Beyer", 2021, "2106.04560", "MAP head"),
        Citation(
            "Set Transformer: A Framework for Attention-based Permutation-Invariant Neural Networks",
            "Lee, Lee, Kim, Kosiorek, Choi, Teh",
            2018,
            "1810.00825",
            "pooling by multihead attention",
        ),
    ),
    equations=(
        r"\sym{output}=\sym{attention}(\sym{probe},\,\sym{x},\,\sym{x})",
        r"\sym{attention}:\ \sym{softmax}\!\left(\frac{\sym{query}\,\sym{key}^{\top}}{\sym{scale}}\right)\sym{value},"
        r"\quad\sym{query}=\sym{probe}\,\sym{w_query}",
    ),
    symbols=(
        Symbol("probe", "S", Text("The learned queries, of any input the same", "学习的查询，与输入无关")),
        Symbol("x", "Z", Text("The sequence, one row per position", "序列，每个位置一行"), ("key", "value")),
        Symbol("attention", r"\mathrm{MHA}", Text("Multi-head attention", "多头注意力")),
        Symbol("w_query", "W^Q", Text("Projection to queries, where there is one", "查询投影（若有）")),
        Symbol("query", "Q", Text("Queries, in heads", "分头后的查询")),
        Symbol("key", "K", Text("Keys of the sequence", "序列的键")),
        Symbol("value", "V", Text("Values of the sequence", "序列的值")),
        *DETAIL_SYMBOLS,
        Symbol("output", "h", Text("One vector per learned query", "每个学习的查询得到一个向量")),
    ),
    patterns=(
        Bind("output", Element(0, TORCH)),
        Bind("output", Equation("scaled-dot-product-attention", where=WHERE, keep=DETAILS)),
    ),
    output="output",
    reference=reference,
    matches=(
        """
class Gather(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.p = nn.Parameter(torch.randn(1, 1, c.d))
        self.a = nn.MultiheadAttention(c.d, c.h, batch_first=True)
        self.n = nn.LayerNorm(c.d)

    def forward(self, x):
        p = self.p.repeat(x.shape[0], 1, 1)
        return self.n(self.a(p, x, x)[0])[:, 0]
""",
        """
class Gather(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.p, self.h = nn.Parameter(torch.zeros(1, 1, c.d)), c.h
        self.k, self.v = nn.Linear(c.d, c.d), nn.Linear(c.d, c.d)

    def forward(self, x):
        q = self.p.expand(x.shape[0], -1, -1).unflatten(-1, (self.h, -1)).transpose(1, 2)
        k, v = (f(x).unflatten(-1, (self.h, -1)).transpose(1, 2) for f in (self.k, self.v))
        return F.scaled_dot_product_attention(q, k, v).transpose(1, 2).flatten(2)
""",
    ),
    rejects=(
        # A sequence that looks at itself; a query made from it; weights without a query.
        """
class AttentionPool(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.attention = nn.MultiheadAttention(c.d, c.h, batch_first=True)

    def forward(self, probe):
        return self.attention(probe, probe, probe)[0][:, 0]
""",
        """
class AttentionPool(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.attention = nn.MultiheadAttention(c.d, c.h, batch_first=True)

    def forward(self, x):
        return self.attention(x.mean(dim=1, keepdim=True), x, x)[0]
""",
        """
class AttentionPool(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.probe = nn.Linear(c.d, 1)

    def forward(self, x):
        return (F.softmax(self.probe(x), dim=1) * x).sum(dim=1)
""",
    ),
    hints=frozenset({"scale"}),
)
