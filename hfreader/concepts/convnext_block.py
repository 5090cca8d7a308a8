"""The ConvNeXt block."""

from typing import Any

from hfreader.concepts.convolutions import arranged, convolved, depthwise, normalisation
from hfreader.concepts.model import Citation, Concept, Symbol, Text
from hfreader.concepts.pattern import (
    CONVOLUTION,
    LINEAR,
    Activation,
    Anything,
    Bind,
    Computes,
    Layer,
    OneOf,
    Op,
    Pattern,
)

CONVNEXT = Citation("A ConvNet for the 2020s", "Liu, Mao, Wu, Feichtenhofer, Darrell, Xie", 2022, "2201.03545", "§2")
CONVNEXT_V2 = Citation(
    "ConvNeXt V2: Co-designing and Scaling ConvNets with Masked Autoencoders", "Woo et al.", 2023, "2301.00808", "§3"
)
POINTWISE = (*LINEAR, *CONVOLUTION)


def block(x: Pattern) -> Pattern:
    """x + gamma * W_2(GRN(phi(W_1 Norm(DWConv(x)))))."""
    hidden = Bind("u", normalisation(Bind("z", depthwise(x, "dw")), "norm"))
    active = Bind("a", Activation(Layer(POINTWISE, (hidden,), "w_1"), "phi"))
    outer = Layer(POINTWISE, (Bind("v", OneOf((active, _responses(active)))),), "w_2")
    scaled = OneOf((Op(("mul",), (Bind("gamma", Op(("attribute",))), outer)), outer))
    return Op(("add",), (x, scaled))


def _responses(active: Pattern) -> Pattern:
    """Each channel by its size over all positions, against the other channels' sizes."""
    size = Op(("norm", "vector_norm"), (active,))
    ratio = Op(("div",), (size, Op(("add",), (Op(("mean",), (size,)), Anything()))))
    scaled = Op(("add",), (Op(("mul",), (Op(("attribute",)), Op(("mul",), (active, ratio)))), Op(("attribute",))))
    return Computes(Op(("add",), (scaled, active)), "grn")


def linear(x: Any, w: Any, like: Any) -> Any:
    """A linear map of the channels: by a matrix where these are last, or by a convolution of size 1."""
    if w.weight.dim() > 2:
        return convolved(x, w)
    result = x @ w.weight
    return result if w.bias is None else result + w.bias


def reference(
    x: Any,
    dw: Any,
    norm: Any,
    z: Any,
    u: Any,
    w_1: Any,
    phi: Any,
    v: Any,
    w_2: Any,
    like: Any,
    grn: Any = None,
    gamma: Any = None,
) -> dict[str, Any]:
    """x + gamma * (W_2 GRN(phi(W_1 Norm(DWConv(x))))). Shapes: x (B, C, *sizes); norm and maps may have C last."""
    hidden = phi(linear(u, w_1, u))
    after = linear(v, w_2, v)
    scaled = after if gamma is None else gamma * after
    return {
        "z": arranged(convolved(x, dw), z),
        "u": arranged(norm(z), u),
        "v": hidden if grn is None else grn(hidden),
        "output": x + arranged(scaled, like),
    }


_BLOCK = """
class {name}(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.k = nn.Conv2d(c.d, c.d, kernel_size=7, padding=3{groups})
        self.n = nn.LayerNorm(c.d)
        self.u, self.w = nn.Linear(c.d, 4 * c.d), nn.Linear(4 * c.d, c.d)
        self.g = nn.Parameter(torch.ones(c.d))

    def forward(self, x):
        h = self.k(x).permute(0, 2, 3, 1)
        h = {body}
        return x + h.permute(0, 3, 1, 2)
"""

CONCEPT = Concept(
    slug="convnext-block",
    name=Text("ConvNeXt block", "ConvNeXt 块"),
    explanation=Text(
        "A residual block that mixes positions by a wide convolution of each channel alone, then channels by two "
        "linear maps with a non-linearity between them. It is a Transformer block with convolution in place of "
        "attention.",
        "一个残差块：先用逐通道的大核卷积混合位置，再用两个线性映射及其间的非线性混合通道。"
        "相当于用卷积代替注意力的 Transformer 块。",
    ),
    citations=(CONVNEXT, CONVNEXT_V2),
    equations=(
        r"\sym{output}=\sym{x}+\sym{gamma}\odot\sym{w_2}\,\sym{v},\quad"
        r"\sym{v}=\sym{grn}\!\left(\sym{phi}(\sym{w_1}\,\sym{u})\right)",
        r"\sym{u}=\sym{norm}(\sym{z}),\quad\sym{z}=\sym{dw}*\sym{x}",
    ),
    symbols=(
        Symbol("x", "x", Text("The input, channels and positions", "输入，含通道与位置")),
        Symbol("dw", r"W_{\mathrm{dw}}", Text("Convolution of each channel alone", "逐通道卷积")),
        Symbol("z", "z", Text("What enters the norm", "进入归一化的值")),
        Symbol("norm", r"\mathrm{LN}", Text("Layer norm over the channels", "对通道的层归一化")),
        Symbol("u", "u", Text("What enters the first map", "进入第一个映射的值")),
        Symbol("w_1", "W_1", Text("Linear map to more channels", "升维的线性映射")),
        Symbol("phi", r"\varphi", Text("Pointwise non-linearity, GELU in the paper", "逐元素非线性，论文中为 GELU")),
        Symbol("a", "a", Text("What the non-linearity gives", "非线性的结果")),
        Symbol("grn", r"\mathrm{GRN}", Text("Global response normalisation, in version 2", "全局响应归一化（第二版）")),
        Symbol("v", "v", Text("What enters the second map", "进入第二个映射的值")),
        Symbol("w_2", "W_2", Text("Linear map back", "降维的线性映射")),
        Symbol("gamma", r"\gamma", Text("Learned scale of the branch, where there is one", "分支的可学习缩放（若有）")),
        Symbol("output", "y", Text("The output", "输出")),
    ),
    patterns=(Bind("output", block(Bind("x", Anything()))),),
    output="output",
    reference=reference,
    matches=(
        _BLOCK.format(name="Mlp", groups=", groups=c.d", body="self.g * self.w(F.gelu(self.u(self.n(h))))"),
        _BLOCK.format(name="Other", groups=", groups=c.d", body="self.w(F.gelu(self.u(self.n(h))))"),
    ),
    rejects=(
        # Not of each channel alone; no norm; no non-linearity; no convolution.
        _BLOCK.format(name="ConvNextLayer", groups="", body="self.g * self.w(F.gelu(self.u(self.n(h))))"),
        _BLOCK.format(name="ConvNextLayer", groups=", groups=c.d", body="self.g * self.w(F.gelu(self.u(h)))"),
        _BLOCK.format(name="ConvNextLayer", groups=", groups=c.d", body="self.g * self.w(self.u(self.n(h)))"),
        _BLOCK.format(name="ConvNextLayer", groups="", body="self.g * self.w(F.gelu(self.u(self.n(x))))"),
    ),
)
