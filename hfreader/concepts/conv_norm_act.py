"""The convolution unit: a convolution with a norm, a non-linearity, or both."""

from typing import Any

from hfreader.concepts.convolutions import FLATTENED, arranged, convolution, convolved, normalisation, patches
from hfreader.concepts.model import Concept, NotCovered, Symbol, Text
from hfreader.concepts.papers import BATCH_NORM_PAPER, RESNET, at
from hfreader.concepts.pattern import Activation, Anything, Bind, Both, Not, OneOf, Op, Pattern, Scalar

CONVOLVED = Both(Not(FLATTENED), Both(Not(patches(Anything())), convolution(Bind("x", Anything()), "w")))
NORMALISED = normalisation(Bind("z", CONVOLVED), "norm")


def _activated(inner: Pattern) -> Pattern:
    entering = Bind("u", inner)
    leaky = Op(("leaky_relu",), (entering,), keywords=(("negative_slope", Bind("slope", Scalar())),))
    return Bind("output", OneOf((leaky, Activation(entering, "phi"))))


def reference(
    x: Any, w: Any, like: Any, norm: Any = None, z: Any = None, phi: Any = None, u: Any = None, slope: Any = None
) -> dict[str, Any]:
    """phi(Norm(W * x + b)), without the norm or phi where the code has none; where phi has a slope below zero, it is
    max(u, slope u). Shapes: x (B, C, *sizes), the result
    (B, C', *sizes'), with the channels last where the code has them there."""
    results, value = {}, convolved(x, w)
    if norm is not None:
        if z is None:
            raise NotCovered("what enters the norm was not captured")
        results["z"] = arranged(value, z)
        value = norm(z)
    if u is not None:
        if phi is None and slope is None:
            raise NotCovered("the non-linearity has settings of its own")
        results["u"] = arranged(value, u)
        value = phi(u) if slope is None else u.clamp(min=0) + slope * u.clamp(max=0)
    return {**results, "output": arranged(value, like)}


_UNIT = """
class {name}(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.a = nn.Conv2d(c.d, c.e, 3, padding=1, bias=False)
        self.n = nn.BatchNorm2d(c.e)
        self.f = ACT2FN[c.act] if c.act else nn.Identity()
        self.p = nn.Conv2d(3, c.d, kernel_size=c.p, stride=c.p)
        self.l = nn.Linear(c.d, c.e)
        self.m = nn.LayerNorm(c.d)

    def forward(self, x):
        return {body}
"""

CONCEPT = Concept(
    slug="conv-norm-act",
    name=Text("Convolution, norm, activation", "卷积-归一化-激活单元"),
    explanation=Text(
        "The unit that convolutional networks are made of: a convolution, a normalisation of its result, usually over "
        "the batch, and a pointwise non-linearity. Some units leave out the norm or the non-linearity.",
        "卷积网络的基本单元：先卷积，再对结果归一化（通常按批统计），最后是逐元素非线性。有些单元省去归一化或非线性。",
    ),
    citations=(at(RESNET, "§3.3"), at(BATCH_NORM_PAPER, "§3.2")),
    equations=(
        r"\sym{output}=\sym{phi}(\sym{u}),\quad\sym{u}=\sym{norm}(\sym{z}),\quad\sym{z}=\sym{w}*\sym{x}+b",
        r"\sym{phi}(u)=\max(u,0)+\sym{slope}\min(u,0)\quad\text{(leaky ReLU)}",
    ),
    symbols=(
        Symbol("x", "x", Text("The input, channels and positions", "输入，含通道与位置")),
        Symbol("w", "W", Text("The convolution", "卷积")),
        Symbol("z", "z", Text("What enters the norm", "进入归一化的值")),
        Symbol("norm", r"\mathrm{Norm}", Text("The norm, where there is one", "归一化（若有）")),
        Symbol("u", "u", Text("What enters the non-linearity", "进入非线性的值")),
        Symbol("phi", r"\varphi", Text("Pointwise non-linearity, where there is one", "逐元素非线性（若有）")),
        Symbol("slope", r"\alpha", Text("The slope below zero of a leaky ReLU", "带泄漏 ReLU 在负半轴的斜率")),
        Symbol("output", "y", Text("The output", "输出")),
    ),
    patterns=(_activated(NORMALISED), Bind("output", NORMALISED), _activated(CONVOLVED)),
    output="output",
    reference=reference,
    matches=(
        _UNIT.format(name="LayerNorm", body="self.f(self.n(self.a(x)))"),
        _UNIT.format(name="Half", body="self.n(self.a(x))"),
        _UNIT.format(name="Other", body="F.gelu(self.a(x)).transpose(1, 2)"),
        _UNIT.format(name="Other", body="F.leaky_relu(self.a(x), 0.1)"),
        """
class Stack(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.s = nn.Sequential(nn.ConvTranspose1d(c.d, c.e, 4, 2), nn.GroupNorm(4, c.e), nn.SiLU())

    def forward(self, x):
        return self.s(x)
""",
    ),
    rejects=(
        # Patches, flattened patches with a norm, a convolution alone, a linear map, pre-activation.
        _UNIT.format(name="ConvLayer", body="F.gelu(self.p(x))"),
        _UNIT.format(name="ConvLayer", body="self.m(self.a(x).flatten(2).transpose(1, 2))"),
        _UNIT.format(name="ConvLayer", body="self.a(x)"),
        _UNIT.format(name="ConvLayer", body="F.relu(self.l(x))"),
        _UNIT.format(name="ConvLayer", body="self.a(F.relu(x))"),
    ),
)
