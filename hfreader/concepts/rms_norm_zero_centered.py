"""RMSNorm whose scale is one plus what is learned."""

from typing import Any

from hfreader.concepts.model import Concept, Symbol, Text
from hfreader.concepts.norms import LEARNED, mean, root_mean_square_normalised, scaled, squared
from hfreader.concepts.papers import GEMMA, RMS_NORM, at
from hfreader.concepts.pattern import Anything, Bind, Number, Op, Scalar

X = Bind("x", Anything())
NORMALISED = root_mean_square_normalised(X, Bind("mean_square", mean(squared(X))), Bind("eps", Scalar()))


def reference(x: Any, weight: Any, eps: Any) -> Any:
    """x / sqrt(mean(x^2) + eps) * (1 + w) over the last dimension. Shapes: x (..., n), w (n,)."""
    return x / ((x**2).mean(-1, keepdim=True) + eps) ** 0.5 * (1 + weight)


_NORM = """
class {name}(nn.Module):
    def __init__(self, n, eps=1e-6):
        super().__init__()
        self.weight = nn.Parameter(torch.zeros(n))
        self.eps = eps

    def f(self, x):
        return x * torch.rsqrt(x.pow(2).mean(-1, keepdim=True) + self.eps)

    def forward(self, x):
        return {body}
"""

CONCEPT = Concept(
    slug="rms-norm-zero-centered",
    name=Text("Zero-centred RMSNorm", "零中心 RMSNorm"),
    explanation=Text(
        "RMSNorm that multiplies by one plus the learned weight. The weight starts at zero and weight decay draws it "
        "back there, so that the norm starts as, and decays towards, a plain division by the root mean square.",
        "RMSNorm 的缩放为 1 加上可学习的权重。权重从 0 开始，权重衰减也把它拉回 0,"
        "因此归一化以单纯除以均方根为起点和归宿。",
    ),
    citations=(GEMMA, at(RMS_NORM, "Eq. (4)")),
    equations=(
        r"\sym{output}_i=\frac{\sym{x}_i}{\sqrt{\sym{mean_square}+\sym{eps}}}\,(1+\sym{weight}_i),\qquad"
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
        Symbol("weight", "w", Text("What is learned of the scale, zero at first", "缩放中可学习的部分，初始为零")),
        Symbol("output", "y", Text("The output, shaped like the input", "输出，形状同输入")),
    ),
    patterns=(Bind("output", scaled(NORMALISED, Op(("add",), (Number(1), Bind("weight", LEARNED))))),),
    output="output",
    reference=reference,
    akin=("rms-norm",),
    matches=(
        _NORM.format(name="LayerNorm", body="(self.f(x.float()) * (1.0 + self.weight.float())).type_as(x)"),
        _NORM.format(name="Plain", body="(self.weight + 1) * self.f(x)"),
    ),
    rejects=(
        # Plain scale; another constant; the scale before the norm; a layer norm.
        _NORM.format(name="RMSNorm", body="self.f(x) * self.weight"),
        _NORM.format(name="RMSNorm", body="self.f(x) * (2.0 + self.weight)"),
        _NORM.format(name="RMSNorm", body="self.f(x * (1.0 + self.weight))"),
        _NORM.format(name="RMSNorm", body="self.f(x - x.mean(-1, keepdim=True)) + self.weight + 1"),
    ),
)
