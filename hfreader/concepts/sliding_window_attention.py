"""Attention in which a position looks at no more than a window of positions before it."""

from typing import Any

from hfreader.concepts.attentions import DETAIL_SYMBOLS, DETAILS
from hfreader.concepts.attentions import reference as attention_reference
from hfreader.concepts.model import Citation, Concept, NotCovered, SwitchedOff, Symbol, Text
from hfreader.concepts.papers import LONGFORMER, at
from hfreader.concepts.pattern import Anything, Bind, Both, Direct, Element, Equation, Itself, Not, Op

FOLD = ("reshape", "view", "flatten")
WHERE = tuple((name, Bind(name, Anything())) for name in ("query", "key", "value"))
ATTENTION = Bind("output", Equation("scaled-dot-product-attention", where=WHERE, keep=DETAILS))
# The interface of transformers' attention functions: the window is an argument beside queries, keys and values.
WINDOWED = Element(0, Op(("function",), keywords=(("sliding_window", Bind("window", Not(Direct(Op(("constant",)))))),)))


def reference(
    query: Any,
    key: Any,
    value: Any,
    window: Any = None,
    mask: Any = None,
    bias: Any = None,
    softcap: Any = None,
    sinks: Any = None,
    scale: Any = None,
) -> dict[str, Any]:
    """Attention under M_ij = 0 where 0 <= i - j < w, and under the mask given besides
    (padding, and the same window again)."""
    queries, keys = query.shape[-2], key.shape[-2]
    if not isinstance(window, int):
        raise SwitchedOff("no window is set")
    if window >= keys:
        raise NotCovered("the window is wider than the sequence, nothing is hidden")
    if queries != keys:
        raise NotCovered("earlier keys come from a cache, which drops those beyond the window itself")
    if mask is None or not mask.is_floating_point():
        raise NotCovered("there is no additive mask")
    ahead = mask.new_ones(mask.shape[-2:]).triu(1) == 1
    if mask.shape[-2:] != (queries, keys) or bool((mask > -1)[..., ahead].any()):
        raise NotCovered("the attention looks ahead")
    distance = mask.new_ones(queries, keys).cumsum(0) - mask.new_ones(queries, keys).cumsum(1)
    near = (distance >= 0) & (distance < window)
    hidden = mask.masked_fill(~near, float("-inf"))
    return attention_reference(query, key, value, hidden, bias, softcap=softcap, sinks=sinks, scale=scale)


CONCEPT = Concept(
    slug="sliding-window-attention",
    name=Text("Sliding-window attention", "滑动窗口注意力"),
    explanation=Text(
        "A position looks at itself and at the w - 1 positions before it, no further back. What lies further back "
        "still reaches it through the layers below, and the cache need hold only w positions.",
        "每个位置只看自己和之前的 w - 1 个位置，不再往前看。更早的内容仍可经下层传来，而缓存只需保留 w 个位置。",
    ),
    citations=(at(LONGFORMER, "§3.1"), Citation("Mistral 7B", "Jiang et al.", 2023, "2310.06825", "§2")),
    equations=(
        (
            r"\sym{output}=\sym{softmax}\!\left(\frac{\sym{query}\,\sym{key}^{\top}}{\sym{scale}}+\sym{mask}"
            r"\right)\sym{value}"
        ),
        r"\sym{mask}_{ij}=\begin{cases}0&0\le i-j<\sym{window}\\-\infty&\text{else}\end{cases}",
    ),
    symbols=(
        Symbol("query", "Q", Text("Queries", "查询")),
        Symbol("key", "K", Text("Keys", "键")),
        Symbol("value", "V", Text("Values", "值")),
        Symbol("window", "w", Text("The number of positions that one looks at", "可见位置的个数")),
        *DETAIL_SYMBOLS,
        Symbol(
            "output", r"\mathrm{Attention}(Q,K,V)", Text("One mixture of values per query", "每个查询得到的值的混合")
        ),
    ),
    patterns=(Op(FOLD, (Both(WINDOWED, Itself(ATTENTION)),)),),
    output="output",
    reference=reference,
    matches=(
        """
def kernel(module, q, k, v, m, scaling, **more):
    w = q @ k.transpose(2, 3) * scaling
    if m is not None:
        w = w + m
    w = F.softmax(w, dim=-1)
    return (w @ v).transpose(1, 2), w

class Mixer(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.w, self.s = c.w, c.h ** -0.5

    def forward(self, q, k, v, m):
        y, _ = kernel(self, q, k, v, m, scaling=self.s, sliding_window=self.w)
        return y.reshape(*y.shape[:2], -1)
""",
    ),
    rejects=(
        # No window; a window that something else than an attention is given.
        """
class SlidingWindow(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.sliding_window = c.w

    def forward(self, q, k, v, m):
        return F.scaled_dot_product_attention(q, k, v, attn_mask=m).reshape(q.shape)
""",
        """
def partition(x, sliding_window):
    return x.unflatten(1, (-1, sliding_window)), None

class SlidingWindow(nn.Module):
    def forward(self, x):
        y, _ = partition(x, sliding_window=4)
        return y.reshape(x.shape)
""",
    ),
    hints=frozenset({"scale", "window"}),
)
