"""The absolute error between what is predicted and what is true."""

from typing import Any

from hfreader.concepts.model import Citation, Concept, NotCovered, Symbol, Text
from hfreader.concepts.pattern import Anything, Bind, Layer, OneOf, Op

FAST_R_CNN = Citation("Fast R-CNN", "Girshick", 2015, "1504.08083", "§2.3, Eq. (2), (3)")
PAIR = (Bind("guess", Anything()), Bind("truth", Anything()))
PLAIN = OneOf((Layer(("torch.nn.L1Loss",), PAIR), Op(("l1_loss",), PAIR)))
SMOOTH = Op(("smooth_l1_loss",), PAIR, optional=(("beta", Bind("beta", Anything())),))


def reference(guess: Any, truth: Any, like: Any, beta: Any = 0.0) -> Any:
    """|y' - y|, or d^2 / (2 beta) where the error d is below beta and |d| - beta / 2 elsewhere; each by itself, or
    their mean. Shapes: y' and y alike, the result the same or ()."""
    error = (guess - truth).abs()
    if beta:
        error = (error**2 / (2 * beta)).where(error < beta, error - beta / 2)
    if like.shape == error.shape:
        return error
    if like.dim():
        raise NotCovered("the errors are put together in another way")
    return error.mean()


_LOSS = """
class {name}(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.a, self.m, self.b = nn.L1Loss(), nn.MSELoss(), c.b

    def forward(self, p, y):
        return {body}
"""

CONCEPT = Concept(
    slug="absolute-error-loss",
    name=Text("Absolute error", "绝对误差损失"),
    explanation=Text(
        "How far predictions are from the truth, each error as it is, so that a few large ones do not outweigh all "
        "others. The smooth form is a square near zero, where the plain one has an edge.",
        "预测与真值的差距，每个误差按原值计入，少数大误差因而不会压倒其余。平滑形式在零附近是平方，避免了原形式的尖角。",
    ),
    citations=(FAST_R_CNN,),
    equations=(
        r"\sym{output}=\frac1n\sum_i|d_i|,\quad d_i=\sym{guess}_i-\sym{truth}_i",
        r"\text{smooth: }\begin{cases}d_i^2/(2\sym{beta})&|d_i|<\sym{beta}\\"
        r"|d_i|-\sym{beta}/2&\text{otherwise}\end{cases}",
    ),
    symbols=(
        Symbol("guess", r"\hat{y}", Text("What is predicted", "预测值")),
        Symbol("truth", "y", Text("What is true", "真值")),
        Symbol("beta", r"\beta", Text("Below which an error is squared", "误差低于此值时取平方"), ("output",)),
        Symbol("output", r"\mathcal{L}_1", Text("The loss", "损失")),
    ),
    patterns=(Bind("output", SMOOTH), Bind("output", PLAIN)),
    output="output",
    reference=reference,
    matches=(
        _LOSS.format(name="Norm", body="self.a(p, y) + self.m(p, y)"),
        _LOSS.format(name="Other", body='F.smooth_l1_loss(p, y, reduction="none", beta=self.b).sum()'),
    ),
    rejects=(
        # Squares; a difference; another loss.
        _LOSS.format(name="L1Loss", body="self.m(p, y)"),
        _LOSS.format(name="L1Loss", body="(p - y).mean()"),
        _LOSS.format(name="L1Loss", body="F.cross_entropy(p, y)"),
    ),
)
