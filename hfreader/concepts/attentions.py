"""Patterns and references of attention, shared by the concepts that describe one form of it."""

from math import isclose
from typing import Any

from hfreader.concepts.model import Chosen, NotCovered, SwitchedOff, Symbol, Text
from hfreader.concepts.pattern import (
    Anything,
    Bind,
    Both,
    DerivedFrom,
    Einsum,
    Element,
    Not,
    Number,
    OneOf,
    Op,
    Pattern,
    Scalar,
    Slice,
)

# The last two dimensions, as code writes them: of heads in a dimension of their own, or folded into the batch.
LAST_TWO = ((-2, -1), (-1, -2), (2, 3), (3, 2), (1, 2), (2, 1))
# A product of matrices, spelt by its dimensions.
BATCHED = "bsij,bsjk->bsik"
LAST = OneOf((Number(-1), Number(3), Number(2)))
# What the kernel of an attention may hold beside queries, keys and values.
DETAILS = (
    "scale",
    "softcap",
    "bias",
    "visible",
    "forbidden",
    "mask",
    "sinks",
    "is_causal",
    "softmax",
    "unscaled",
    "dropped",
)
DETAIL_SYMBOLS = (
    Symbol(
        "scale",
        r"\sqrt{d_k}",
        Text(
            "Square root of the key dimension, or its inverse where code multiplies; or a number that the "
            "configuration sets instead, which the proof then says",
            "键维度的平方根，代码用乘法时为其倒数；或配置另设的数（证明中会注明）",
        ),
    ),
    Symbol(
        "key_scale",
        r"\sqrt[4]{d_k}",
        Text("Its root, where queries and keys are divided each", "其平方根，分别除查询与键时用"),
    ),
    Symbol(
        "mask",
        "M",
        Text(
            "0 where a query may look, minus infinity where not (Transformer paper, §3.2.3)",
            "可见处为 0，不可见处为负无穷（Transformer 论文 §3.2.3）",
        ),
        ("visible", "forbidden", "is_causal"),
    ),
    Symbol("softmax", r"\mathrm{softmax}", Text("Weights over the keys that sum to one", "对键归一化、和为一的权重")),
    Symbol("bias", "B", Text("A bias added to the scores before the mask", "在掩码之前加到分数上的偏置")),
    Symbol("softcap", "c", Text("Bound of the scores: c tanh(s / c)", "分数的上限：c tanh(s / c)")),
    Symbol(
        "sinks",
        "b_h",
        Text("A learned score per head that takes weight from the keys", "每个头一个学习的分数，分走键的权重"),
    ),
    Symbol("visible", r"M_{0}", Text("True where a query may look", "可见处为真")),
    Symbol("forbidden", r"M_{-\infty}", Text("True where a query may not look", "不可见处为真")),
    Symbol(
        "unscaled",
        r"QK^{\top}",
        Text("Scores that nothing divides: the scale is 1", "不作缩放的分数：缩放为 1"),
    ),
    Symbol("dropped", r"M_{0}^{A}", Text("True where a weight is set to 0", "权重置零处为真")),
    Symbol(
        "alpha",
        r"\alpha",
        Text(
            "Divides the scores before their largest is taken away, and multiplies them again",
            "减去最大分数之前的除数，之后再乘回",
        ),
    ),
    Symbol(
        "is_causal", r"M_{\mathrm{causal}}", Text("Whether the kernel masks later positions", "内核是否遮蔽后续位置")
    ),
)


def transposed(key: Pattern) -> Pattern:
    """The transpose of the last two dimensions."""
    swaps = [(("dim0", Number(first)), ("dim1", Number(second))) for first, second in LAST_TWO]
    return OneOf(tuple(Op(("transpose",), (key,), keywords=swap) for swap in swaps))


def product(query: Pattern, key: Pattern) -> Pattern:
    """Q K^T, head by head."""
    across = transposed(key)
    return OneOf(
        (
            Op(("matmul",), (query, across)),
            Einsum((BATCHED,), (query, across)),
            Einsum(("...qc,...kc->...qk",), (query, key)),
        )
    )


def scores(query: Pattern, key: Pattern) -> Pattern:
    """Q K^T over the scale, divided before or after the product, with a bias where one call adds it; queries and keys
    may each be divided by the root of the scale."""
    scale = Bind("scale", Scalar())
    compared = product(query, key)
    divided = _scaled(query, scale)
    beforehand = OneOf((product(divided, _scaled(key, Bind("key_scale", Scalar()))), product(divided, key)))
    plain = (("beta", Number(0)), ("alpha", scale))
    biased = (("beta", Number(1)), ("alpha", scale))
    return OneOf(
        (
            Op(("mul",), (compared, scale)),
            Op(("div",), (compared, scale)),
            Op(("mul",), (beforehand, Number(1))),
            beforehand,
            Op(("baddbmm",), (Anything(), query, transposed(key)), keywords=plain),
            Op(("baddbmm",), (Bind("bias", Anything()), query, transposed(key)), keywords=biased),
        )
    )


def _scaled(value: Pattern, scale: Pattern) -> Pattern:
    return OneOf((Op(("mul",), (value, scale)), Op(("div",), (value, scale))))


def unscaled(query: Pattern, key: Pattern) -> Pattern:
    """Q K^T with no scale, neither of the product nor of queries or keys."""
    divided = DerivedFrom(("div",), through=("chunk", "split", "unpack", "item", "mean", "sum"))
    scaled = OneOf((Op(("mul",), (Anything(), Scalar())), divided))
    compared = Bind("unscaled", product(Both(query, Not(scaled)), Both(key, Not(scaled))))
    return OneOf((Op(("mul",), (compared, Number(1))), compared))


def capped(raw: Pattern) -> Pattern:
    """Scores, or c tanh(scores / c)."""
    cap = Bind("softcap", Scalar())
    return OneOf((Op(("mul",), (Op(("tanh",), (Op(("div",), (raw, cap)),)), cap)), raw))


def masked(raw: Pattern) -> Pattern:
    """Scores with everything that code adds to them or blots out of them before the softmax."""
    biased = Op(("add",), (raw, Bind("bias", Anything())))
    blotted = OneOf((*_blotted(raw), raw))
    return OneOf(
        (
            Op(("add",), (biased, Bind("mask", Anything()))),
            Op(("add",), (blotted, Bind("mask", Anything()))),
            blotted,
            *_blotted(biased),
        )
    )


def _blotted(raw: Pattern) -> tuple[Pattern, ...]:
    """Scores without those that may not be seen."""
    return (
        Op(("masked_fill",), (raw, Bind("forbidden", Anything()))),
        Op(("where",), (Bind("visible", Anything()), raw)),
    )


def steadied(raw: Pattern) -> Pattern:
    """A value, or the value less its largest entry, which leaves a softmax as it is."""
    alpha = Bind("alpha", Scalar())
    relaxed = Op(("mul",), (_without_largest(Op(("div",), (raw, alpha))), alpha))
    return OneOf((_without_largest(raw), relaxed, raw))


def _without_largest(raw: Pattern) -> Pattern:
    return Op(("sub",), (raw, OneOf((Op(("amax",), (raw,)), Element(0, Op(("max",), (raw,)))))))


def softmax(raw: Pattern) -> Pattern:
    """The softmax over the keys, alone or with one more score, the sink, whose weight is then left out."""
    sunk = Op(("cat",), (raw, Bind("sinks", Anything())))
    plain = Op(("softmax",), (steadied(raw),), keywords=(("dim", LAST),))
    return OneOf((Slice(Op(("softmax",), (steadied(sunk),), keywords=(("dim", LAST),)), stop=Number(-1)), plain))


def attention(query: Pattern, key: Pattern, value: Pattern) -> Pattern:
    """The pattern of softmax(Q K^T / scale + mask) V around given patterns for Q, K and V."""
    raw = masked(capped(scores(query, key)))
    weighted = mixed(raw, value)
    unsunk = Op(("matmul",), (Op(("softmax",), (raw,), keywords=(("dim", LAST),)), value))
    shrunk = Op(("sigmoid",), (Op(("sub",), (Op(("logsumexp",), (raw,)), Bind("sinks", Anything()))),))
    settings = (("is_causal", Bind("is_causal", Anything())), ("scale", Bind("scale", Scalar())))
    fused = OneOf(
        (
            Op(("scaled_dot_product_attention",), (query, key, value, Bind("mask", Anything())), optional=settings),
            Op(("scaled_dot_product_attention",), (query, key, value), optional=settings),
            flash(query, key, value, optional=(("softmax_scale", Bind("scale", Scalar())), settings[0])),
        )
    )
    return OneOf((Op(("mul",), (unsunk, shrunk)), weighted, fused))


def mixed(raw: Pattern, value: Pattern) -> Pattern:
    """The values under the softmax of the scores."""
    shares = Bind("softmax", softmax(raw))
    nothing = OneOf((Number(0), Op(("scalar_tensor",), (Number(0),))))
    dropped = Op(("masked_fill",), (shares, Bind("dropped", Anything()), nothing))
    parts = (OneOf((shares, dropped)), value)
    return OneOf((Op(("matmul",), parts), Einsum((BATCHED, "...hqk,...hkc->...qhc"), parts)))


def flash(
    query: Pattern,
    key: Pattern,
    value: Pattern,
    given: tuple[tuple[str, Pattern], ...] = (),
    optional: tuple[tuple[str, Pattern], ...] = (),
) -> Pattern:
    """The library's own kernel, which divides by the root of d_k where it is given no scale."""
    parts = (("query_states", query), ("key_states", key), ("value_states", value))
    return Op(("flash_attention",), keywords=(*parts, *given), optional=optional)


def reference(
    query: Any,
    key: Any,
    value: Any,
    mask: Any = None,
    bias: Any = None,
    visible: Any = None,
    forbidden: Any = None,
    is_causal: Any = False,
    scale: Any = None,
    softcap: Any = None,
    sinks: Any = None,
    unscaled: Any = None,
    dropped: Any = None,
) -> dict[str, Any]:
    """softmax(Q K^T / sqrt(d_k) + M) V; M is 0 where a query may look and minus infinity where it may not.

    Shapes: Q (..., T, d_k), K (..., S, d_k), V (..., S, d_v), with fewer heads than Q where queries are grouped; M
    broadcasts to (..., T, S). A boolean `mask` and `visible` are true where a query may look, `forbidden` where it may
    not. Q may come before it is cut into heads, (B, T, h d_k). `sinks` holds one score per head.
    Where there are scores `unscaled`, nothing divides them; a scale that the configuration sets is taken as it is.
    """
    if unscaled is None and type(scale) in (int, float) and scale == 1 != query.shape[-1]:
        raise SwitchedOff("the caller gives the scale 1, by which nothing is scaled")
    width = query.shape[-1]
    if width != 1 and _divides_by(width, scale):
        raise NotCovered("the scores are divided by d_k itself, as in μP (arXiv:2203.03466, Definition 4.1)")
    # Zamba's heads see the input beside the hidden states, and are twice as wide for it.
    if _divides_by((width / 2) ** 0.5, scale):
        raise NotCovered("the scores are divided by the root of half d_k, as in Zamba (arXiv:2405.16712)")
    query = _in_heads(query, key)
    key, value = (_like(query, one) for one in (key, value))
    query = query.reshape(*key.shape[:-2], *query.shape[-2:])
    factor = scale if isinstance(scale, Chosen) else query.shape[-1] ** -0.5
    raw = query @ key.transpose(-2, -1) * (factor if unscaled is None else 1)
    if softcap is not None:
        raw = softcap * (raw / softcap).tanh()
    raw = masked_scores(raw if bias is None else raw + _unfolded(bias, raw), mask, visible, forbidden)
    if is_causal:
        raw = raw.masked_fill(raw.new_ones(raw.shape[-2:]).tril() == 0, float("-inf"))
    probabilities = weights(raw, sinks)
    used = probabilities if dropped is None else probabilities.masked_fill(dropped, 0.0)
    return {"softmax": probabilities, "output": used.reshape(*value.shape[:-2], *raw.shape[-2:]) @ value}


def _divides_by(size: float, scale: Any) -> bool:
    """Whether a scale, divisor or factor, divides by a size."""
    return type(scale) in (int, float) and any(isclose(scale, one) for one in (size, 1 / size))


def _in_heads(query: Any, key: Any) -> Any:
    """Queries in heads as the keys are: in a dimension of their own, or folded into the batch."""
    if query.dim() != 3 or query.shape[-1] == key.shape[-1] or query.shape[-1] % key.shape[-1]:
        return query
    apart = query.unflatten(-1, (-1, key.shape[-1])).transpose(1, 2)
    return apart.flatten(0, 1) if key.dim() == 3 else apart


def _unfolded(bias: Any, raw: Any) -> Any:
    """A bias whose first dimension holds the heads of all rows, as (B, h, ...) where the scores have it so."""
    folded = raw.dim() == 4 and bias.dim() == 3 and bias.shape[0] == raw.shape[0] * raw.shape[1] != raw.shape[1]
    return bias.unflatten(0, tuple(raw.shape[:2])) if folded else bias


def _like(query: Any, shared: Any) -> Any:
    """Keys or values with every head as often as there are query heads for it."""
    if query.dim() != 4 or shared.dim() != 4 or query.shape[1] == shared.shape[1]:
        return shared
    return shared.repeat_interleave(query.shape[1] // shared.shape[1], 1)


def masked_scores(raw: Any, mask: Any = None, visible: Any = None, forbidden: Any = None) -> Any:
    """Scores (..., T, S) with minus infinity where a query may not look."""
    present = [one for one in (mask, visible, forbidden) if one is not None]
    if raw.dim() == 3 and any(one.dim() == 4 for one in present):
        batch = next(one.shape[0] for one in present if one.dim() == 4)
        raw = raw.unflatten(0, (batch, -1))
    if mask is not None:
        raw = raw + mask if mask.is_floating_point() else raw.masked_fill(~mask, float("-inf"))
    if visible is not None:
        raw = raw.masked_fill(~visible, float("-inf"))
    return raw if forbidden is None else raw.masked_fill(forbidden, float("-inf"))


def weights(raw: Any, sinks: Any = None) -> Any:
    """exp(s) over the sum of all exp(s), and of the sink's where there is one."""
    if sinks is None:
        return raw.softmax(-1)
    sink = sinks.reshape(1, -1, 1, 1) if sinks.numel() == raw.shape[1] else sinks
    total = raw.logsumexp(-1, keepdim=True)
    return (raw - total.logaddexp(sink.expand(total.shape))).exp()
