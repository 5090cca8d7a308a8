"""Multi-head self-attention: several scaled dot-product attentions of projections of one input, side by side."""

from typing import Any

from hfreader.concepts.model import Concept, Symbol, Text
from hfreader.concepts.papers import TRANSFORMER, at
from hfreader.concepts.pattern import LINEAR, Anything, Bind, Direct, Element, Layer, Op, Pattern
from hfreader.concepts.scaled_dot_product_attention import attention
from hfreader.concepts.scaled_dot_product_attention import reference as attention_reference

X = Bind("x", Anything())
HEADS = ("query", "key", "value")


def projected(name: str) -> Pattern:
    """One of Q, K and V by a linear map of its own."""
    return Bind(name, Layer(LINEAR, (X,), f"w_{name}"))


def fused(name: str) -> Pattern:
    """One third of a linear map that computes Q, K and V one after the other in its last dimension."""
    whole = Direct(Layer(LINEAR, (X,), "w_qkv"))
    return Bind(name, Element(HEADS.index(name), Op(("split", "chunk"), (whole,))))


def heads(projection: Any) -> Pattern:
    """The heads side by side again: attention with its result reshaped."""
    return Op(("reshape", "view", "flatten"), (attention(*(projection(name) for name in HEADS)),))


def reference(
    x: Any,
    key: Any,
    value: Any,
    w_query: Any = None,
    w_key: Any = None,
    w_value: Any = None,
    w_qkv: Any = None,
    mask: Any = None,
    bias: Any = None,
    forbidden: Any = None,
    is_causal: Any = False,
    w_o: Any = None,
) -> dict[str, Any]:
    """Concat(head_1 ... head_h) W^O with head_i = Attention(x W_i^Q, x W_i^K, x W_i^V).

    Shapes: x (B, T, d_model); the captured `key` and `value` (..., S, d) tell the size of a head, and hold the
    keys and values of earlier positions (S > T) where there is a cache; those of x itself are computed here.
    """
    if w_qkv is not None:
        wide = x @ w_qkv.weight if w_qkv.bias is None else x @ w_qkv.weight + w_qkv.bias
        maps = wide.chunk(3, -1)
    else:
        maps = tuple(x @ w.weight if w.bias is None else x @ w.weight + w.bias for w in (w_query, w_key, w_value))
    batch, length = x.shape[0], x.shape[1]
    q, k, v = (one.reshape(batch, length, -1, key.shape[-1]).transpose(1, 2) for one in maps)
    k, v = (_with_past(now, seen) for now, seen in ((k, key), (v, value)))
    outcome = attention_reference(q, k, v, mask, bias, forbidden, is_causal)["output"]
    joined = outcome.transpose(1, 2).reshape(batch, length, -1)
    if w_o is not None:
        joined = joined @ w_o.weight if w_o.bias is None else joined @ w_o.weight + w_o.bias
    return {"key": k.reshape(key.shape), "value": v.reshape(value.shape), "output": joined}


def _with_past(now: Any, seen: Any) -> Any:
    """Keys or values of this input (B, h, T, d) behind those that the cache held before it."""
    whole = seen.reshape(*now.shape[:2], -1, now.shape[-1]).clone()
    whole[:, :, whole.shape[2] - now.shape[2] :] = now
    return whole


CONCEPT = Concept(
    slug="multi-head-self-attention",
    name=Text("Multi-head self-attention", "多头自注意力"),
    explanation=Text(
        "Queries, keys and values are linear maps of the same input, cut into heads that attend independently of each "
        "other. The results of all heads stand side by side and, where W^O is part of the class, are mixed by it.",
        "查询、键、值是同一输入的线性映射,切分成若干个互相独立做注意力的头。"
        "所有头的结果并排拼接,若类中含有 W^O,则再由它混合。",
    ),
    citations=(at(TRANSFORMER, "§3.2.2"),),
    equations=(
        r"\sym{output}=\mathrm{Concat}(\mathrm{head}_1,\dots,\mathrm{head}_h)\,\sym{w_o}",
        r"\mathrm{head}_i=\mathrm{Attention}(\sym{x}\,\sym{w_query},\;\sym{x}\,\sym{w_key},\;\sym{x}\,\sym{w_value})",
    ),
    symbols=(
        Symbol("x", "X", Text("The input, one row per position", "输入,每个位置一行")),
        Symbol("w_query", "W_i^Q", Text("Projection to queries", "查询投影"), ("w_qkv",)),
        Symbol("w_key", "W_i^K", Text("Projection to keys", "键投影"), ("w_qkv",)),
        Symbol("w_value", "W_i^V", Text("Projection to values", "值投影"), ("w_qkv",)),
        Symbol("w_qkv", "W^{QKV}", Text("The three projections in one matrix", "合并在一个矩阵里的三个投影")),
        Symbol("query", "Q", Text("Queries, in heads", "分头后的查询")),
        Symbol("key", "K", Text("Keys, in heads", "分头后的键")),
        Symbol("value", "V", Text("Values, in heads", "分头后的值")),
        Symbol("scale", r"\sqrt{d_k}", Text("Square root of the head dimension", "头维度的平方根")),
        Symbol("mask", "M", Text("0 where a query may look, minus infinity where not", "可见处为 0,不可见处为负无穷")),
        Symbol("bias", "B", Text("A bias added to the scores before the mask", "加在分数上的偏置")),
        Symbol("forbidden", r"M_{-\infty}", Text("True where a query may not look", "不可见处为真")),
        Symbol(
            "is_causal",
            r"M_{\mathrm{causal}}",
            Text("Whether the kernel masks later positions", "内核是否遮蔽后续位置"),
        ),
        Symbol("softmax", r"\mathrm{softmax}", Text("Weights over the keys, per head", "每个头对键的权重")),
        Symbol("w_o", "W^O", Text("Output projection", "输出投影")),
        Symbol("output", r"\mathrm{MultiHead}(X)", Text("One vector per position", "每个位置一个向量")),
    ),
    patterns=tuple(
        Bind("output", pattern)
        for projection in (projected, fused)
        for pattern in (Layer(LINEAR, (heads(projection),), "w_o"), heads(projection))
    ),
    output="output",
    reference=reference,
    matches=(
        """
class Mixer(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.a, self.b = nn.Linear(c.d, c.d), nn.Linear(c.d, c.d)
        self.c = nn.Linear(c.d, c.d)
        self.z = nn.Linear(c.d, c.d)
        self.n = c.n

    def forward(self, query, m):
        s = (query.shape[0], query.shape[1], self.n, -1)
        q, k = (self.a(query).view(s).transpose(1, 2), self.b(query).view(s).transpose(1, 2))
        w = F.softmax(q @ k.transpose(-1, -2) / math.sqrt(q.shape[-1]) + m, dim=-1)
        y = w @ self.c(query).view(s).transpose(1, 2)
        return self.z(y.transpose(1, 2).reshape(query.shape))
""",
        """
class Mlp(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.n = c.n
        self.up = nn.Linear(c.d, 3 * c.d)

    def forward(self, h):
        q, k, v = self.up(h).chunk(3, dim=-1)
        q, k, v = (q.unflatten(-1, (self.n, -1)).transpose(1, 2), k.unflatten(-1, (self.n, -1)).transpose(1, 2),
                   v.unflatten(-1, (self.n, -1)).transpose(1, 2))
        return F.scaled_dot_product_attention(q, k, v).transpose(1, 2).flatten(2)
""",
    ),
    rejects=(
        # Without a softmax; keys and values of another sequence; queries that are normalised before they are compared.
        """
class MultiHeadAttention(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.query = nn.Linear(c.d, c.d)
        self.key = nn.Linear(c.d, c.d)
        self.value = nn.Linear(c.d, c.d)
        self.scale = c.d ** -0.5

    def forward(self, x):
        w = self.query(x) @ self.key(x).transpose(-1, -2) * self.scale
        return (w @ self.value(x)).reshape(x.shape)
""",
        """
class SelfAttention(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.query = nn.Linear(c.d, c.d)
        self.key = nn.Linear(c.d, c.d)
        self.value = nn.Linear(c.d, c.d)

    def forward(self, x, memory):
        k, v = self.key(memory), self.value(memory)
        return F.scaled_dot_product_attention(self.query(x), k, v).reshape(x.shape)
""",
        """
class SelfAttention(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.norm = nn.LayerNorm(c.d)
        self.query = nn.Linear(c.d, c.d)
        self.key = nn.Linear(c.d, c.d)
        self.value = nn.Linear(c.d, c.d)

    def forward(self, x):
        q = self.norm(self.query(x))
        return F.scaled_dot_product_attention(q, self.key(x), self.value(x)).reshape(x.shape)
""",
    ),
)
