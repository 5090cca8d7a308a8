"""Standardisation of time series over the moments that were observed."""

from typing import Any

from hfreader.concepts.model import Citation, Concept, Symbol, Text
from hfreader.concepts.norms import squared
from hfreader.concepts.pattern import Anything, Bind, OneOf, Op, Pattern, Scalar

DEEP_AR = Citation(
    "DeepAR: Probabilistic Forecasting with Autoregressive Recurrent Networks",
    "Salinas, Flunkert, Gasthaus",
    2017,
    "1704.04110",
    "§3.3",
)
X, SEEN = Bind("x", Anything()), Bind("observed", Anything())
COUNT = Bind("count", OneOf((Op(("clamp",), (Op(("sum",), (SEEN,)),)), Op(("sum",), (SEEN,)))))


def _average(of: Pattern) -> Pattern:
    return Op(("div",), (Op(("sum",), (of,)), COUNT))


LOC = Bind("loc", _average(Op(("mul",), (X, SEEN))))
CENTRED = Op(("sub",), (X, LOC))
VARIANCE = _average(squared(Op(("mul",), (CENTRED, SEEN))))
SCALE = Bind("scale", Op(("sqrt",), (Op(("add",), (VARIANCE, Bind("eps", Scalar()))),)))


def reference(x: Any, observed: Any, eps: Any, loc: Any, scale: Any, count: Any = None) -> dict[str, Any]:
    """(x - m) / sqrt(s^2 + eps), mean and variance over the observed moments. Shapes: x (B, T, C), mean and scale
    with one moment (or channel) in place of those they are over."""
    over = tuple(axis for axis, size in enumerate(loc.shape) if size != x.shape[axis])
    seen = observed.to(x.dtype)
    moments = seen.sum(over, keepdim=True).clamp(min=1)
    mean = (x * seen).sum(over, keepdim=True) / moments
    deviation = ((((x - mean) * seen) ** 2).sum(over, keepdim=True) / moments + eps) ** 0.5
    results = {"loc": mean, "scale": deviation.reshape(scale.shape), "output": (x - mean) / deviation}
    return results if count is None else {**results, "count": moments}


_SCALER = """
class {name}(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.e = c.minimum

    def forward(self, x, o):
        n = o.sum(1, keepdim=True).clamp_min(1.0)
        m = (x * o).sum(1, keepdim=True) / n
        v = (((x - m) * o) ** 2).sum(1, keepdim=True) / n
        s = torch.sqrt(v + self.e)
        return {body}
"""

CONCEPT = Concept(
    slug="time-series-head",
    name=Text("Standardisation of time series", "时间序列标准化"),
    explanation=Text(
        "Each series is shifted and scaled to mean 0 and variance 1 by its own observed values, so that one model "
        "serves series of any size. What is predicted is scaled back by the same numbers.",
        "用每条序列自身的已观测值把它平移、缩放到均值 0、方差 1，使同一个模型适用于任意量级的序列。"
        "预测结果再按同样的数还原。",
    ),
    citations=(DEEP_AR,),
    equations=(
        r"\sym{output}=\frac{\sym{x}-\sym{loc}}{\sym{scale}},\quad\sym{loc}=\frac{1}{\sym{count}}\sum_t\sym{observed}_t"
        r"\,\sym{x}_t",
        r"\sym{scale}=\sqrt{\frac{1}{\sym{count}}\sum_t\left(\sym{observed}_t(\sym{x}_t-\sym{loc})\right)^2+\sym{eps}}",
    ),
    symbols=(
        Symbol("x", "x", Text("The series", "序列")),
        Symbol("observed", "o", Text("1 where a value was observed, else 0", "有观测值处为 1，否则为 0")),
        Symbol("count", "n", Text("Number of observed moments, at least 1", "已观测时刻数，至少为 1")),
        Symbol("loc", r"\mu", Text("Mean of the observed values", "已观测值的均值")),
        Symbol("scale", r"\sigma", Text("Their standard deviation", "其标准差")),
        Symbol("eps", r"\epsilon", Text("A small number against division by zero", "防止除以零的小数")),
        Symbol("output", r"\tilde{x}", Text("The standardised series", "标准化后的序列")),
    ),
    patterns=(Bind("output", Op(("div",), (CENTRED, SCALE))),),
    output="output",
    reference=reference,
    matches=(
        _SCALER.format(name="Norm", body="(x - m) / s, m, s"),
        _SCALER.format(name="Other", body="(x - m) / (v + 1e-5).sqrt()"),
    ),
    rejects=(
        # Centred alone; scaled alone; by the variance.
        _SCALER.format(name="StdScaler", body="x - m"),
        _SCALER.format(name="StdScaler", body="x / s"),
        _SCALER.format(name="StdScaler", body="(x - m) / (v + self.e)"),
    ),
)
