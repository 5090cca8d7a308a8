"""Boxes made better step by step."""

from typing import Any

from hfreader.concepts.model import Citation, Concept, Symbol, Text
from hfreader.concepts.pattern import Anything, Bind, Number, OneOf, Op

DEFORMABLE_DETR = Citation(
    "Deformable DETR: Deformable Transformers for End-to-End Object Detection",
    "Zhu, Su, Lu, Li, Wang, Dai",
    2020,
    "2010.04159",
    "§4.2",
)
BOX = Bind("box", Anything())
HELD = OneOf((Op(("clamp",), (BOX,), keywords=(("min", Number(0)), ("max", Number(1)))), BOX))
LEAST = (("min", Bind("eps", Anything())),)
ABOVE = Op(("clamp",), (HELD,), keywords=LEAST)
BELOW = Op(("clamp",), (Op(("sub",), (Number(1), HELD)),), keywords=LEAST)
LOGIT = Bind("logit", Op(("log",), (Op(("div",), (ABOVE, BELOW)),)))


def reference(box: Any, eps: Any, logit: Any, step: Any) -> dict[str, Any]:
    """sigmoid(step + log(b / (1 - b))), with b held within (0, 1). Shapes: b and the result (B, queries, 4); a step
    may speak of more numbers than the point it moves."""
    inside = box.clamp(0, 1)
    return {
        "logit": (inside.clamp(min=eps) / (1 - inside).clamp(min=eps)).log(),
        "output": (step + logit).sigmoid(),
    }


_REFINED = """
def raised(x, eps=1e-5):
    x = x.clamp(min=0, max=1)
    return torch.log(x.clamp(min=eps) / {below})

class {name}(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.d = nn.Linear(c.d, 4)

    def forward(self, h, b):
        {body}
"""
_BELOW = "(1 - x).clamp(min=eps)"

CONCEPT = Concept(
    slug="box-refinement",
    name=Text("Iterative box refinement", "迭代框细化"),
    explanation=Text(
        "Each layer of a detector does not predict its boxes anew: it says by how much the boxes so far should move. "
        "The step is added where numbers are free, before the sigmoid that keeps a box within the picture.",
        "检测器的每一层不重新预测框，而是给出已有框应移动多少。这一步在没有取值限制的空间里相加，"
        "再由 sigmoid 把框限制在图像之内。",
    ),
    citations=(DEFORMABLE_DETR,),
    equations=(
        r"\sym{output}=\sigma(\sym{step}+\sym{logit}),\quad\sym{logit}=\log\frac{\max(\sym{box},\sym{eps})}"
        r"{\max(1-\sym{box},\sym{eps})}",
    ),
    symbols=(
        Symbol("box", "b", Text("The box so far, as fractions of the picture", "已有的框，以图像比例表示")),
        Symbol("eps", r"\epsilon", Text("Keeps the logarithm finite", "使对数有限的小数")),
        Symbol("logit", r"\sigma^{-1}(b)", Text("The box before the sigmoid", "sigmoid 之前的框")),
        Symbol("step", r"\Delta b", Text("By how much it moves", "移动量")),
        Symbol("output", "b'", Text("The better box", "更好的框")),
    ),
    patterns=(Bind("output", Op(("sigmoid",), (Op(("add",), (Bind("step", Anything()), LOGIT)),))),),
    output="output",
    reference=reference,
    matches=(
        _REFINED.format(name="Norm", below=_BELOW, body="return torch.sigmoid(self.d(h) + raised(b))"),
        _REFINED.format(name="Other", below=_BELOW, body="return (raised(b, 1e-3) + self.d(h)).sigmoid()"),
    ),
    rejects=(
        # No sigmoid; a box not brought before it; another function.
        _REFINED.format(name="BoxRefinement", below=_BELOW, body="return self.d(h) + raised(b)"),
        _REFINED.format(name="BoxRefinement", below=_BELOW, body="return torch.sigmoid(self.d(h) + b)"),
        _REFINED.format(
            name="BoxRefinement", below="(1 + x).clamp(min=eps)", body="return torch.sigmoid(self.d(h) + raised(b))"
        ),
    ),
)
