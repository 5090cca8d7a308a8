"""A convolution alone."""

from typing import Any

from hfreader.concepts.convolutions import arranged, convolved, patches
from hfreader.concepts.convolutions import convolution as convolution_of
from hfreader.concepts.model import Citation, Concept, Symbol, Text
from hfreader.concepts.pattern import Anything, Bind, Both, Not, Returned

LE_NET = Citation(
    "Gradient-Based Learning Applied to Document Recognition", "LeCun, Bottou, Bengio, Haffner", 1998, where="§II.A"
)
X = Bind("x", Anything())


def reference(x: Any, w: Any, like: Any) -> Any:
    """W * x + b. Shapes: x (B, C, *sizes), W (C', C, *kernel), the result (B, C', *sizes')."""
    return arranged(convolved(x, w), like)


_CONV = """
class {name}(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.a = nn.Conv1d(c.d, c.e, c.k)
        self.p = nn.Conv2d(3, c.d, kernel_size=c.p, stride=c.p)
        self.l = nn.Linear(c.d, c.e)

    def forward(self, x):
        return {body}
"""

CONCEPT = Concept(
    slug="convolution",
    name=Text("Convolution", "卷积"),
    explanation=Text(
        "Each output is a weighted sum of the inputs in a small window, with the same weights wherever the window "
        "stands. A transposed convolution goes the other way: each input spreads over a window of outputs.",
        "每个输出是小窗口内输入的加权和，窗口移到哪里都用同样的权重。转置卷积方向相反：每个输入散布到一个输出窗口。",
    ),
    citations=(LE_NET,),
    equations=(r"\sym{output}=\sym{w}*\sym{x}+b",),
    symbols=(
        Symbol("x", "x", Text("The input, channels and positions", "输入，含通道与位置")),
        Symbol("w", "W", Text("The kernels", "卷积核")),
        Symbol("output", "y", Text("The output", "输出")),
    ),
    patterns=(Returned(Bind("output", Both(convolution_of(X, "w"), Not(patches(Anything()))))),),
    output="output",
    reference=reference,
    matches=(
        _CONV.format(name="Linear", body="self.a(x.transpose(1, 2)).transpose(1, 2)"),
        _CONV.format(name="Up", body="self.a(F.relu(x))"),
    ),
    rejects=(
        # Patches, a unit that ends otherwise, a linear map.
        _CONV.format(name="Conv", body="self.p(x)"),
        _CONV.format(name="Conv", body="F.relu(self.a(x))"),
        _CONV.format(name="Conv1D", body="self.l(x)"),
    ),
)
