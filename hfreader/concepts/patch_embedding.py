"""Patch embedding: pictures cut into patches, each through one linear map."""

from typing import Any

from hfreader.concepts.convolutions import arranged, convolution, convolved, patches
from hfreader.concepts.model import Concept, Symbol, Text
from hfreader.concepts.papers import VIT, VIVIT, at
from hfreader.concepts.pattern import (
    CONVOLUTION,
    LINEAR,
    Anything,
    Bind,
    Both,
    DerivedFrom,
    Layer,
    Not,
    Number,
    OneOf,
    Op,
    Pattern,
)

X = Bind("x", Anything())
# A convolution with as many channels out as in, or groups, makes features of features.
REDUCTION = tuple(
    Layer(CONVOLUTION, (Anything(),), equal=(("in_channels", one),)) for one in ("out_channels", "groups")
)
# A window of one pixel changes the width of features, and cuts nothing.
POINT = Layer(CONVOLUTION, (Anything(),), settings=(("kernel_size", Number(1)),))
# Windows that overlap are patches where a sequence is made of them.
SHARED = Both(convolution(X, "e"), Not(OneOf((*REDUCTION, POINT))))
SEQUENCE = Op(("transpose", "permute"), (Op(("flatten",), (SHARED,)),))
SIDE = Bind("side", Anything())
AREA: Pattern = OneOf((Op(("pow",), (SIDE, Number(2))), Op(("mul",), (SIDE, SIDE))))
SIZE = Bind("size", Anything())
# What tells a patch of pixels from any other group of features: its channels are those of pictures.
CHANNELS: Pattern = OneOf((Number(3), DerivedFrom(("num_channels",))))
TIMES = Anything()
FLAT = OneOf(
    (
        Op(("mul",), (CHANNELS, AREA)),
        Op(("mul",), (TIMES, CHANNELS, AREA)),
        Op(("mul",), (CHANNELS, SIDE, SIDE)),
    )
)
CUT_BEFORE = Layer(LINEAR, (Bind("x", Op(("parameter",))),), "e", settings=(("in_features", FLAT),))
# Cut by `unfold`, all patches of a picture as columns.
COLUMNS = Op(("unfold",), (Op(("parameter",)),), keywords=(("kernel_size", SIZE), ("stride", SIZE)))
CUT_HERE = Layer(LINEAR, (Bind("x", Op(("transpose", "permute"), (COLUMNS,))),), "e")


def reference(x: Any, e: Any, like: Any) -> Any:
    """x_p E + b for every patch x_p. Shapes: x (B, C, *sizes), E (D, C, *patch), the result (B, N, D) or
    (B, D, *sizes / patch); or x (..., C P P) already cut, E (C P P, D), the result (..., D)."""
    if e.weight.dim() > 2:
        return arranged(convolved(x, e), like)
    return x @ e.weight if e.bias is None else x @ e.weight + e.bias


_PATCHES = """
class {name}(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.side, self.z = (c.p, c.p) if c.p else c.q, c.z
        self.a = nn.Conv2d(3, c.d, kernel_size=self.side, stride=self.side)
        self.o = nn.Conv2d(3, c.d, kernel_size=7, stride=4, padding=3)
        self.t = nn.Conv2d(c.d, c.e, 2, 2)
        self.w = nn.Conv2d(c.d, c.d, 3, 1, 1, groups=c.d)
        self.l = nn.Linear(c.num_channels * c.p * c.p, c.d)
        self.m = nn.Linear(c.t * 3 * c.p**2, c.d)
        self.f = nn.Linear(c.d * c.p**2, c.d)
        self.r = nn.Conv2d(c.d, c.d, kernel_size=c.s, stride=c.s)
        self.k = nn.Linear(c.n * c.p, c.d)
        self.u = nn.Conv2d(c.e, c.d, kernel_size=1)

    def forward(self, x):
        return {body}
"""

CONCEPT = Concept(
    slug="patch-embedding",
    name=Text("Patch embedding", "图块嵌入"),
    explanation=Text(
        "A picture is cut into square patches, and each patch, all its pixels in a row, goes through one linear map "
        "to become a token. A convolution whose step is its window does both at once; videos are cut into tubes.",
        "图像被切成方形图块，每个图块的全部像素排成一行，经同一个线性映射成为词元。步长等于窗口的卷积一次做完这两步；"
        "视频则切成时空小块。",
    ),
    citations=(at(VIT, "§3.1, Eq. (1)"), at(VIVIT, "§3.2")),
    equations=(
        r"\sym{output}=\left[\sym{x}_p^1\sym{e};\,\sym{x}_p^2\sym{e};\,\cdots;\,\sym{x}_p^N\sym{e}\right]",
        r"\sym{e}\in\mathbb{R}^{(\sym{side}^2 C)\times D}",
    ),
    symbols=(
        Symbol("x", "x", Text("The picture, or its patches already cut", "图像，或已切好的图块")),
        Symbol("e", "E", Text("The linear map of one patch", "单个图块的线性映射")),
        Symbol("side", "P", Text("Side of a patch", "图块边长"), ("e",)),
        Symbol("size", "P", Text("Side of a patch, and the step to the next", "图块边长，也是到下一块的步长"), ("x",)),
        Symbol("output", "z", Text("One token for each patch", "每个图块一个词元")),
    ),
    patterns=(
        Bind("output", SEQUENCE),
        Bind("output", Both(patches(X, "e"), Not(OneOf(REDUCTION)))),
        Bind("output", CUT_BEFORE),
        Bind("output", CUT_HERE),
    ),
    output="output",
    reference=reference,
    matches=(
        _PATCHES.format(name="Linear", body="self.a(x).flatten(2).transpose(1, 2)"),
        _PATCHES.format(name="Convolution", body="self.a(x.view(-1, 3, 4, 4)).view(-1, 8)"),
        _PATCHES.format(name="Overlap", body="self.o(x).flatten(2).transpose(1, 2)"),
        _PATCHES.format(name="Flat", body="self.l(x)"),
        _PATCHES.format(name="Tubes", body="self.m(x)"),
        _PATCHES.format(name="Unfold", body="self.k(F.unfold(x, kernel_size=self.z, stride=self.z).permute(0, 2, 1))"),
    ),
    rejects=(
        # Windows that overlap, cut out or convolved to a picture; downsampling by two or by a ratio, a convolution of
        # each channel alone, a linear map of something else, also of groups of features, windows of one
        # pixel.
        _PATCHES.format(name="PatchEmbeddings", body="self.f(x)"),
        _PATCHES.format(name="Patches", body="self.k(F.unfold(x, kernel_size=self.z, stride=2).transpose(1, 2))"),
        _PATCHES.format(name="PatchEmbeddings", body="self.t(x)"),
        _PATCHES.format(name="PatchEmbeddings", body="self.r(x).flatten(2).transpose(1, 2)"),
        _PATCHES.format(name="PatchEmbeddings", body="self.w(x).flatten(2).transpose(1, 2)"),
        _PATCHES.format(name="PatchEmbeddings", body="self.o(x)"),
        _PATCHES.format(name="PatchEmbeddings", body="self.k(x)"),
        _PATCHES.format(name="PatchEmbeddings", body="self.u(x).flatten(2).transpose(1, 2)"),
    ),
)
