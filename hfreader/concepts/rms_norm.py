"""Root mean square normalisation."""

from typing import Any

from hfreader.concepts.model import Concept, Symbol, Text
from hfreader.concepts.norms import (
    LEARNED,
    PLAIN_INPUT,
    divided_by_root,
    gated_by,
    mean,
    root_mean_square_normalised,
    scaled,
    squared,
)
from hfreader.concepts.papers import RMS_NORM, at
from hfreader.concepts.pattern import Anything, Bind, Layer, NotPartOf, Op, Pattern, Scalar

X = Bind("x", PLAIN_INPUT)
MEAN_SQUARE = Bind("mean_square", mean(squared(X)))
WRITTEN = scaled(root_mean_square_normalised(X, MEAN_SQUARE, Bind("eps", Scalar())), Bind("gamma", LEARNED))
# The scale may come first.
SCALED_FIRST = divided_by_root(scaled(X, Bind("gamma", LEARNED)), MEAN_SQUARE, Bind("eps", Scalar()))
SETTINGS: tuple[tuple[str, Pattern], ...] = (("weight", Bind("gamma", Anything())), ("eps", Bind("eps", Anything())))


def reference(x: Any, norm: Any = None, gamma: Any = None, eps: Any = None) -> Any:
    """x / sqrt(mean(x^2) + eps) * g over the last dimension; without eps, the smallest step of float64.

    Shapes: x (..., n), gamma (n,)."""
    if norm is not None:
        gamma, eps = norm.weight, norm.eps
    eps = 2.0**-52 if eps is None else eps
    result = x / ((x**2).mean(-1, keepdim=True) + eps) ** 0.5
    return result if gamma is None else result * gamma


_NORM = """
class {name}(nn.Module):
    def __init__(self, n, eps=1e-6):
        super().__init__()
        self.weight = nn.Parameter(torch.ones(n))
        self.eps = eps

    def f(self, x):
        return x * torch.rsqrt(x.pow(2).mean(-1, keepdim=True) + self.eps)

    def forward(self, x, z=None):
        {body}
"""

CONCEPT = Concept(
    slug="rms-norm",
    name=Text("RMSNorm", "均方根归一化 RMSNorm"),
    explanation=Text(
        "The features of each position are divided by their root mean square and then scaled by a learned vector. "
        "Layer normalisation also subtracts the mean; leaving that out costs nothing in quality and saves time.",
        "把每个位置的特征除以它们的均方根，再乘以可学习的缩放向量。层归一化还要减去均值，省去这一步质量不降而更快。",
    ),
    citations=(at(RMS_NORM, "Eq. (4)"),),
    equations=(
        r"\sym{output}_i=\frac{\sym{x}_i}{\sqrt{\sym{mean_square}+\sym{eps}}}\,\sym{gamma}_i,\qquad"
        r"\sym{mean_square}=\frac{1}{n}\sum_{i=1}^{n}\sym{x}_i^2",
        r"(\sym{gamma},\sym{eps})\in\sym{norm}",
    ),
    symbols=(
        Symbol("x", "a", Text("The input; statistics are over its features", "输入，统计量在其特征上计算")),
        Symbol(
            "mean_square",
            r"\mathrm{RMS}(a)^2",
            Text("Mean of the squares of one position's features", "一个位置各特征平方的均值"),
            ("norm",),
        ),
        Symbol("eps", r"\epsilon", Text("A small number against division by zero", "防止除以零的小数"), ("norm",)),
        Symbol("gamma", "g", Text("Learned scale of each feature", "每个特征可学习的缩放"), ("norm",)),
        Symbol("norm", r"\mathrm{RMSNorm}", Text("The module that holds scale and epsilon", "持有缩放与 ε 的模块")),
        Symbol("output", r"\bar a", Text("The output, shaped like the input", "输出，形状同输入")),
    ),
    patterns=(
        Bind("output", NotPartOf(WRITTEN, gated_by(Anything(), Anything()))),
        Bind("output", SCALED_FIRST),
        Bind("output", Layer(("torch.nn.RMSNorm",), (X,), "norm")),
        Bind("output", Op(("rms_norm",), (X,), keywords=SETTINGS[:1], optional=SETTINGS[1:])),
    ),
    output="output",
    reference=reference,
    akin=("layer-norm", "rms-norm-zero-centered", "rms-norm-unweighted"),
    matches=(
        _NORM.format(
            name="LayerNorm",
            body="y = x.to(torch.float32)\n        v = y.pow(2).mean(-1, keepdim=True)\n"
            "        y = y * torch.rsqrt(v + self.eps)\n        return self.weight * y.to(x.dtype)",
        ),
        _NORM.format(name="Centred", body="return (self.f(x.float()) * self.weight.float()).type_as(x)"),
        _NORM.format(
            name="Power",
            body="m = (x * x).mean(-1, keepdim=True) + self.eps\n"
            "        y = x * torch.pow(m, -0.5)\n        return y * self.weight",
        ),
        _NORM.format(
            name="Quotient",
            body="return x / torch.sqrt(torch.mean(torch.square(x), axis=-1, keepdim=True) + self.eps) * self.weight",
        ),
        _NORM.format(
            name="ScaleFirst",
            body="m = x.pow(2).mean(-1, keepdim=True)\n        return self.weight * x * torch.rsqrt(m + self.eps)",
        ),
        _NORM.format(name="Functional", body="return F.rms_norm(x, (4,), self.weight, self.eps)"),
    ),
    rejects=(
        # The mean is subtracted; 1 + weight; no weight; gated; only the factor; another value is divided; a variance.
        _NORM.format(
            name="RMSNorm",
            body="x = x - x.mean(-1, keepdim=True)\n"
            "        return self.weight * (x - x.mean(-1, keepdim=True)) * "
            "torch.rsqrt((x - x.mean(-1, keepdim=True)).pow(2).mean(-1, keepdim=True) + self.eps)",
        ),
        _NORM.format(name="RMSNorm", body="return self.f(x.float()) * (1.0 + self.weight.float())"),
        _NORM.format(name="RMSNorm", body="return self.f(x)"),
        _NORM.format(name="RMSNorm", body="return self.weight * self.f(x) * F.silu(z)"),
        _NORM.format(name="RMSNorm", body="return self.weight * self.f(x * F.silu(z))"),
        _NORM.format(
            name="RMSNorm", body="return self.weight * torch.rsqrt(x.pow(2).mean(-1, keepdim=True) + self.eps)"
        ),
        _NORM.format(
            name="RMSNorm", body="return self.weight * (z * torch.rsqrt(x.pow(2).mean(-1, keepdim=True) + self.eps))"
        ),
        _NORM.format(name="RMSNorm", body="return self.weight * (x * torch.rsqrt(x.var(-1, keepdim=True) + self.eps))"),
        _NORM.format(
            name="RMSNorm", body="return self.weight * (x * torch.rsqrt(x.pow(2).mean(1, keepdim=True) + self.eps))"
        ),
    ),
)
