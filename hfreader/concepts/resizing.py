"""Feature maps brought to another size, by interpolation."""

from typing import Any

from hfreader.concepts.model import NotCovered
from hfreader.concepts.pattern import Anything, Bind, Both, DerivedFrom, Not, Op, Pattern
from hfreader.facts.phrases import phrase

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
    """`x` at the size of `like`, whose values are not read: the nearest value, or linear between the nearest two or
    cubic between the nearest four along each dimension. Shapes: x (B, C, *sizes), like (B, C, *sizes')."""
    sizes = like.shape[2:]
    scales = scale if isinstance(scale, (tuple, list)) else [scale] * len(sizes)
    if any(by is not None and old * by != new for by, old, new in zip(scales, x.shape[2:], sizes, strict=True)):
        raise NotCovered("the scale gives no whole size")
    if mode in (None, "nearest"):
        return _nearest(x, sizes)
    if mode in ("linear", "bilinear", "trilinear"):
        return _between(x, sizes, bool(align), cubic=False)
    if mode == "bicubic":
        return _between(x, sizes, bool(align), cubic=True)
    raise NotCovered(phrase("interpolation of the kind %(mode)s", mode=str(mode)))


def _nearest(x: Any, sizes: tuple[int, ...]) -> Any:
    for axis, size in enumerate(sizes, start=2):
        places = _count(x, size).long() * x.shape[axis] // size
        x = x.index_select(axis, places)
    return x


def _between(x: Any, sizes: tuple[int, ...], corners: bool, cubic: bool) -> Any:
    for axis, size in enumerate(sizes, start=2):
        old = x.shape[axis]
        if corners:
            place = _count(x, size) * ((old - 1) / max(size - 1, 1))
        else:
            place = (_count(x, size) + 0.5) * (old / size) - 0.5
        shape = (-1, *(1,) * (x.dim() - axis - 1))
        x = sum(x.index_select(axis, index) * weight.reshape(shape) for index, weight in taps(place, old, cubic))
    return x


def taps(place: Any, size: int, cubic: bool) -> list[tuple[Any, Any]]:
    """The entries among `size` that lie next to each place, those beyond the border replaced by the last one, each
    with its weight: two by linear, four by cubic convolution (Keys, 1981, with a = -0.75). Shapes: all as `place`."""
    base = place.floor()
    found = []
    for offset in (-1, 0, 1, 2) if cubic else (0, 1):
        distance = (place - base - offset).abs()
        found.append(((base + offset).long().clamp(0, size - 1), _cubic(distance) if cubic else 1 - distance))
    return found


def _cubic(distance: Any) -> Any:
    near = 1.25 * distance**3 - 2.25 * distance**2 + 1
    far = -0.75 * (distance**3 - 5 * distance**2 + 8 * distance - 4)
    return near * (distance <= 1) + far * (distance > 1)


def _count(x: Any, size: int) -> Any:
    return x.new_ones(size).cumsum(0) - 1
