"""Feature maps brought to another size, by interpolation."""

from typing import Any

from hfreader.concepts.model import NotCovered
from hfreader.concepts.pattern import Anything, Bind, Both, DerivedFrom, Not, Op, Pattern

# Learned positions are resized too, and are no feature map.
LEARNED = DerivedFrom(("learned", "attribute"), through=("item", "unpack", "interpolate", "cat"))
SETTINGS = (
    ("mode", Bind("mode", Anything())),
    ("align_corners", Bind("align", Anything())),
    ("scale_factor", Bind("scale", Anything())),
)


def interpolation(x: Pattern) -> Pattern:
    """A feature map resized."""
    return Op(("interpolate",), (Both(x, Not(LEARNED)),), optional=SETTINGS)


def resized(x: Any, like: Any, mode: Any = None, align: Any = None, scale: Any = None) -> Any:
    """`x` at the size of `like`, whose values are not read: the nearest value, or linear between the nearest two along
    each dimension. Shapes: x (B, C, *sizes), like (B, C, *sizes')."""
    sizes = like.shape[2:]
    scales = scale if isinstance(scale, (tuple, list)) else [scale] * len(sizes)
    if any(by is not None and old * by != new for by, old, new in zip(scales, x.shape[2:], sizes, strict=True)):
        raise NotCovered("the scale gives no whole size")
    if mode in (None, "nearest"):
        return _nearest(x, sizes)
    if mode in ("linear", "bilinear", "trilinear"):
        return _between(x, sizes, bool(align))
    raise NotCovered(f"interpolation of the kind {mode}")


def _nearest(x: Any, sizes: tuple[int, ...]) -> Any:
    for axis, size in enumerate(sizes, start=2):
        places = _count(x, size).long() * x.shape[axis] // size
        x = x.index_select(axis, places)
    return x


def _between(x: Any, sizes: tuple[int, ...], corners: bool) -> Any:
    for axis, size in enumerate(sizes, start=2):
        old = x.shape[axis]
        if corners:
            place = _count(x, size) * ((old - 1) / max(size - 1, 1))
        else:
            place = ((_count(x, size) + 0.5) * (old / size) - 0.5).clamp(min=0)
        low = place.floor().long().clamp(max=old - 1)
        part = (place - low).reshape(-1, *(1,) * (x.dim() - axis - 1))
        x = x.index_select(axis, low) * (1 - part) + x.index_select(axis, (low + 1).clamp(max=old - 1)) * part
    return x


def _count(x: Any, size: int) -> Any:
    return x.new_ones(size).cumsum(0) - 1
