"""A number predicted as a distribution over fixed values."""

from typing import Any

from hfreader.concepts.linear_maps import LEARNED
from hfreader.concepts.model import Citation, Concept, Symbol, Text
from hfreader.concepts.pattern import Anything, Bind, Both, DerivedFrom, Einsum, Not, OneOf, Op

FOCAL = Citation(
    "Generalized Focal Loss: Learning Qualified and Distributed Bounding Boxes for Dense Object Detection",
    "Li, Wang, Wu, Chen, Hu, Li, Tang, Yang",
    2020,
    "2006.04388",
    "§3.2",
)
ADA_BINS = Citation(
    "AdaBins: Depth Estimation using Adaptive Bins", "Bhat, Alhashim, Wonka", 2020, "2011.14141", "§3.2"
)
SHARE = Bind("share", Anything())
SHARES = Op(("div",), (SHARE, Op(("sum",), (SHARE,))))
P = Bind("p", OneOf((Op(("softmax",)), SHARES)))
ARITHMETIC = ("exp", "log", "add", "sub", "mul", "div", "clamp", "item")
VALUES = Bind("values", Both(DerivedFrom(("linspace", "buffer"), through=ARITHMETIC), Anything()))
GIVEN = Bind("values", Both(Not(LEARNED), Anything()))


def reference(p: Any, values: Any, like: Any, share: Any = None) -> dict[str, Any]:
    """sum_i p_i b_i, with p_i = a_i / sum_j a_j where it is made so. Shapes: p (..., bins) or (B, bins, H, W) with b
    (bins,) or (1, bins), the result without the dimension of the bins, or with one in its place."""
    column = values.reshape(-1).to(p)
    if p.shape[-1] == column.numel() and like.numel() == p.numel() // column.numel():
        result = (p * column).sum(-1)
    else:
        result = (p * column.reshape(-1, *(1,) * (p.dim() - 2))).sum(1)
    found = {} if share is None else {"p": _normalised(share, p)}
    return {**found, "output": result.reshape(like.shape)}


def _normalised(share: Any, like: Any) -> Any:
    one = share / share.sum(1, keepdim=True)
    return one if one.shape == like.shape else one.movedim(1, -1)


_BINS = """
class {name}(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.b = nn.Buffer(torch.linspace(c.low, c.high, c.n))
        self.w = nn.Parameter(torch.ones(c.n))
        self.d = nn.Linear(c.n, c.n)

    def forward(self, x, b):
        p = torch.softmax(x, dim=1)
        {body}
"""

CONCEPT = Concept(
    slug="distribution-expectation",
    name=Text("Expected value over bins", "离散分布的期望值"),
    explanation=Text(
        "A depth, or how far the side of a box is, is not predicted itself: the network gives a probability for each "
        "of some fixed values, and the prediction is their mean under these probabilities.",
        "深度或框边的距离不是直接预测的：网络对若干固定取值各给出一个概率，预测结果是按这些概率的平均值。",
    ),
    citations=(FOCAL, ADA_BINS),
    equations=(
        r"\sym{output}=\sum_i\sym{p}_i\,\sym{values}_i,\quad\sum_i\sym{p}_i=1",
        r"\sym{p}_i=\frac{\sym{share}_i}{\sum_j\sym{share}_j}",
    ),
    symbols=(
        Symbol("p", "p", Text("Probability of each value", "每个取值的概率")),
        Symbol("share", "a", Text("The same before it sums to one", "归一之前的值"), ("p",)),
        Symbol("values", "b", Text("The fixed values", "固定的取值")),
        Symbol("output", r"\hat{y}", Text("The prediction", "预测值")),
    ),
    patterns=(
        Bind("output", Op(("linear",), (P, GIVEN))),
        Bind("output", Op(("matmul",), (P, VALUES))),
        Bind("output", Einsum(("ikmn,k->imn",), (P, VALUES))),
        Bind("output", Op(("sum",), (Op(("mul",), (P, VALUES)),))),
    ),
    output="output",
    reference=reference,
    matches=(
        _BINS.format(name="Norm", body="return F.linear(x.reshape(-1, 4).softmax(1), b)"),
        _BINS.format(
            name="Attention", body="a = F.relu(x) + 0.1\n        return (a / a.sum(1, keepdim=True)) @ self.b"
        ),
        _BINS.format(name="Other", body='return torch.einsum("ikmn,k->imn", [p, self.b])'),
        _BINS.format(name="More", body="return (p * self.b.view(1, -1, 1, 1)).sum(dim=1, keepdim=True)"),
    ),
    rejects=(
        # Learned values, features in place of values, shares that do not sum to one.
        _BINS.format(name="Expectation", body="return F.linear(p, self.w)"),
        _BINS.format(name="Expectation", body="return p @ self.d(b)"),
        _BINS.format(name="Expectation", body="return torch.sigmoid(x) @ self.b"),
        _BINS.format(name="Expectation", body="return (p * b).sum(dim=1)"),
    ),
)
