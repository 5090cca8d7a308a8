"""Patterns and references of attention in heads: from an input, by linear maps, to a mixture of values."""

from collections.abc import Sequence
from typing import Any

from hfreader.concepts import attentions
from hfreader.concepts.attentions import DETAIL_SYMBOLS, DETAILS
from hfreader.concepts.model import NotCovered, Symbol, Text
from hfreader.concepts.norms import norm
from hfreader.concepts.pattern import (
    LINEAR,
    Anything,
    Bind,
    Both,
    Differs,
    Direct,
    Element,
    Equation,
    Layer,
    Not,
    Number,
    OneOf,
    Op,
    Pattern,
    Select,
    Slice,
)
from hfreader.concepts.rotary_position_embedding import turned

X = Bind("x", Anything())
MEMORY = Bind("memory", Differs("x"))
HEADS = ("query", "key", "value")
ROTARY = ("cos", "sin", "freqs", "half_1", "even", "gathered")
# Symbols that tell the reference a form or a size.
HINTS = frozenset({"scale", "unscaled", "half_1", "even", "gathered", "turned_query"})
FOLD = ("reshape", "view", "flatten")


HEAD_SYMBOLS = (
    Symbol("x", "X", Text("The input, one row per position", "输入，每个位置一行")),
    Symbol("memory", "Y", Text("The sequence that is looked at, one row per position", "被查看的序列，每个位置一行")),
    Symbol("w_query", "W_i^Q", Text("Projection to queries", "查询投影"), ("w_qkv", "w_qkv_heads")),
    Symbol("w_key", "W_i^K", Text("Projection to keys", "键投影"), ("w_qkv", "w_qkv_heads")),
    Symbol("w_value", "W_i^V", Text("Projection to values", "值投影"), ("w_qkv", "w_qkv_heads")),
    Symbol("w_qkv", "W^{QKV}", Text("The three projections in one matrix", "合并在一个矩阵里的三个投影")),
    Symbol(
        "w_qkv_heads", r"[W_i^Q\,W_i^K\,W_i^V]_i", Text("The three projections, head by head", "逐头排列的三个投影")
    ),
    Symbol(
        "query_norm",
        r"\mathrm{Norm}_q",
        Text("Normalisation of the queries, where there is one", "查询的归一化（若有）"),
    ),
    Symbol("key_norm", r"\mathrm{Norm}_k", Text("Normalisation of the keys, where there is one", "键的归一化（若有）")),
    Symbol("query", "Q", Text("Queries, in heads", "分头后的查询")),
    Symbol("key", "K", Text("Keys, in heads", "分头后的键")),
    Symbol("value", "V", Text("Values, in heads", "分头后的值")),
    *DETAIL_SYMBOLS,
    Symbol("gate", "g", Text("A gate on the result, where there is one", "结果上的门（若有）")),
    Symbol(
        "output_norm",
        r"\mathrm{Norm}_o",
        Text("Normalisation before W^O, where there is one", "W^O 之前的归一化（若有）"),
    ),
    Symbol("w_o", "W^O", Text("Output projection", "输出投影")),
)
ROTARY_SYMBOLS = (
    Symbol(
        "cos",
        r"\cos m\Theta",
        Text("Cosines of the angles by which queries and keys are turned", "旋转角的余弦"),
        ("freqs",),
    ),
    Symbol("sin", r"\sin m\Theta", Text("Sines of these angles", "旋转角的正弦"), ("freqs",)),
    Symbol("freqs", r"e^{im\Theta}", Text("Cosines and sines as complex numbers", "以复数表示的余弦与正弦")),
    Symbol(
        "half_1",
        "q_{1:d/2}",
        Text("First coordinates of the pairs, where these are halves", "前后两半配对时各对的第一坐标"),
    ),
    Symbol(
        "even",
        r"q_{1,3,\dots}",
        Text("First coordinates of the pairs, where these are neighbours", "相邻配对时各对的第一坐标"),
    ),
    Symbol(
        "gathered", "Pq", Text("First coordinates of all pairs, then the second ones", "先排所有第一坐标，再排第二坐标")
    ),
    Symbol(
        "turned_query",
        "R_mq",
        Text("The turned queries, where these are normalised and not what is turned", "旋转后才归一化时，旋转后的查询"),
    ),
)


def fused(name: str) -> tuple[Pattern, ...]:
    """One part of a linear map that computes Q, K and V in one: all queries first, or one head after the other."""
    index = HEADS.index(name)
    whole = Layer(LINEAR, (X,), "w_qkv")
    by_head = Layer(LINEAR, (X,), "w_qkv_heads")
    bounds = ({"stop": Anything()}, {"start": Anything(), "stop": Anything()}, {"start": Anything()})
    cut, view = ("split", "chunk", "tensor_split"), ("view", "reshape")
    return (
        Element(index, Op(cut, (Direct(whole),))),
        Slice(Direct(whole), **bounds[index]),
        Element(index, Op(view, (whole, Anything(), Anything(), Number(3)))),
        Element(index, Op(cut, (Op(view, (by_head,)),))),
        Select(index, Op(view, (by_head, Anything(), Anything(), Anything(), Number(3)))),
    )


def projected(name: str, source: Pattern) -> Pattern:
    """Q, K or V by a linear map of its own or as a part of a common one; keys and values of `source`."""
    own = Layer(LINEAR, (X if name == "query" else source,), f"w_{name}")
    return OneOf((own, *fused(name))) if source is X else own


def normalised(one: Pattern, name: str) -> Pattern:
    """A query or key, by itself or normalised."""
    return OneOf((norm(one, f"{name}_norm"), one))


def rotated(one: Pattern, keep: Sequence[str] = ()) -> Pattern:
    """A query or key that is turned by its position, wholly or in its first coordinates."""

    def turn(of: Pattern) -> Pattern:
        return Equation("rotary-position-embedding", where=(("x", of),), keep=tuple(keep))

    rest = Slice(one, start=Anything())
    sections = Op(("split",), (one,))
    return OneOf(
        (
            turn(one),
            Op(("cat",), (turn(Slice(one, stop=Anything())), rest)),
            Op(("cat",), (turn(Element(0, sections)), Element(1, sections))),
        )
    )


def repeated(one: Pattern) -> Pattern:
    """Keys or values of which each head serves several heads of queries."""
    return OneOf((Op(("expand",), (one,)), Op(("repeat_interleave",), (one,))))


def heads(rotary: bool, grouped: bool, source: Pattern = X) -> tuple[Pattern, ...]:
    """The heads side by side again, and what W^O makes of them."""
    query, key = (normalised(projected(name, source), name) for name in HEADS[:2])
    value = projected("value", source)
    if rotary:
        turned_query = Bind("turned_query", rotated(projected("query", source), ROTARY))
        query = OneOf((rotated(query, ROTARY), norm(turned_query, "query_norm")))
        key = OneOf((rotated(key), norm(rotated(projected("key", source)), "key_norm")))
    else:
        turn = Equation("rotary-position-embedding")
        query = Both(query, Not(OneOf((norm(turn), turn))))
    if grouped:
        key, value = repeated(key), repeated(value)
    else:
        key, value = (Both(one, Not(repeated(Anything()))) for one in (key, value))
    where = tuple((name, Bind(name, one)) for name, one in zip(HEADS, (query, key, value), strict=True))
    kinds = ("scaled-dot-product-attention", "unscaled-dot-product-attention")
    joined = Op(FOLD, (OneOf(tuple(Equation(kind, where=where, keep=DETAILS) for kind in kinds)),))
    finished = OneOf(
        (
            norm(joined, "output_norm"),
            Op(("mul",), (joined, Op(("sigmoid",), (Bind("gate", Anything()),)))),
            joined,
        )
    )
    return Bind("output", Layer(LINEAR, (finished,), "w_o")), Bind("output", joined)


def reference(
    x: Any,
    key: Any,
    value: Any,
    memory: Any = None,
    w_query: Any = None,
    w_key: Any = None,
    w_value: Any = None,
    w_qkv: Any = None,
    w_qkv_heads: Any = None,
    query_norm: Any = None,
    key_norm: Any = None,
    cos: Any = None,
    sin: Any = None,
    freqs: Any = None,
    half_1: Any = None,
    even: Any = None,
    gathered: Any = None,
    turned_query: Any = None,
    gate: Any = None,
    output_norm: Any = None,
    w_o: Any = None,
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
    like: Any = None,
) -> dict[str, Any]:
    """Concat(head_1 ... head_h) W^O with head_i = Attention(x W_i^Q, x W_i^K, x W_i^V).

    Shapes: x (B, T, d_model) and memory (B, S, d_memory); the captured `key` and `value` (..., S, d) tell the size of
    a head, and hold the keys and values of earlier positions (S > T) where there is a cache; those of x itself are
    computed here. `cos`, `sin` and the rest turn queries and keys as `turned` says; normalised are these before they
    are turned, or after it where there is a `turned_query`. The result is (B, T, d_model), or
    (T, B, d_model) where `like` is.
    """
    x = x[None] if x.dim() == 2 else x.reshape(x.shape[0], -1, x.shape[-1])
    size = key.shape[-1]
    q, k, v = _projections(
        x, memory, size, key.shape[1] if key.dim() == 4 else None, (w_query, w_key, w_value), w_qkv, w_qkv_heads
    )
    norms = (query_norm, key_norm)
    before, after = (norms, (None, None)) if turned_query is None else ((None, None), norms)
    q, k, v = _heads(q, size, before[0]), _heads(k, size, before[1]), _heads(v, value.shape[-1])
    if cos is not None or freqs is not None:
        part = 2 * (half_1 if half_1 is not None else even).shape[-1] if freqs is None else size
        cos, sin = (cos, sin) if freqs is None else (freqs.real, freqs.imag)
        q, k = (rotate(one, cos, sin, part, half_1 is not None, gathered is not None) for one in (q, k))
    q, k = (one if norm is None else norm(one) for one, norm in zip((q, k), after, strict=True))
    k, v = (
        with_past(now.repeat_interleave(q.shape[1] // now.shape[1], 1), seen) for now, seen in ((k, key), (v, value))
    )
    details = (mask, bias, visible, forbidden, is_causal, scale, softcap, sinks, unscaled, dropped)
    outcome = attentions.reference(q, k, v, *details)["output"]
    joined = outcome.transpose(1, 2).flatten(2)
    if gate is not None:
        opening = gate.reshape(*joined.shape[:2], -1).sigmoid()
        joined = joined * opening.repeat_interleave(joined.shape[-1] // opening.shape[-1], -1)
    joined = joined if output_norm is None else output_norm(joined)
    result = mapped(joined, w_o)
    swapped = like is not None and result.shape != like.shape == result.transpose(0, 1).shape
    output = result.transpose(0, 1) if swapped else result
    return {"key": k.reshape(key.shape), "value": v.reshape(value.shape), "output": output}


def mapped(x: Any, w: Any) -> Any:
    """A linear map of x, or x itself where there is none."""
    return x if w is None else x @ w.weight if w.bias is None else x @ w.weight + w.bias


def _projections(
    x: Any, memory: Any, size: int, heads: int | None, maps: tuple[Any, Any, Any], w_qkv: Any, w_qkv_heads: Any
) -> Sequence[Any]:
    """Q, K and V before they are cut into heads, `heads` of them for queries."""
    if w_qkv_heads is not None:
        wide = mapped(x, w_qkv_heads)
        return [one.flatten(2) for one in wide.unflatten(-1, (-1, 3 * size)).chunk(3, -1)]
    if w_qkv is not None:
        wide = mapped(x, w_qkv)
        queries = size * heads if heads is not None else wide.shape[-1] // 3
        return [wide[..., :queries], *wide[..., queries:].chunk(2, -1)]
    if any(w is None for w in maps):
        raise NotCovered("keys and values come from a cache alone")
    source = x if memory is None else memory.reshape(x.shape[0], -1, memory.shape[-1])
    return [mapped(one, w) for one, w in zip((x, source, source), maps, strict=True)]


def _heads(wide: Any, size: int, norm: Any = None) -> Any:
    """(B, T, h d) as (B, h, T, d), normalised before or after it is cut."""
    full = norm is not None and norm.weight is not None and norm.weight.shape == wide.shape[-1:] != (size,)
    cut = (norm(wide) if full else wide).unflatten(-1, (-1, size))
    return (cut if norm is None or full else norm(cut)).transpose(1, 2)


def rotate(one: Any, cos: Any, sin: Any, part: int, halves: bool, gathered: bool) -> Any:
    """Queries or keys (B, h, T, d) with their first `part` coordinates turned."""
    if cos.dim() >= 3 and cos.shape[-2] == 1 and one.shape[2] > 1:
        # A table for (B, T, h, d): one row for all heads of a position.
        cos, sin = (table.transpose(-2, -3) for table in (cos, sin))
    result = one.clone()
    result[..., :part] = turned(one[..., :part], cos, sin, halves, gathered)
    return result


def with_past(now: Any, seen: Any) -> Any:
    """Keys or values of this input (B, h, T, d) behind those that the cache held before it."""
    whole = seen.reshape(*now.shape[:2], -1, now.shape[-1]).clone()
    whole[:, :, whole.shape[2] - now.shape[2] :] = now
    return whole
