"""The Dice loss between masks."""

from typing import Any

from hfreader.concepts.model import Citation, Concept, NotCovered, Symbol, Text
from hfreader.concepts.pattern import Anything, Bind, Number, OneOf, Op, Pattern

V_NET = Citation(
    "V-Net: Fully Convolutional Neural Networks for Volumetric Medical Image Segmentation",
    "Milletari, Navab, Ahmadi",
    2016,
    "1606.04797",
    "§3",
)
P, T = Bind("p", Op(("sigmoid",))), Bind("t", Anything())


def _total(mask: Pattern) -> Pattern:
    """The sum over all pixels, perhaps with a dimension put in for pairs."""
    total = Op(("sum",), (mask,))
    return OneOf((total, Op(("item",), (total,))))


COMMON = OneOf((Op(("sum",), (Op(("mul",), (P, T)),)), Op(("matmul",), (P, Op(("transpose",), (T,))))))
TWICE = Op(("add",), (Op(("mul",), (Number(2), COMMON)), Number(1)))
BOTH = Op(("add",), (_total(P), _total(T), Number(1)))


def reference(p: Any, t: Any, like: Any) -> Any:
    """1 - (2 |p t| + 1) / (|p| + |t| + 1). Shapes: p (N, pixels), t (N, pixels) with the result (N,), or t (M, pixels)
    with the result (N, M) for all pairs."""
    if p.dim() != 2 or t.dim() != 2:
        raise NotCovered("a mask is not one row of pixels")
    if like.dim() == 2:
        return 1 - (2 * p @ t.T.to(p) + 1) / (p.sum(-1)[:, None] + t.sum(-1)[None].to(p) + 1)
    return 1 - (2 * (p * t).sum(-1) + 1) / (p.sum(-1) + t.sum(-1) + 1)


_LOSS = """
class {name}(nn.Module):
    def forward(self, x, y):
        p = x.sigmoid().flatten(1)
        {body}
"""
_SAME = "n = 2 * (p * y).sum(-1)\n        d = p.sum(-1) + y.sum(-1)\n        return 1 - {ratio}"

CONCEPT = Concept(
    slug="dice-loss",
    name=Text("Dice loss", "Dice 损失"),
    explanation=Text(
        "How little two masks overlap: one less twice what they share over what both have, one added to each so that "
        "empty masks agree. Small objects count as much as large ones.",
        "衡量两个掩码重叠得多少：一减去公共部分的两倍与两者之和的比，分子分母各加一，使两个空掩码也算一致。"
        "小目标与大目标同等重要。",
    ),
    citations=(V_NET,),
    equations=(r"\sym{output}=1-\frac{2\sum_i\sym{p}_i\,\sym{t}_i+1}{\sum_i\sym{p}_i+\sum_i\sym{t}_i+1}",),
    symbols=(
        Symbol("p", "p", Text("The predicted mask, between 0 and 1", "预测的掩码，取值 0 到 1")),
        Symbol("t", "t", Text("The true mask", "真实掩码")),
        Symbol("output", r"\mathcal{L}_{\mathrm{dice}}", Text("The loss of each mask or pair", "每个掩码（对）的损失")),
    ),
    patterns=(Bind("output", Op(("sub",), (Number(1), Op(("div",), (TWICE, BOTH))))),),
    output="output",
    reference=reference,
    matches=(
        _LOSS.format(name="Norm", body=_SAME.format(ratio="(n + 1) / (d + 1)")),
        _LOSS.format(
            name="Other",
            body="d = p.sum(-1)[:, None] + y.sum(-1)[None, :]\n"
            "        return 1 - (2 * torch.matmul(p, y.T) + 1) / (d + 1)",
        ),
    ),
    rejects=(
        # Once what is shared; nothing added; intersection over union.
        _LOSS.format(name="DiceLoss", body=_SAME.replace("2 * ", "").format(ratio="(n + 1) / (d + 1)")),
        _LOSS.format(name="DiceLoss", body=_SAME.format(ratio="n / d")),
        _LOSS.format(name="DiceLoss", body=_SAME.format(ratio="(n + 1) / (d - n + 1)")),
    ),
)
