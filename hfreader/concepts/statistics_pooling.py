"""Statistics pooling: mean and standard deviation over time."""

from typing import Any

from hfreader.concepts.model import Citation, Concept, NotCovered, Symbol, Text
from hfreader.concepts.pattern import Anything, Bind, OneOf, Op

X_VECTOR = Citation(
    "X-Vectors: Robust DNN Embeddings for Speaker Recognition", "Snyder, Garcia-Romero, Sell, Povey, Khudanpur", 2018
)
X = Bind("x", Anything())
MEAN = Bind("mean", OneOf((Op(("mean",), (X,)), Op(("stack",), (Op(("opaque",), (Op(("mean",), (X,)),)),)))))
DEVIATION = Bind("deviation", Op(("std",), (X,)))


def reference(x: Any, mean: Any, deviation: Any) -> dict[str, Any]:
    """[E[x]; sqrt(Var[x])] over time, the variance with n - 1. Shapes: x (B, T, d), the result (B, 2 d)."""
    if x.dim() != 3 or mean.shape != (x.shape[0], x.shape[2]):
        raise NotCovered("the statistics are not over the second of three dimensions")
    average = x.mean(1)
    spread = (((x - average.unsqueeze(1)) ** 2).sum(1) / (x.shape[1] - 1)) ** 0.5
    both = x.new_zeros(x.shape[0], 2 * x.shape[2])
    both[:, : x.shape[2]], both[:, x.shape[2] :] = average, spread
    return {"mean": average, "deviation": spread, "output": both}


_POOL = """
class {name}(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.a = nn.Linear(2 * c.d, c.d)

    def forward(self, x, y):
        m, s = x.mean(dim=1), x.std(dim=1)
        return {body}
"""

CONCEPT = Concept(
    slug="statistics-pooling",
    name=Text("Statistics pooling", "统计池化"),
    explanation=Text(
        "A recording of any length becomes one vector: the mean of each feature over time beside its standard "
        "deviation. X-vectors, which tell speakers apart, are made from it.",
        "任意长度的录音变为一个向量：每个特征在时间上的均值，并排其标准差。用于区分说话人的 x-vector 由它得来。",
    ),
    citations=(X_VECTOR,),
    equations=(
        r"\sym{output}=\left[\sym{mean};\sym{deviation}\right],\quad\sym{mean}=\frac1T\sum_t\sym{x}_t,\quad"
        r"\sym{deviation}=\sqrt{\frac{1}{T-1}\sum_t(\sym{x}_t-\sym{mean})^2}",
    ),
    symbols=(
        Symbol("x", "x", Text("Features, one row per moment", "特征，每个时刻一行")),
        Symbol("mean", r"\mu", Text("Their mean over time", "时间均值")),
        Symbol("deviation", r"\sigma", Text("Their standard deviation", "标准差")),
        Symbol("output", "p", Text("Both side by side", "两者并排")),
    ),
    patterns=(Bind("output", Op(("cat",), (MEAN, DEVIATION))),),
    output="output",
    reference=reference,
    matches=(
        _POOL.format(name="Norm", body="torch.cat([m, s], dim=-1)"),
        _POOL.format(name="Head", body="self.a(torch.cat((m, s), -1))"),
    ),
    rejects=(
        # Mean alone; of two inputs; a normalisation.
        _POOL.format(name="StatisticsPooling", body="m"),
        _POOL.format(name="StatisticsPooling", body="torch.cat([y.mean(dim=1), s], dim=-1)"),
        _POOL.format(name="StatisticsPooling", body="(x - m) / s"),
    ),
)
