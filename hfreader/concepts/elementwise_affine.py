"""A learned scale and shift of each feature, and nothing else: what stands where a norm would."""

from typing import Any

from hfreader.concepts.linear_maps import LEARNED
from hfreader.concepts.model import Citation, Concept, Symbol, Text
from hfreader.concepts.papers import MOBILE_BERT, at
from hfreader.concepts.pattern import Bind, Op, Returned

RES_MLP = Citation(
    "ResMLP: Feedforward networks for image classification with data-efficient training",
    "Touvron et al.",
    2021,
    "2105.03404",
    "§2, Eq. (1)",
)
GLOW = Citation(
    "Glow: Generative Flow with Invertible 1x1 Convolutions", "Kingma, Dhariwal", 2018, "1807.03039", "§3.1"
)
POSITIVE = Bind("gamma", Op(("exp",), (LEARNED,)))


def reference(x: Any, gamma: Any, beta: Any) -> Any:
    """gamma x + beta, feature by feature. Shapes: x (..., d), gamma and beta (d,) or of one number."""
    return x * gamma + beta


_AFFINE = """
class {name}(nn.Module):
    def __init__(self, n):
        super().__init__()
        self.a, self.b = nn.Parameter(torch.ones(n)), nn.Parameter(torch.zeros(n))
        self.l = nn.Linear(n, n)

    def forward(self, x, y=None):
        return {body}
"""

CONCEPT = Concept(
    slug="elementwise-affine",
    name=Text("Learned scale and shift", "逐元素仿射"),
    explanation=Text(
        "Each feature is multiplied by a learned number and another one is added. Nothing is measured and divided by, "
        "so it costs less than the norm in whose place it stands.",
        "每个特征乘以一个可学习的数，再加上另一个。不计算任何统计量，因而比它所取代的归一化更省。",
    ),
    citations=(RES_MLP, at(MOBILE_BERT, "§3.5, Eq. (3)"), GLOW),
    equations=(r"\sym{output}=\sym{gamma}\odot\sym{x}+\sym{beta}",),
    symbols=(
        Symbol("x", "x", Text("The input", "输入")),
        Symbol("gamma", r"\gamma", Text("Learned scale", "可学习的缩放")),
        Symbol("beta", r"\beta", Text("Learned shift", "可学习的平移")),
        Symbol("output", "y", Text("The output, shaped like the input", "输出，形状同输入")),
    ),
    patterns=(
        # A scale that is never zero, so that the map can be turned back.
        Bind("output", Op(("add",), (Op(("mul",), (POSITIVE, Bind("x", Op(("parameter",))))), Bind("beta", LEARNED)))),
        Returned(
            Bind(
                "output",
                Op(
                    ("add",),
                    (Op(("mul",), (Bind("x", Op(("parameter",))), Bind("gamma", LEARNED))), Bind("beta", LEARNED)),
                ),
            )
        ),
    ),
    output="output",
    reference=reference,
    matches=(
        _AFFINE.format(name="LayerNorm", body="x * self.a + self.b"),
        _AFFINE.format(name="Flow", body="(self.b + torch.exp(self.a) * x) * y"),
        _AFFINE.format(name="Block", body="self.b + self.a.view(1, -1) * x"),
    ),
    rejects=(
        # No shift, no scale; a norm; a linear map; a scale that is not learned.
        _AFFINE.format(name="Affine", body="x * self.a"),
        _AFFINE.format(name="Affine", body="x + self.b"),
        _AFFINE.format(name="Affine", body="x * torch.rsqrt(x.pow(2).mean(-1, keepdim=True)) * self.a + self.b"),
        _AFFINE.format(name="Affine", body="self.l(x) * self.a + self.b"),
        _AFFINE.format(name="Affine", body="x * y + self.b"),
    ),
)
