"""Scaling of time series by the mean of their absolute values."""

from typing import Any

from hfreader.concepts.model import Concept, Symbol, Text
from hfreader.concepts.pattern import Anything, Bind, Op
from hfreader.concepts.time_series_head import DEEP_AR

X, SEEN = Bind("x", Anything()), Bind("observed", Anything())
COUNT = Op(("sum",), (SEEN,))
MEAN = Op(("div",), (Op(("sum",), (Op(("abs",), (Op(("mul",), (X, SEEN)),)),)), Op(("clamp",), (COUNT,))))
FILLED = Op(("where",), (Op(("gt",), (COUNT, Anything())), MEAN, Bind("default", Anything())))
SCALE = Bind("scale", Op(("clamp",), (FILLED,), keywords=(("min", Bind("minimum", Anything())),)))


def reference(x: Any, observed: Any, default: Any, minimum: Any, scale: Any) -> dict[str, Any]:
    """x / v, v the mean of the observed absolute values, or a default where nothing was observed. Shapes: x (B, T, C),
    the scale with one moment in place of all."""
    over = tuple(axis for axis, size in enumerate(scale.shape) if size != x.shape[axis])
    seen = observed.to(x.dtype)
    moments = seen.sum(over, keepdim=True)
    mean = (x * seen).abs().sum(over, keepdim=True) / moments.clamp(min=1)
    value = mean.where(moments > 0, default).clamp(min=minimum)
    return {"scale": value, "output": x / value}


_SCALER = """
class {name}(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.e = c.minimum

    def forward(self, x, o):
        a = (x * o).abs().sum(1, keepdim=True)
        n = o.sum(1, keepdim=True)
        s = a / torch.clamp(n, min=1)
        d = (a.sum(dim=0) / torch.clamp(n.sum(0), min=1)).squeeze()
        s = torch.where(n > 0, s, d)
        s = torch.clamp(s, min=self.e)
        return {body}
"""

CONCEPT = Concept(
    slug="time-series-mean-scaling",
    name=Text("Mean scaling of time series", "时间序列均值缩放"),
    explanation=Text(
        "Each series is divided by the mean of its observed absolute values, so that one model serves series of any "
        "size. Where nothing was observed, the mean of the batch or a fixed number stands in.",
        "把每条序列除以其已观测值绝对值的均值，使同一个模型适用于任意量级的序列。没有观测值时，用整批的均值或固定数代替。",
    ),
    citations=(DEEP_AR,),
    equations=(
        r"\sym{output}=\frac{\sym{x}}{\sym{scale}},\quad\sym{scale}=\max\!\left(\frac{\sum_t|\sym{observed}_t\,"
        r"\sym{x}_t|}{\sum_t\sym{observed}_t},\,\sym{minimum}\right)\ \text{or }\sym{default}",
    ),
    symbols=(
        Symbol("x", "x", Text("The series", "序列")),
        Symbol("observed", "o", Text("1 where a value was observed, else 0", "有观测值处为 1，否则为 0")),
        Symbol("default", r"\nu_0", Text("The scale where nothing was observed", "没有观测值时的尺度")),
        Symbol("minimum", r"\epsilon", Text("The least scale", "最小尺度")),
        Symbol("scale", r"\nu", Text("Mean of the observed absolute values", "已观测值绝对值的均值")),
        Symbol("output", r"\tilde{x}", Text("The scaled series", "缩放后的序列")),
    ),
    patterns=(Bind("output", Op(("div",), (X, SCALE))),),
    output="output",
    reference=reference,
    # Where every series is observed, no default is seen.
    hints=frozenset({"default", "minimum"}),
    matches=(_SCALER.format(name="Norm", body="x / s, torch.zeros_like(s), s"),),
    rejects=(
        # Not divided; another input; by the sum.
        _SCALER.format(name="MeanScaler", body="x * s"),
        _SCALER.format(name="MeanScaler", body="o / s"),
        _SCALER.format(name="MeanScaler", body="x / a"),
    ),
)
