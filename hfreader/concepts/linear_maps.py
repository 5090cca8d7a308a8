"""Patterns and computations of learned linear maps, shared by feed-forward networks and experts."""

from typing import Any

from hfreader.concepts.pattern import LINEAR, Anything, Bind, Both, Element, Layer, Number, OneOf, Op, Pattern

LEARNED = Op(("learned",))
# A tensor that the module holds: a parameter of its own, or the weight of a layer.
HELD = OneOf((LEARNED, Op(("attribute",))))
PARTS: tuple[tuple[str, Pattern], ...] = (("chunks", Number(2)),)


def affine(x: Any, w: Any) -> Any:
    """x W + b, without b where the map has none. Shapes: x (..., in), W (in, out), b (out,)."""
    return x @ w.weight if w.bias is None else x @ w.weight + w.bias


def half(index: int, whole: Pattern) -> Pattern:
    """The first or second of two equal parts of a value."""
    return Element(index, OneOf((Op(("chunk",), (whole,), keywords=PARTS), Op(("split",), (whole,)))))


def clamped(value: Pattern, limit: str) -> Pattern:
    """A value that may be held below a limit, named."""
    return OneOf((Op(("clamp",), (value,), keywords=(("max", Bind(limit, Anything())),)), value))


def learned_map(x: Pattern, module: str, weight: str, offset: str) -> Pattern:
    """A linear map of `x`: a layer, or a product with a learned matrix; the module, or matrix and offset, named."""
    matrix = Bind(weight, HELD)
    transposed = Op(("t", "transpose"), (HELD,))
    return OneOf(
        (
            Layer(LINEAR, (x,), module),
            Op(("linear",), (x, matrix, Bind(offset, Anything()))),
            Op(("linear",), (x, matrix)),
            Op(("matmul",), (x, Bind(f"{weight}_transposed", Both(transposed, Anything())))),
        )
    )
