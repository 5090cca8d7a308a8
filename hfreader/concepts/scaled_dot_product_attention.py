"""Scaled dot-product attention, equation (1) of the Transformer paper."""

from typing import Any

from hfreader.concepts.model import Concept, NotCovered, Symbol, Text
from hfreader.concepts.papers import TRANSFORMER, at
from hfreader.concepts.pattern import Anything, Bind, Number, OneOf, Op, Pattern, Scalar

# The last two dimensions, as code writes them: of heads in a dimension of their own, or folded into the batch.
LAST_TWO = ((-2, -1), (-1, -2), (2, 3), (3, 2), (1, 2), (2, 1))


def attention(query: Pattern, key: Pattern, value: Pattern) -> Pattern:
    """The pattern of softmax(Q K^T / scale + mask) V around given patterns for Q, K and V."""
    scale = Bind("scale", Scalar())
    swaps = [(("dim0", Number(first)), ("dim1", Number(second))) for first, second in LAST_TWO]
    transposed = OneOf(tuple(Op(("transpose",), (key,), keywords=swap) for swap in swaps))
    product = Op(("matmul",), (query, transposed))
    beforehand = Op(("matmul",), (OneOf((Op(("mul",), (query, scale)), Op(("div",), (query, scale)))), transposed))
    scores = OneOf(
        (
            Op(("mul",), (product, scale)),
            Op(("div",), (product, scale)),
            Op(("mul",), (beforehand, Number(1))),
            beforehand,
            Op(("baddbmm",), (Anything(), query, transposed), keywords=(("beta", Number(0)), ("alpha", scale))),
        )
    )
    masked = OneOf(
        (
            Op(("add",), (Op(("add",), (scores, Bind("bias", Anything()))), Bind("mask", Anything()))),
            Op(("add",), (scores, Bind("mask", Anything()))),
            Op(("masked_fill",), (scores, Bind("forbidden", Anything()))),
            scores,
        )
    )
    last = OneOf((Number(-1), Number(3)))
    probabilities = Bind("softmax", Op(("softmax",), (masked,), keywords=(("dim", last),)))
    settings = (("is_causal", Bind("is_causal", Anything())), ("scale", scale))
    fused = OneOf(
        (
            Op(("scaled_dot_product_attention",), (query, key, value, Bind("mask", Anything())), optional=settings),
            Op(("scaled_dot_product_attention",), (query, key, value), optional=settings),
        )
    )
    return OneOf((Op(("matmul",), (probabilities, value)), fused))


def reference(
    query: Any,
    key: Any,
    value: Any,
    mask: Any = None,
    bias: Any = None,
    forbidden: Any = None,
    is_causal: Any = False,
    scale: Any = None,
) -> dict[str, Any]:
    """softmax(Q K^T / sqrt(d_k) + M) V; M is 0 where a query may look and minus infinity where it may not.

    Shapes: Q (..., T, d_k), K (..., S, d_k), V (..., S, d_v); M broadcasts to (..., T, S). A boolean `mask` is true
    where a query may look, `forbidden` where it may not. Q may come before it is cut into heads, (B, T, h d_k).
    """
    if isinstance(scale, (int, float)) and scale == 1 and query.shape[-1] != 1:
        raise NotCovered("the scale given is 1: the caller has scaled the queries, or does without")
    if query.dim() == 3 and key.dim() == 4 and query.shape[-1] == key.shape[1] * key.shape[-1]:
        query = query.unflatten(-1, (key.shape[1], key.shape[-1])).transpose(1, 2)
    query = query.reshape(*key.shape[:-2], *query.shape[-2:])
    scores = query @ key.transpose(-2, -1) * query.shape[-1] ** -0.5
    if bias is not None:
        scores = scores + bias
    if mask is not None:
        scores = scores + mask if mask.is_floating_point() else scores.masked_fill(~mask, float("-inf"))
    if forbidden is not None:
        scores = scores.masked_fill(forbidden, float("-inf"))
    if is_causal:
        scores = scores.masked_fill(scores.new_ones(scores.shape[-2:]).tril() == 0, float("-inf"))
    probabilities = scores.softmax(-1)
    return {"softmax": probabilities, "output": probabilities.reshape(*value.shape[:-2], *scores.shape[-2:]) @ value}


CONCEPT = Concept(
    slug="scaled-dot-product-attention",
    name=Text("Scaled dot-product attention", "缩放点积注意力"),
    explanation=Text(
        "Every query is compared with every key by a dot product; a softmax over the keys turns the comparisons into "
        "weights, and the output is the average of the values under these weights. Dividing by the square root of the "
        "key dimension keeps the dot products from growing with it, where the softmax would hardly pass gradients.",
        "每个查询与每个键做点积比较,对键做 softmax 得到权重,输出是值按这些权重的平均。"
        "除以键维度的平方根,使点积不随维度增大,否则 softmax 的梯度会变得极小。",
    ),
    citations=(at(TRANSFORMER, "§3.2.1, Eq. (1); masking: §3.2.3"),),
    equations=(
        r"\sym{output}=\sym{softmax}\!\left(\frac{\sym{query}\,\sym{key}^{\top}}{\sym{scale}}"
        r"+\sym{mask}\right)\sym{value}",
    ),
    symbols=(
        Symbol("query", "Q", Text("Queries, one row per position that asks", "查询:每个提问位置一行")),
        Symbol("key", "K", Text("Keys, one row per position that is looked at", "键:每个被查看的位置一行")),
        Symbol("value", "V", Text("Values that are averaged", "被加权平均的值")),
        Symbol(
            "scale",
            r"\sqrt{d_k}",
            Text(
                "Square root of the key dimension; code often multiplies by its inverse",
                "键维度的平方根;代码常乘其倒数",
            ),
        ),
        Symbol(
            "mask",
            "M",
            Text(
                "0 where a query may look, minus infinity where not; added by §3.2.3's masking, not in Eq. (1)",
                "可见处为 0,不可见处为负无穷;由 §3.2.3 的遮蔽加入,不在公式 (1) 中",
            ),
            ("forbidden", "is_causal"),
        ),
        Symbol(
            "softmax", r"\mathrm{softmax}", Text("Weights over the keys that sum to one", "对键归一化、和为一的权重")
        ),
        Symbol("bias", "B", Text("A bias added to the scores before the mask", "加在分数上的偏置")),
        Symbol("forbidden", r"M_{-\infty}", Text("True where a query may not look", "不可见处为真")),
        Symbol(
            "is_causal",
            r"M_{\mathrm{causal}}",
            Text("Whether the kernel masks later positions", "内核是否遮蔽后续位置"),
        ),
        Symbol(
            "output", r"\mathrm{Attention}(Q,K,V)", Text("One mixture of values per query", "每个查询得到的值的混合")
        ),
    ),
    patterns=(Bind("output", attention(*(Bind(name, Anything()) for name in ("query", "key", "value")))),),
    output="output",
    reference=reference,
    matches=(
        """
def route(a, b, c, m=None, s=None):
    if s is None:
        s = a.size(-1) ** -0.5
    w = torch.matmul(a, b.transpose(2, 3)) * s
    if m is not None:
        w = w + m
    w = F.dropout(F.softmax(w, dim=-1, dtype=torch.float32).to(a.dtype), p=0.1)
    return torch.matmul(w, c).transpose(1, 2), w
""",
        """
def value(values, keys, queries):
    return ((values / math.sqrt(values.shape[-1])) @ keys.transpose(-2, -1)).softmax(-1) @ queries
""",
        """
def kernel(q, k, v, m):
    return F.scaled_dot_product_attention(q, k, v, attn_mask=m)
""",
    ),
    rejects=(
        # A router: a softmax over experts, no values.
        """
def attention(query, key, scaling):
    scores = F.softmax(torch.matmul(query, key.transpose(-1, -2)) * scaling, dim=-1)
    return torch.topk(scores, 2)
""",
        # Maps without values, a mask that is subtracted, no softmax, cosine attention with a learned temperature.
        """
def attention(query, key, m, s):
    return F.softmax(torch.matmul(query, key.transpose(-1, -2)) * s + m, dim=-1)
""",
        """
def attention(query, key, value, mask, s):
    return F.softmax(query @ key.transpose(-1, -2) * s - mask, dim=-1) @ value
""",
        """
def attention(query, key, value, s):
    return (query @ key.transpose(-1, -2) * s) @ value
""",
        """
class Attention(nn.Module):
    def __init__(self):
        super().__init__()
        self.scale = nn.Parameter(torch.ones(8, 1, 1))

    def forward(self, query, key, value):
        scores = F.normalize(query, dim=-1) @ F.normalize(key, dim=-1).transpose(-2, -1)
        return F.softmax(scores * self.scale.clamp(max=4.6).exp(), dim=-1) @ value
""",
        # A softmax over the queries.
        """
def attention(query, key, value, s):
    return F.softmax(query @ key.transpose(-1, -2) * s, dim=-2) @ value
""",
    ),
    hints=frozenset({"scale"}),
)
