"""The causal mask."""

from typing import Any

from hfreader.concepts.model import Concept, NotCovered, Symbol, Text
from hfreader.concepts.papers import TRANSFORMER, at
from hfreader.concepts.pattern import Anything, Bind, Number, Op

MINUS = Bind("minus_infinity", Anything())
FULL = Op(("full", "full_like", "new_full"), (Anything(), MINUS))
LATER = (("diagonal", Number(1)),)


FURTHER = (("block_sequence_ids", "blocks"), ("or_mask_function", "or_function"), ("and_mask_function", "and_function"))
ARGUMENTS = tuple((name, Bind(symbol, Anything())) for name, symbol in (("attention_mask", "padding"), *FURTHER))


def reference(
    like: Any, padding: Any = None, blocks: Any = None, or_function: Any = None, and_function: Any = None
) -> Any:
    """M_ij = 0 where j <= i, minus infinity elsewhere; positions that `padding` marks with 0 are hidden, too.

    Shapes: the mask (..., T, S) with S >= T, query i standing at position S - T + i; padding (B, S or more) or None, of
    which the last S count where a cache has dropped what comes before.
    """
    if any(one is not None for one in (blocks, or_function, and_function)):
        raise NotCovered("the mask follows further rules beside the causal one")
    if padding is not None and padding.dim() != 2:
        raise NotCovered("the attention mask given is no padding mask")
    queries, keys = like.shape[-2:]
    hidden = (like.new_ones(queries, keys).double().tril(keys - queries) == 0).expand(like.shape).clone()
    if padding is not None:
        hidden = hidden | (padding[:, None, None, -keys:] == 0)
    return hidden.double().masked_fill(hidden, float("-inf"))


CONCEPT = Concept(
    slug="causal-mask",
    name=Text("Causal mask", "因果掩码"),
    explanation=Text(
        "A position may look at itself and at what stands before it, never at what comes after. Minus infinity "
        "is added to "
        "the scores of later positions, so that their weight after the softmax is zero.",
        "一个位置只能看自己和之前的位置，不能看之后的。在之后位置的分数上加负无穷，使其 softmax 后的权重为零。",
    ),
    citations=(at(TRANSFORMER, "§3.2.3"),),
    equations=(r"\sym{output}_{ij}=\begin{cases}0&j\le i\\\sym{minus_infinity}&j>i\end{cases}",),
    symbols=(
        Symbol(
            "padding",
            "p",
            Text("1 for tokens, 0 for padding, which is hidden as well", "词元为 1，填充为 0，填充同样不可见"),
        ),
        Symbol(
            "minus_infinity",
            r"-\infty",
            Text("Minus infinity, in code often the least finite number", "负无穷，代码中常用最小有限数"),
        ),
        Symbol(
            "blocks", "b", Text("Blocks inside which positions look both ways, or None", "块内可双向可见；无则为 None")
        ),
        Symbol("or_function", r"\lor", Text("Lets a query look at more, or None", "放宽可见范围的函数，无则为 None")),
        Symbol("and_function", r"\land", Text("Lets a query look at less, or None", "收窄可见范围的函数，无则为 None")),
        Symbol("output", "M", Text("The mask, added to the scores", "加在分数上的掩码")),
    ),
    patterns=(
        Bind("output", Op(("causal_mask",), optional=ARGUMENTS, closed=True)),
        Bind("output", Op(("triu",), (FULL,), keywords=LATER)),
    ),
    output="output",
    reference=reference,
    matches=(
        """
def bidirectional(c, x, m):
    return create_causal_mask(config=c, inputs_embeds=x, attention_mask=m, past_key_values=None)
""",
        """
def lower(t, s):
    return torch.triu(torch.full((t, s), float('-inf')), diagonal=1)
""",
    ),
    rejects=(
        # Both directions; the wrong diagonal; what is kept instead of what is hidden; what comes before; arguments that
        # nobody lists, among which further rules may be.
        """
def causal_mask(**rules):
    return create_causal_mask(**rules)
""",
        """
def causal_mask(c, x, m):
    return create_bidirectional_mask(config=c, inputs_embeds=x, attention_mask=m)
""",
        """
def causal_mask(t):
    return torch.triu(torch.full((t, t), float('-inf')), diagonal=0)
""",
        """
def causal_mask(t):
    return torch.triu(torch.ones(t, t), diagonal=1)
""",
        """
def causal_mask(t):
    return torch.tril(torch.full((t, t), float('-inf')), diagonal=-1)
""",
    ),
)
