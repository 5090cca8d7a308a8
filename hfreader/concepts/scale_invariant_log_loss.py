"""The loss of depths that forgives a wrong scale."""

from typing import Any

from hfreader.concepts.model import Citation, Concept, Symbol, Text
from hfreader.concepts.norms import squared
from hfreader.concepts.pattern import Anything, Bind, Op

EIGEN = Citation(
    "Depth Map Prediction from a Single Image using a Multi-Scale Deep Network",
    "Eigen, Puhrsch, Fergus",
    2014,
    "1406.2283",
    "§3.2, Eq. (4)",
)
D = Bind("d", Op(("sub",), (Op(("log",), (Bind("truth", Anything()),)), Op(("log",), (Bind("guess", Anything()),)))))
FORGIVEN = Op(("mul",), (Bind("forgiven", Anything()), squared(Op(("mean",), (D,)))))


def reference(truth: Any, guess: Any, d: Any, forgiven: Any) -> dict[str, Any]:
    """sqrt(mean(d^2) - lambda mean(d)^2) for d = log y - log y'. Shapes: y and y' (pixels,), the result ()."""
    return {"d": truth.log() - guess.log(), "output": ((d**2).mean() - forgiven * d.mean() ** 2).sqrt()}


_LOSS = """
class {name}(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.l = c.l

    def forward(self, p, y):
        m = y > 0
        d = torch.log(y[m]) - torch.log(p[m])
        return {body}
"""

CONCEPT = Concept(
    slug="scale-invariant-log-loss",
    name=Text("Scale-invariant log loss", "尺度不变对数损失"),
    explanation=Text(
        "How far predicted depths are from the true ones, as ratios. What all pixels have in common, a wrong scale of "
        "the whole scene, counts only in part.",
        "以比值衡量预测深度与真实深度的差距。所有像素共有的偏差，即整个场景的尺度错误，只计入一部分。",
    ),
    citations=(EIGEN,),
    equations=(
        r"\sym{output}=\sqrt{\frac1n\sum_i\sym{d}_i^2-\frac{\sym{forgiven}}{n^2}\Big(\sum_i\sym{d}_i\Big)^2},\quad"
        r"\sym{d}_i=\log\sym{truth}_i-\log\sym{guess}_i",
    ),
    symbols=(
        Symbol("truth", "y", Text("True depths", "真实深度")),
        Symbol("guess", r"\hat{y}", Text("Predicted depths", "预测深度")),
        Symbol("d", "d", Text("Their difference as logarithms", "对数之差")),
        Symbol("forgiven", r"\lambda", Text("How much of a wrong scale is forgiven", "尺度错误被宽免的比例")),
        Symbol("output", r"\mathcal{L}", Text("The loss", "损失")),
    ),
    patterns=(Bind("output", Op(("sqrt",), (Op(("sub",), (Op(("mean",), (squared(D),)), FORGIVEN)),))),),
    output="output",
    reference=reference,
    matches=(
        _LOSS.format(name="Norm", body="torch.sqrt(torch.pow(d, 2).mean() - self.l * torch.pow(d.mean(), 2))"),
        _LOSS.format(name="Other", body="((d * d).mean() - 0.5 * d.mean() ** 2).sqrt()"),
    ),
    rejects=(
        # Nothing forgiven; no root; no logarithms.
        _LOSS.format(name="SiLogLoss", body="torch.sqrt(torch.pow(d, 2).mean())"),
        _LOSS.format(name="SiLogLoss", body="(d**2).mean() - self.l * d.mean() ** 2"),
        _LOSS.format(name="SiLogLoss", body="(((y - p) ** 2).mean() - self.l * (y - p).mean() ** 2).sqrt()"),
    ),
)
