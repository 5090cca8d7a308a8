"""A feed-forward network with a depthwise convolution inside (Mix-FFN)."""

from typing import Any

from hfreader.concepts.convolutions import convolved, depthwise
from hfreader.concepts.linear_maps import affine
from hfreader.concepts.model import Citation, Concept, Symbol, Text
from hfreader.concepts.pattern import LINEAR, Activation, Anything, Bind, Layer, OneOf

INNER = Bind("u", Layer(LINEAR, (Bind("x", Anything()),), "w_1"))
# Linear attention puts a ReLU after the first map.
RECTIFIED = Bind("rectified", Layer(("torch.nn.ReLU",), (INNER,), "rectify"))
MIXED = Activation(depthwise(OneOf((RECTIFIED, INNER)), "conv"), "phi")


def reference(
    x: Any, w_1: Any, conv: Any, u: Any, phi: Any, w_2: Any, rectify: Any = None, rectified: Any = None
) -> dict[str, Any]:
    """phi(K * (x W_1 + b_1)) W_2 + b_2. Shapes: x (B, h w, d), the inner layer before K (B, d_ff, h, w)."""
    inner = affine(x, w_1)
    if rectified is None:
        found = {"u": (grid := inner.transpose(1, 2).reshape(u.shape))}
    else:
        found = {"u": inner, "rectified": (grid := rectify(u).transpose(1, 2).reshape(rectified.shape))}
    mixed = convolved(grid, conv).flatten(2).transpose(1, 2)
    return {**found, "output": affine(phi(mixed), w_2)}


_FFN = """
class {name}(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.a, self.b = nn.Linear(c.d, c.e), nn.Linear(c.e, c.d)
        self.k = nn.Conv2d(c.e, c.e, 3, padding=1, groups=c.e)
        self.f = nn.Conv2d(c.e, c.e, 3, padding=1)
        self.act, self.r = ACT2FN[c.act], nn.ReLU() if c.linear else nn.Identity()

    def forward(self, x, h, w):
        y = self.a(x).transpose(1, 2).view(-1, 8, h, w)
        {body}
"""

CONCEPT = Concept(
    slug="mix-ffn",
    name=Text("Feed-forward network with a convolution (Mix-FFN)", "带卷积的前馈网络（Mix-FFN）"),
    explanation=Text(
        "Between the two linear maps of a feed-forward network stands a small convolution of each channel over the "
        "image. It tells positions apart by their neighbours and by the zeros beyond the edges, so that no position "
        "embedding is needed.",
        "前馈网络的两个线性映射之间，对图像的每个通道做一个小卷积。邻域和边缘外的零使位置得以区分，因而不需要位置嵌入。",
    ),
    citations=(
        Citation(
            "SegFormer: Simple and Efficient Design for Semantic Segmentation with Transformers",
            "Xie, Wang, Yu, Anandkumar, Alvarez, Luo",
            2021,
            "2105.15203",
            "§3.1, Eq. (3)",
        ),
    ),
    equations=(
        r"\sym{output}=\sym{phi}\big(\sym{conv}*\sym{u}\big)\,\sym{w_2}+b_2,\qquad\sym{u}=\sym{x}\,\sym{w_1}+b_1",
    ),
    symbols=(
        Symbol("x", "x", Text("The input, one row per position", "输入，每个位置一行")),
        Symbol("w_1", "W_1", Text("First linear map", "第一个线性映射")),
        Symbol("u", "u", Text("Its result, as an image", "其结果，排成图像")),
        Symbol("rectify", r"(\cdot)_+", Text("A ReLU, where the code has one", "ReLU（若代码中有）"), ("rectified",)),
        Symbol("rectified", "u_+", Text("The same after a ReLU, where there is one", "经 ReLU 之后的值（若有）")),
        Symbol("conv", "K", Text("A convolution of each channel alone", "逐通道的卷积")),
        Symbol("phi", r"\varphi", Text("Pointwise non-linearity", "逐元素非线性")),
        Symbol("w_2", "W_2", Text("Second linear map", "第二个线性映射")),
        Symbol("output", "y", Text("The output, one row per position", "输出，每个位置一行")),
    ),
    patterns=(Bind("output", Layer(LINEAR, (MIXED,), "w_2")),),
    output="output",
    reference=reference,
    matches=(
        _FFN.format(name="Mlp", body="return self.b(self.act(self.k(y).flatten(2).transpose(1, 2)))"),
        _FFN.format(name="Linear", body="return self.b(self.act(self.k(self.r(y)).flatten(2).transpose(1, 2)))"),
    ),
    rejects=(
        # No convolution; one that mixes channels; no non-linearity; the convolution after it.
        _FFN.format(name="MixFFN", body="return self.b(self.act(y.flatten(2).transpose(1, 2)))"),
        _FFN.format(name="MixFFN", body="return self.b(self.act(self.f(y).flatten(2).transpose(1, 2)))"),
        _FFN.format(name="MixFFN", body="return self.b(self.k(y).flatten(2).transpose(1, 2))"),
        _FFN.format(name="MixFFN", body="return self.b(self.k(self.act(y)).flatten(2).transpose(1, 2))"),
    ),
)
