"""Pooling: one value for each window."""

from collections.abc import Iterable
from typing import Any

from hfreader.concepts.convolution import LE_NET
from hfreader.concepts.model import Citation, Concept, NotCovered, Symbol, Text
from hfreader.concepts.pattern import Anything, Bind, Both, DerivedFrom, Layer, OneOf, Op

META_FORMER = Citation(
    "MetaFormer Is Actually What You Need for Vision",
    "Yu, Luo, Zhou, Si, Zhou, Wang, Feng, Yan",
    2021,
    "2111.11418",
    "§3.2, Eq. (4)",
)
X = Bind("x", Anything())
KINDS = ("AvgPool", "MaxPool", "AdaptiveAvgPool", "AdaptiveMaxPool")
LAYERS = tuple(f"torch.nn.{kind}{n}d" for kind in KINDS for n in (1, 2))
# A config may choose a convolution in its place.
POOLED = Both(Layer((*LAYERS, "torch.nn.Conv2d"), (X,), "pool"), DerivedFrom(LAYERS))
EQUAL_PARTS = Op(("adaptive_avg_pool1d", "adaptive_avg_pool2d"), (X,))
WINDOW = (("kernel_size", Bind("size", Anything())),)
STEPS = tuple((name, Bind(name, Anything())) for name in ("stride", "padding"))
HIGHEST = Op(("max_pool1d", "max_pool2d"), (X,), keywords=WINDOW, optional=STEPS)
SIGNAL = 3  # dimensions: (B, C, positions)
Span = tuple[int, int, int]


def reference(x: Any, like: Any, pool: Any = None, size: Any = None, stride: Any = None, padding: Any = 0) -> Any:
    """The mean, or the highest value, of each window. Shapes: x (B, C, *sizes), the result (B, C, *sizes')."""
    highest, counted = pool is None and size is not None, False
    if highest and x.dim() == SIGNAL:
        raise NotCovered("channels of a signal, and rows of an image that has no channels, look the same")
    if pool is not None:
        if pool.weight is not None or getattr(pool, "dilation", 1) not in (1, (1, 1)):
            raise NotCovered("no pooling over windows without gaps")
        highest, counted = hasattr(pool, "return_indices"), getattr(pool, "count_include_pad", False)
        size, stride, padding = (getattr(pool, name, None) for name in ("kernel_size", "stride", "padding"))
    for axis in range(-1, 1 - x.dim(), -1):
        old, new = x.shape[axis], like.shape[axis]
        if size is None:
            spans = [(i * old // new, -(-(i + 1) * old // new)) for i in range(new)]
            x = _along(x, axis, [(a, b, b - a) for a, b in spans], highest)
        else:
            one, step, pad = (_at(value, axis) for value in (size, size if stride is None else stride, padding))
            x = _along(x, axis, list(_spans(old, new, (one, step, pad), counted)), highest)
    return x


def _at(value: Any, axis: int) -> Any:
    return value[axis] if isinstance(value, (tuple, list)) else value


def _spans(old: int, new: int, window: Span, counted: bool) -> Iterable[Span]:
    """Where each window begins and ends, and how many values count, with those beyond the ends where `counted`."""
    size, step, pad = window
    for place in range(new):
        first, last = place * step - pad, min(place * step - pad + size, old + pad)
        inside = max(first, 0), min(last, old)
        yield (*inside, last - first if counted else inside[1] - inside[0])


def _along(x: Any, axis: int, spans: list[Span], highest: bool) -> Any:
    """Means, or highest values, in one dimension: those of a window in several follow from these."""
    shape = list(x.shape)
    shape[axis] = len(spans)
    result = x.new_zeros(shape)
    for place, (first, last, count) in enumerate(spans):
        part = x.narrow(axis, first, last - first)
        result.narrow(axis, place, 1).copy_(part.amax(axis, True) if highest else part.sum(axis, True) / count)
    return result


_POOL = """
class {name}(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.a = nn.AvgPool2d(c.k, stride=1, padding=c.k // 2, count_include_pad=False)
        self.b = nn.MaxPool2d(2) if c.max else nn.Conv2d(c.d, c.d, 2, 2)
        self.c = nn.Conv2d(c.d, c.d, 2, 2)
        self.k = c.k

    def forward(self, x):
        return {body}
"""

CONCEPT = Concept(
    slug="pooling",
    name=Text("Pooling", "池化"),
    explanation=Text(
        "Each window of a feature map, or of a signal, is put together to one value: its mean, or its highest. The map "
        "becomes smaller, or, with windows one step apart, smoother.",
        "把特征图或信号的每个窗口合为一个值：均值或最大值。特征图因而变小；若窗口逐格移动，则变得更平滑。",
    ),
    citations=(LE_NET, META_FORMER),
    equations=(
        r"\sym{output}_{c,i}=\frac{1}{|\Omega_i|}\sum_{j\in\Omega_i}\sym{x}_{c,j}\quad\text{or}\quad"
        r"\max_{j\in\Omega_i}\sym{x}_{c,j}",
    ),
    symbols=(
        Symbol("x", "x", Text("The feature map", "特征图")),
        Symbol("pool", r"\Omega", Text("The windows, where a layer has them", "窗口（由层给出时）")),
        Symbol("size", "k", Text("Size of a window", "窗口大小"), ("pool",)),
        Symbol("stride", "s", Text("How far one window is from the next", "相邻窗口的间隔"), ("pool",)),
        Symbol("padding", "p", Text("How far windows reach beyond the ends", "窗口超出边缘的长度"), ("pool",)),
        Symbol("output", "y", Text("One value for each window", "每个窗口一个值")),
    ),
    patterns=(Bind("output", OneOf((POOLED, EQUAL_PARTS, HIGHEST))),),
    output="output",
    reference=reference,
    matches=(
        _POOL.format(name="Norm", body="self.a(x) - x"),
        _POOL.format(name="Other", body="F.adaptive_avg_pool2d(x, (2, 2)).flatten(2).transpose(1, 2)"),
        _POOL.format(name="More", body="F.relu(F.max_pool2d(self.c(x), kernel_size=2, stride=2))"),
        _POOL.format(name="Chosen", body="self.b(x).flatten(2)"),
    ),
    rejects=(
        # A convolution; a mean over everything; every second value.
        _POOL.format(name="Pool", body="self.c(x)"),
        _POOL.format(name="Pool", body="x.mean(dim=(2, 3))"),
        _POOL.format(name="Pool", body="x[:, :, ::2, ::2]"),
    ),
    hints=frozenset({"size", "stride", "padding"}),
)
