"""Batch normalisation with fixed statistics."""

from typing import Any

from hfreader.concepts.model import Citation, Concept, NotCovered, Symbol, Text
from hfreader.concepts.norms import divided_by_root
from hfreader.concepts.pattern import Anything, Bind, Layer, Op, Scalar

BATCH_NORMS = tuple(f"torch.nn.BatchNorm{axes}d" for axes in (1, 2, 3))
KEPT = Op(("buffer",))
X = Bind("x", Anything())
SCALE = divided_by_root(Bind("gamma", KEPT), Bind("variance", KEPT), Bind("eps", Scalar()))
SHIFT = Op(("sub",), (Bind("beta", KEPT), Op(("mul",), (Bind("mean", KEPT), SCALE))))


def reference(
    x: Any,
    norm: Any = None,
    gamma: Any = None,
    beta: Any = None,
    mean: Any = None,
    variance: Any = None,
    eps: Any = None,
) -> Any:
    """gamma (x - mean) / sqrt(variance + eps) + beta for each channel. Shapes: x (B, C, ...), the others (C,) or
    such that they broadcast with x."""
    if norm is not None:
        if norm.training or norm.running_mean is None:
            raise NotCovered("the statistics are those of the batch")
        over = (1, -1, *(1 for _ in x.shape[2:]))
        mean, variance, eps = norm.running_mean.reshape(over), norm.running_var.reshape(over), norm.eps
        gamma = None if norm.weight is None else norm.weight.reshape(over)
        beta = None if norm.bias is None else norm.bias.reshape(over)
    result = (x - mean) / (variance + eps) ** 0.5
    result = result if gamma is None else result * gamma
    return result if beta is None else result + beta


_NORM = """
class {name}(nn.Module):
    def __init__(self, n):
        super().__init__()
        self.weight, self.bias = nn.Buffer(torch.ones(n)), nn.Buffer(torch.zeros(n))
        self.m, self.v = nn.Buffer(torch.zeros(n)), nn.Buffer(torch.ones(n))
        self.g, self.b = nn.GroupNorm(1, n), nn.BatchNorm2d(n)

    def forward(self, x):
        w, b = self.weight.reshape(1, -1, 1, 1), self.bias.reshape(1, -1, 1, 1)
        v, m = self.v.reshape(1, -1, 1, 1), self.m.reshape(1, -1, 1, 1)
        {body}
"""

CONCEPT = Concept(
    slug="frozen-batch-norm",
    name=Text("Batch normalization", "批归一化"),
    explanation=Text(
        "Each channel is shifted and scaled by the mean and variance that it had over the training batches, then by "
        "learned numbers. When a trained model runs, or its norms are frozen, all of these are constants.",
        "每个通道按训练批次上的均值和方差平移、缩放，再用可学习的数缩放、平移。模型推理时或归一化被冻结时，这些都是常数。",
    ),
    citations=(
        Citation(
            "Batch Normalization: Accelerating Deep Network Training by Reducing Internal Covariate Shift",
            "Ioffe, Szegedy",
            2015,
            "1502.03167",
            "Algorithm 1, 2",
        ),
    ),
    equations=(
        r"\sym{output}=\sym{gamma}\,\frac{\sym{x}-\sym{mean}}{\sqrt{\sym{variance}+\sym{eps}}}+\sym{beta}",
        r"(\sym{gamma},\sym{beta},\sym{mean},\sym{variance},\sym{eps})\in\sym{norm}",
    ),
    symbols=(
        Symbol("x", "x", Text("The input, its second dimension the channels", "输入，第二维为通道")),
        Symbol(
            "mean",
            r"\mu",
            Text("Mean of each channel in training", "训练时各通道的均值"),
            ("norm",),
        ),
        Symbol("variance", r"\sigma^2", Text("Its variance", "方差"), ("norm",)),
        Symbol("eps", r"\epsilon", Text("A small number against division by zero", "防止除以零的小数"), ("norm",)),
        Symbol("gamma", r"\gamma", Text("Scale of each channel", "各通道的缩放"), ("norm",)),
        Symbol("beta", r"\beta", Text("Shift of each channel", "各通道的平移"), ("norm",)),
        Symbol("norm", r"\mathrm{BN}", Text("The module that holds them", "持有它们的模块")),
        Symbol("output", "y", Text("The output, shaped like the input", "输出，形状同输入")),
    ),
    patterns=(
        Bind("output", Op(("add",), (Op(("mul",), (X, SCALE)), SHIFT))),
        Bind("output", Layer(BATCH_NORMS, (X,), "norm")),
    ),
    output="output",
    reference=reference,
    matches=(
        _NORM.format(name="Affine", body="s = w * (v + 1e-5).rsqrt()\n        b = b - m * s\n        return x * s + b"),
        _NORM.format(name="Direct", body="return self.b(x)"),
    ),
    rejects=(
        # Statistics of the input; another norm; the mean is not scaled.
        _NORM.format(name="BatchNorm2d", body="return (x - x.mean((2, 3), keepdim=True)) * (v + 1e-5).rsqrt() * w + b"),
        _NORM.format(name="BatchNorm2d", body="return self.g(x)"),
        _NORM.format(name="BatchNorm2d", body="return x * (w * (v + 1e-5).rsqrt()) + (b - m)"),
    ),
)
