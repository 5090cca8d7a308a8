"""A convolution of each channel alone, then of all channels at each place."""

from typing import Any

from hfreader.concepts.convolutions import convolved, depthwise
from hfreader.concepts.model import Citation, Concept, Symbol, Text
from hfreader.concepts.pattern import CONVOLUTION, Anything, Bind, Layer, Number

MOBILE_NETS = Citation(
    "MobileNets: Efficient Convolutional Neural Networks for Mobile Vision Applications",
    "Howard, Zhu, Chen, Kalenichenko, Wang, Weyand, Andreetto, Adam",
    2017,
    "1704.04861",
    "§3.1, Eq. (3)",
)
EACH = Bind("z", depthwise(Bind("x", Anything()), "depthwise"))


def reference(x: Any, depthwise: Any, z: Any, pointwise: Any) -> dict[str, Any]:
    """W_p (w_d * x), plus the offsets. Shapes: x (B, C, *sizes), the result (B, C', *sizes')."""
    return {"z": convolved(x, depthwise), "output": convolved(z, pointwise)}


_CONV = """
class {name}(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.d = nn.Conv1d(c.d, c.d, kernel_size=c.k, groups=c.d, padding=c.k // 2, bias=False)
        self.p = nn.Conv1d(c.d, c.e, kernel_size=1, bias=False)
        self.a = nn.Conv1d(c.d, c.d, kernel_size=c.k)
        self.b = nn.Parameter(torch.zeros(c.e, 1))

    def forward(self, x):
        return {body}
"""

CONCEPT = Concept(
    slug="separable-convolution",
    name=Text("Depthwise separable convolution", "深度可分离卷积"),
    explanation=Text(
        "A convolution in two cheap steps: each channel is convolved with a kernel of its own, and then a linear map "
        "mixes the channels at each place.",
        "把卷积拆成两个省力的步骤：先让每个通道与自己的卷积核做卷积，再在每个位置用线性映射混合各通道。",
    ),
    citations=(MOBILE_NETS,),
    equations=(r"\sym{output}=\sym{pointwise}\,\sym{z}+b,\quad\sym{z}_c=\sym{depthwise}_c*\sym{x}_c",),
    symbols=(
        Symbol("x", "x", Text("The input, channels and positions", "输入，含通道与位置")),
        Symbol("depthwise", "w", Text("One kernel for each channel", "每个通道一个卷积核")),
        Symbol("z", "z", Text("Each channel convolved", "逐通道卷积的结果")),
        Symbol("pointwise", "W", Text("Map that mixes the channels", "混合通道的映射")),
        Symbol("output", "y", Text("The result", "结果")),
    ),
    patterns=(Bind("output", Layer(CONVOLUTION, (EACH,), "pointwise", settings=(("kernel_size", Number(1)),))),),
    output="output",
    reference=reference,
    matches=(
        _CONV.format(name="Norm", body="self.p(self.d(x)) + self.b"),
        _CONV.format(name="Other", body="F.relu(self.p(self.d(x.transpose(1, 2))))"),
    ),
    rejects=(
        # A plain convolution first; a non-linearity between; the other order.
        _CONV.format(name="SeparableConv1D", body="self.p(self.a(x))"),
        _CONV.format(name="SeparableConv1D", body="self.p(F.relu(self.d(x)))"),
        _CONV.format(name="SeparableConv1D", body="self.d(self.p(x))"),
    ),
)
