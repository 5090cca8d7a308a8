"""The convolution module of the Conformer."""

from typing import Any

from hfreader.concepts.convnext_block import POINTWISE, linear
from hfreader.concepts.convolutions import arranged, convolved, depthwise, normalisation, with_zeros
from hfreader.concepts.model import Citation, Concept, NotCovered, Symbol, Text
from hfreader.concepts.pattern import Activation, Anything, Bind, Element, Layer, OneOf, Op

CONFORMER = Citation(
    "Conformer: Convolution-augmented Transformer for Speech Recognition", "Gulati et al.", 2020, "2005.08100", "§2.2"
)
DOUBLED = Bind("z", Layer(POINTWISE, (Bind("x", Anything()),), "w_1"))
HALVES = Op(("chunk", "split"), (DOUBLED,))
GATED = OneOf(
    (
        Op(("glu",), (DOUBLED,)),
        Layer(("torch.nn.GLU",), (DOUBLED,)),
        Op(("mul",), (Element(0, HALVES), Op(("sigmoid",), (Element(1, HALVES),)))),
    )
)
PADDED = Op(("pad",), (GATED,), keywords=(("pad", Bind("padding", Anything())),))
HIDDEN = Op(("masked_fill",), (GATED, Bind("hidden", Anything())))
ENTERING = Bind("gated", OneOf((GATED, PADDED, HIDDEN)))
ACTIVE = Activation(Bind("u", normalisation(Bind("d", depthwise(ENTERING, "dw")), "norm")), "phi")


def reference(
    x: Any,
    w_1: Any,
    z: Any,
    gated: Any,
    dw: Any,
    d: Any,
    norm: Any,
    u: Any,
    phi: Any,
    v: Any,
    w_2: Any,
    like: Any,
    padding: Any = None,
    hidden: Any = None,
) -> dict[str, Any]:
    """W_2 phi(Norm(DW * GLU(W_1 x))). Shapes: x (B, d, T) for convolutions, (B, T, d) for linear maps; before the
    convolution in time `padding` zeros stand in front and behind, and moments are zero where `hidden` says so."""
    doubled = linear(x, w_1, z)
    first, second = doubled.chunk(2, 1 if w_1.weight.dim() > 2 else -1)
    inner = first * second.sigmoid()
    inner = inner if inner.shape[1] == dw.weight.shape[0] else inner.movedim(-1, 1)
    if hidden is not None:
        inner = inner.masked_fill(hidden.movedim(-1, 1) if hidden.shape[-1] == 1 else hidden, 0.0)
    pads = (0, 0) if padding is None else padding
    whole = with_zeros(inner, [pads]) if len(pads) == 2 else None
    if whole is None or whole.shape != gated.shape:
        raise NotCovered("the gated values are arranged otherwise")
    return {
        "z": doubled,
        "gated": whole,
        "d": arranged(convolved(gated, dw), d),
        "u": arranged(norm(d), u),
        "v": arranged(phi(u), v),
        "output": linear(v, w_2, like),
    }


_MODULE = """
class {name}(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.a, self.b = nn.Conv1d(c.d, 2 * c.d, 1), nn.Conv1d(c.d, c.d, 1)
        self.k = nn.Conv1d(c.d, c.d, c.k, groups=c.d{padding})
        self.n = nn.BatchNorm1d(c.d)
        self.g = nn.GLU(dim=1)
        self.f = ACT2FN[c.act]

    def forward(self, x):
        x = x.transpose(1, 2)
        return {body}
"""

CONCEPT = Concept(
    slug="conformer-conv-module",
    name=Text("Conformer convolution module", "Conformer 卷积模块"),
    explanation=Text(
        "A gate lets through part of the features, a convolution of each channel alone mixes neighbouring moments, and "
        "two maps of the channels stand before and after. It gives attention layers the local view they lack.",
        "门控放行部分特征，逐通道卷积混合相邻时刻，前后各有一个通道映射。它补上注意力层缺少的局部视野。",
    ),
    citations=(CONFORMER,),
    equations=(
        r"\sym{output}=\sym{w_2}\,\sym{v},\quad\sym{v}=\sym{phi}(\sym{u}),\quad\sym{u}=\sym{norm}(\sym{d}),\quad"
        r"\sym{d}=\sym{dw}*\sym{gated}",
        r"\sym{gated}=\mathrm{GLU}(\sym{z})=\sym{z}_a\odot\sigma(\sym{z}_b),\quad\sym{z}=\sym{w_1}\,\sym{x}",
    ),
    symbols=(
        Symbol("x", "x", Text("The normalised input", "归一化后的输入")),
        Symbol("w_1", "W_1", Text("Map to twice the channels", "升到两倍通道的映射")),
        Symbol("z", "z", Text("Twice the channels", "两倍通道")),
        Symbol("gated", "g", Text("One half, gated by the other", "一半由另一半门控")),
        Symbol("padding", "p", Text("Zeros in front and behind, where there are any", "前后补的零（若有）")),
        Symbol("hidden", "m", Text("Moments that are set to zero, where there are any", "置零的时刻（若有）")),
        Symbol("dw", r"W_{\mathrm{dw}}", Text("Convolution of each channel alone", "逐通道卷积")),
        Symbol("d", "d", Text("What enters the norm", "进入归一化的值")),
        Symbol("norm", r"\mathrm{Norm}", Text("Norm, over the batch in the paper", "归一化，论文中为批归一化")),
        Symbol("u", "u", Text("What enters the non-linearity", "进入非线性的值")),
        Symbol("phi", r"\varphi", Text("Swish in the paper", "论文中为 Swish")),
        Symbol("v", "v", Text("What enters the last map", "进入最后映射的值")),
        Symbol("w_2", "W_2", Text("Map of the channels", "通道映射")),
        Symbol("output", "y", Text("The output", "输出")),
    ),
    patterns=(Bind("output", Layer(POINTWISE, (Bind("v", ACTIVE),), "w_2")),),
    output="output",
    reference=reference,
    matches=(
        _MODULE.format(name="Mlp", padding=", padding=1", body="self.b(self.f(self.n(self.k(self.g(self.a(x))))))"),
        _MODULE.format(
            name="Causal", padding="", body="self.b(F.silu(self.n(self.k(F.pad(F.glu(self.a(x), dim=1), (2, 0))))))"
        ),
        _MODULE.format(
            name="Hiding",
            padding=", padding=1",
            body="self.b(F.silu(self.n(self.k(F.glu(self.a(x), dim=1).masked_fill(x[:, :1] == 0, 0.0)))))",
        ),
    ),
    rejects=(
        # No gate, no convolution in time, no norm.
        _MODULE.format(name="ConvModule", padding="", body="self.b(self.f(self.n(self.k(self.b(x)))))"),
        _MODULE.format(name="ConvModule", padding="", body="self.b(self.f(self.n(self.g(self.a(x)))))"),
        _MODULE.format(name="ConvModule", padding="", body="self.b(self.f(self.k(self.g(self.a(x)))))"),
    ),
)
