"""Time series cut into patches."""

from typing import Any

from hfreader.concepts.model import Citation, Concept, NotCovered, Symbol, Text
from hfreader.concepts.pattern import Anything, Bind, OneOf, Op, Returned, Scalar

PATCH_TST = Citation(
    "A Time Series is Worth 64 Words: Long-term Forecasting with Transformers",
    "Nie, Nguyen, Sinthong, Kalagnanam",
    2022,
    "2211.14730",
    "§3.1",
)
X, SIZE, STEP = Bind("x", Anything()), Bind("size", Scalar()), Bind("step", Scalar())
UNFOLDED = OneOf(
    (
        Op(("unfold",), (X,), keywords=(("size", SIZE), ("step", STEP))),
        Op(("unfold",), (X, Anything(), SIZE, STEP)),
    )
)


def reference(x: Any, size: Any, step: Any, like: Any) -> Any:
    """Windows of P moments, S apart. Shapes: x (B, T, C), the result (B, C, N, P)."""
    count = (x.shape[1] - size) // step + 1
    result = x.new_zeros(x.shape[0], x.shape[2], count, size)
    for place in range(count):
        result[:, :, place] = x[:, place * step : place * step + size].transpose(1, 2)
    if result.shape == like.shape:
        return result
    if result.transpose(1, 2).shape != like.shape:
        raise NotCovered("the windows are not over the second dimension")
    return result.transpose(1, 2)


_PATCHES = """
class {name}(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.p, self.s, self.b = c.p, c.s, c.b
        self.l = nn.Linear(c.p, c.d)

    def forward(self, x):
        x = x[:, self.b :, :]
        {body}
"""

CONCEPT = Concept(
    slug="time-series-patches",
    name=Text("Patches of time series", "时间序列分块"),
    explanation=Text(
        "A series is cut into windows of some consecutive moments, which may overlap; each window becomes a token. The "
        "sequence so gets shorter, and a token holds a piece of the curve rather than one point.",
        "把序列切成由若干连续时刻组成的窗口（可以重叠），每个窗口成为一个词元。序列因此变短，词元包含一段曲线而非一个点。",
    ),
    citations=(PATCH_TST,),
    equations=(r"\sym{output}_{n}=\sym{x}_{n\,\sym{step}:\,n\,\sym{step}+\sym{size}}",),
    symbols=(
        Symbol("x", "x", Text("The series, a row for each moment", "序列，每个时刻一行")),
        Symbol("size", "P", Text("Moments in a window", "窗口内的时刻数")),
        Symbol("step", "S", Text("Moments from one window to the next", "相邻窗口的间隔")),
        Symbol("output", "x_p", Text("The windows, by channel", "各通道的窗口")),
    ),
    patterns=(Returned(Bind("output", UNFOLDED)),),
    output="output",
    reference=reference,
    matches=(
        _PATCHES.format(name="Cut", body="return x.unfold(dimension=-2, size=self.p, step=self.s).transpose(-2, -3)"),
        _PATCHES.format(name="Other", body="return x.unfold(-2, self.p, self.s)"),
    ),
    rejects=(
        # One window; windows that a layer maps within the same class; blocks side by side.
        _PATCHES.format(name="Patchify", body="return x[:, : self.p]"),
        _PATCHES.format(name="Patchify", body="return self.l(x.unfold(-2, self.p, self.s))"),
        _PATCHES.format(name="Patchify", body="return x.reshape(x.shape[0], -1, self.p)"),
    ),
)
