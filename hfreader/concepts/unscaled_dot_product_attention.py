"""Dot-product attention whose scores nothing divides."""

from typing import Any

from hfreader.concepts import attentions
from hfreader.concepts.attentions import DETAIL_SYMBOLS, flash, masked, mixed, unscaled
from hfreader.concepts.model import Citation, Concept, Symbol, Text
from hfreader.concepts.papers import T5, TRANSFORMER, at
from hfreader.concepts.pattern import Anything, Bind, Number

QUERY, KEY, VALUE = (Bind(name, Anything()) for name in ("query", "key", "value"))


def reference(
    query: Any,
    key: Any,
    value: Any,
    mask: Any = None,
    bias: Any = None,
    visible: Any = None,
    forbidden: Any = None,
) -> dict[str, Any]:
    """softmax(Q K^T + M) V; shapes as in `attentions.reference`."""
    return attentions.reference(query, key, value, mask, bias, visible, forbidden, unscaled=True)


CONCEPT = Concept(
    slug="unscaled-dot-product-attention",
    name=Text("Unscaled dot-product attention", "无缩放点积注意力"),
    explanation=Text(
        "Every query is compared with every key by a dot product, and a softmax over the keys gives the weights under "
        "which the values are averaged. The dot products are not divided by the square root of their dimension; where "
        "they must stay small, the projections are initialised to smaller weights instead.",
        "每个查询与每个键做点积比较，对键做 softmax 得到权重，输出是值按这些权重的平均。"
        "点积不除以维度的平方根；若要使其不致过大，则把投影初始化为更小的权重。",
    ),
    citations=(
        Citation(
            "Effective Approaches to Attention-based Neural Machine Translation",
            "Luong, Pham, Manning",
            2015,
            "1508.04025",
            "§3.1, the score “dot”",
        ),
        at(TRANSFORMER, "§3.2.1, dot-product attention without the scaling factor"),
        T5,
    ),
    equations=(
        r"\sym{output}=\sym{softmax}\!\left(\sym{query}\,\sym{key}^{\top}+\sym{bias}+\sym{mask}\right)\sym{value}",
    ),
    symbols=(
        Symbol("query", "Q", Text("Queries, one row per position that asks", "查询：每个提问位置一行")),
        Symbol("key", "K", Text("Keys, one row per position that is looked at", "键：每个被查看的位置一行")),
        Symbol("value", "V", Text("Values that are averaged", "被加权平均的值")),
        *DETAIL_SYMBOLS,
        Symbol(
            "output", r"\mathrm{Attention}(Q,K,V)", Text("One mixture of values per query", "每个查询得到的值的混合")
        ),
    ),
    patterns=(
        Bind("output", mixed(masked(unscaled(QUERY, KEY)), VALUE)),
        Bind("output", flash(QUERY, KEY, VALUE, given=(("softmax_scale", Number(1)),))),
    ),
    output="output",
    reference=reference,
    akin=("scaled-dot-product-attention",),
    matches=(
        """
def kernel(q, k, v, m, bias=None):
    w = torch.matmul(q, k.transpose(-1, -2))
    if bias is not None:
        w = w + bias
    return torch.matmul(F.softmax(w + m, dim=-1), v)
""",
        """
class Mixer(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.s = 1.0

    def forward(self, q, k, v, m):
        w = torch.matmul(q, k.transpose(2, 3)) * self.s
        return torch.einsum("bhij,bhjd->bhid", F.softmax(torch.where(m, w, -1e9), dim=-1), v)
""",
        """
from ...modeling_flash_attention_utils import _flash_attention_forward

def kernel(q, k, v, m):
    parts = {"attention_mask": m, "query_length": q.shape[1], "is_causal": True}
    return _flash_attention_forward(query_states=q, key_states=k, value_states=v, softmax_scale=1.0, **parts)
""",
    ),
    rejects=(
        # Scaled before or after the product; no values; no softmax; under a learned temperature.
        """
def attention(q, k, v):
    return F.softmax(q @ k.transpose(-1, -2) / math.sqrt(q.shape[-1]), dim=-1) @ v
""",
        """
def attention(q, k, v, s):
    q = q * s
    return F.softmax((q @ k.transpose(-1, -2)) * 1.0, dim=-1) @ v
""",
        # Scores of distances with scaled keys, beside the scores of words.
        """
def attention(q, k, v, r, s):
    return F.softmax(q @ k.transpose(-1, -2) * s + q @ (r * s).transpose(-1, -2), dim=-1) @ v
""",
        """
def attention(q, k):
    return F.softmax(q @ k.transpose(-1, -2), dim=-1)
""",
        """
def attention(q, k, v):
    return (q @ k.transpose(-1, -2)) @ v
""",
        """
class Attention(nn.Module):
    def __init__(self):
        super().__init__()
        self.t = nn.Parameter(torch.ones(8, 1, 1))

    def forward(self, q, k, v):
        return F.softmax(F.normalize(q, dim=-1) @ F.normalize(k, dim=-1).transpose(-1, -2) * self.t.exp(), dim=-1) @ v
""",
    ),
)
