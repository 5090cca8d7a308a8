"""Root mean square normalisation without a learned scale."""

from typing import Any

from hfreader.concepts.model import Concept, Symbol, Text
from hfreader.concepts.norms import (
    LEARNED,
    ONE_PLUS_LEARNED,
    PLAIN_INPUT,
    gated_by,
    mean,
    root_mean_square_normalised,
    scaled,
    squared,
)
from hfreader.concepts.papers import RMS_NORM, at
from hfreader.concepts.pattern import Anything, Bind, Both, Not, NotPartOf, OneOf, Op, Pattern, Scalar

X = Bind("x", PLAIN_INPUT)
NORMALISED = root_mean_square_normalised(X, Bind("mean_square", mean(squared(X))), Bind("eps", Scalar()))
SCALED: Pattern = OneOf(
    (scaled(Anything(), LEARNED), scaled(Anything(), ONE_PLUS_LEARNED), gated_by(Anything(), Anything()))
)
FUNCTIONAL = Op(("rms_norm",), (X,), optional=(("eps", Bind("eps", Anything())),))
WITH_WEIGHT = Op(("rms_norm",), (Anything(),), keywords=(("weight", LEARNED),))


def reference(x: Any, eps: Any = None) -> Any:
    """x / sqrt(mean(x^2) + eps) over the last dimension; without eps, the smallest step of float64. Shape: (..., n)."""
    return x / ((x**2).mean(-1, keepdim=True) + (2.0**-52 if eps is None else eps)) ** 0.5


_NORM = """
class {name}(nn.Module):
    def __init__(self, n, eps=1e-6):
        super().__init__()
        self.weight = nn.Parameter(torch.zeros(n))
        self.eps = eps

    def forward(self, x):
        {body}
"""

CONCEPT = Concept(
    slug="rms-norm-unweighted",
    name=Text("RMSNorm without a scale", "无权重 RMSNorm"),
    explanation=Text(
        "Each position's features are divided by their root mean square, and nothing is learned. It keeps numbers in "
        "range where a linear map follows that can take the scale in, or where queries and keys are to be compared "
        "by direction.",
        "把每个位置的特征除以它们的均方根，没有可学习的参数。用在后面的线性映射可以吸收缩放之处，"
        "或只按方向比较查询与键之处。",
    ),
    citations=(at(RMS_NORM, "Eq. (4), with g = 1"),),
    equations=(
        r"\sym{output}_i=\frac{\sym{x}_i}{\sqrt{\sym{mean_square}+\sym{eps}}},\qquad"
        r"\sym{mean_square}=\frac{1}{n}\sum_{i=1}^{n}\sym{x}_i^2",
    ),
    symbols=(
        Symbol("x", "a", Text("The input; statistics are over its features", "输入，统计量在其特征上计算")),
        Symbol(
            "mean_square",
            r"\mathrm{RMS}(a)^2",
            Text("Mean of the squares of one position's features", "一个位置各特征平方的均值"),
        ),
        Symbol("eps", r"\epsilon", Text("A small number against division by zero", "防止除以零的小数")),
        Symbol("output", "y", Text("The output, shaped like the input", "输出，形状同输入")),
    ),
    patterns=(
        Bind("output", NotPartOf(NORMALISED, SCALED)),
        Bind("output", NotPartOf(Both(FUNCTIONAL, Not(WITH_WEIGHT)), SCALED)),
    ),
    output="output",
    reference=reference,
    akin=("rms-norm",),
    matches=(
        _NORM.format(name="L2Norm", body="return x * torch.rsqrt(x.pow(2).mean(-1, keepdim=True) + self.eps)"),
        _NORM.format(
            name="LayerNorm",
            body="y = x.float()\n        return (y / ((y * y).mean(dim=-1, keepdim=True) + 1e-5).sqrt()).to(x.dtype)",
        ),
        _NORM.format(name="Functional", body="return F.rms_norm(x, (x.size(-1),), eps=self.eps)"),
    ),
    rejects=(
        # A learned scale follows; only the factor; the mean is subtracted; the sum of squares in place of the mean.
        _NORM.format(
            name="UnweightedRMSNorm",
            body="return self.weight * (x * torch.rsqrt(x.pow(2).mean(-1, keepdim=True) + self.eps)).to(x.dtype)",
        ),
        _NORM.format(
            name="UnweightedRMSNorm",
            body="return x * torch.rsqrt(x.pow(2).mean(-1, keepdim=True) + self.eps) * (1 + self.weight)",
        ),
        _NORM.format(name="UnweightedRMSNorm", body="return torch.rsqrt(x.pow(2).mean(-1, keepdim=True) + self.eps)"),
        _NORM.format(
            name="UnweightedRMSNorm",
            body="c = x - x.mean(-1, keepdim=True)\n"
            "        return x * torch.rsqrt(c.pow(2).mean(-1, keepdim=True) + self.eps)",
        ),
        _NORM.format(
            name="UnweightedRMSNorm",
            body="c = x - x.mean(-1, keepdim=True)\n"
            "        return c * torch.rsqrt(c.pow(2).mean(-1, keepdim=True) + self.eps)",
        ),
        _NORM.format(
            name="UnweightedRMSNorm", body="return x * torch.rsqrt(x.pow(2).sum(-1, keepdim=True) + self.eps)"
        ),
        _NORM.format(name="UnweightedRMSNorm", body="return F.rms_norm(x, (4,), self.weight, self.eps)"),
    ),
)
