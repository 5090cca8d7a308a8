"""Stochastic depth (drop path)."""

from typing import Any

from hfreader.concepts.model import Citation, Concept, Symbol, Text
from hfreader.concepts.pattern import Anything, Bind, Number, OneOf, Op, Pattern, Scalar

RATE = Bind("rate", Scalar())
KEEP = Op(("sub",), (Number(1), RATE))
DRAWN: Pattern = OneOf((Op(("floor",), (Op(("add",), (KEEP, Op(("rand",)))),)), Op(("bernoulli",), (Anything(),))))
MASK = Bind("mask", DRAWN)


def reference(x: Any, mask: Any, rate: Any) -> Any:
    """x b / (1 - rate). Shapes: x (B, ...), b (B, 1, ...) of zeros and ones."""
    return x * mask / (1 - rate)


_DROP = """
class {name}(nn.Module):
    def __init__(self, p=0.0):
        super().__init__()
        self.p = p

    def forward(self, x):
        if self.p == 0.0 or not self.training:
            return x
        k = 1 - self.p
        shape = (x.shape[0],) + (1,) * (x.ndim - 1)
        {body}
"""

CONCEPT = Concept(
    slug="stochastic-depth",
    name=Text("Stochastic depth (DropPath)", "随机深度（DropPath）"),
    explanation=Text(
        "In training, the branch of a residual block is left out at random for some samples of the batch, and what is "
        "kept is scaled up to make good for it. Otherwise the block computes as usual.",
        "训练时，残差块的分支对批次中的部分样本随机省略，保留者相应放大。不训练时照常计算。",
    ),
    citations=(
        Citation("Deep Networks with Stochastic Depth", "Huang, Sun, Liu, Sedra, Weinberger", 2016, "1603.09382"),
    ),
    equations=(
        r"\sym{output}=\frac{\sym{mask}}{1-\sym{rate}}\,\sym{x},\qquad"
        r"\sym{mask}\sim\mathrm{Bernoulli}(1-\sym{rate})\text{ for each sample}",
    ),
    symbols=(
        Symbol("x", "f(H)", Text("What the branch of the block computes", "残差块分支的结果")),
        Symbol("mask", "b", Text("0 or 1 for each sample of the batch", "批次中每个样本取 0 或 1")),
        Symbol("rate", "p", Text("How often a branch is left out", "分支被省略的概率")),
        Symbol("output", "y", Text("What is added to the residual stream", "加到残差流的结果")),
    ),
    patterns=(Bind("output", Op(("mul",), (Op(("div",), (Bind("x", Anything()), KEEP)), MASK))),),
    output="output",
    reference=reference,
    matches=(
        _DROP.format(
            name="Identity",
            body="r = torch.floor(torch.rand(shape, dtype=x.dtype, device=x.device) + k)\n        return x.div(k) * r",
        ),
        _DROP.format(name="Dropout", body="r = k + torch.rand(shape)\n        r.floor_()\n        return (x / k) * r"),
    ),
    rejects=(
        # Plain dropout; noise; another factor.
        _DROP.format(name="DropPath", body="return F.dropout(x, self.p, self.training)"),
        _DROP.format(name="DropPath", body="return x.div(k) * torch.rand(shape)"),
        _DROP.format(name="DropPath", body="return x.mul(k) * torch.floor(torch.rand(shape) + k)"),
    ),
)
