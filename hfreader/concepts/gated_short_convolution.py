"""A short depthwise convolution between two gates, in place of attention (LFM2)."""

from typing import Any

from hfreader.concepts.linear_maps import affine
from hfreader.concepts.model import Citation, Concept, Symbol, Text
from hfreader.concepts.pattern import (
    CONVOLUTION,
    LINEAR,
    Anything,
    Bind,
    Branch,
    Element,
    Layer,
    Number,
    OneOf,
    Op,
    Slice,
)

X = Bind("x", Anything())
IN = Layer(LINEAR, (X,), "w_in")
PARTS = Op(("chunk",), (IN,), keywords=(("chunks", Number(3)),))
FIRST, SECOND, THIRD = (Element(index, PARTS) for index in range(3))


def convolution(gate: Any, value: Any) -> Any:
    """The convolution of a gated value: causal by torch's function, or by a layer over space."""
    gated = Op(("mul",), (gate, value))
    kernel, offset = Bind("kernel", Anything()), Bind("offset", Anything())
    causal = OneOf((Op(("conv1d",), (gated, kernel, offset)), Op(("conv1d",), (gated, kernel))))
    return OneOf((Slice(causal, stop=Anything()), causal, Bind("spatial", Branch(source=gated, applies=CONVOLUTION))))


def reference(
    w_out: Any, w_in: Any, x: Any, kernel: Any = None, offset: Any = None, spatial: Any = None, swapped: Any = None
) -> Any:
    """(C * conv(B * V)) W with B, C, V the thirds of x W' (C, B, V where `swapped` is bound). Shapes: x (batch, n, d),
    kernel (d, 1, k), which reaches back k - 1 positions. A convolution over space is taken as it was computed."""
    first, second, value = affine(x, w_in).chunk(3, -1)
    opens, closes = (second, first) if swapped is not None else (first, second)
    if spatial is None:
        taps = kernel.reshape(kernel.shape[0], -1)
        gated = (opens * value).transpose(1, 2)
        padded = gated.new_zeros(*gated.shape[:2], gated.shape[2] + taps.shape[1] - 1)
        padded[..., taps.shape[1] - 1 :] = gated
        mixed = (padded.unfold(2, taps.shape[1], 1) * taps[:, None]).sum(-1)
        spatial = (mixed if offset is None else mixed + offset[:, None]).transpose(1, 2)
    return affine(closes * spatial.reshape(closes.shape), w_out)


_MIXER = """
class {name}(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.a, self.b = nn.Linear(c.d, 3 * c.d), nn.Linear(c.d, c.d)
        self.w = nn.Conv1d(c.d, c.d, c.k, groups=c.d, padding=c.k - 1)

    def forward(self, x):
        n = x.shape[1]
        p, q, v = self.a(x).transpose(-1, -2).chunk(3, dim=-2)
        {body}
"""

CONCEPT = Concept(
    slug="gated-short-convolution",
    name=Text("Gated short convolution", "门控短卷积"),
    explanation=Text(
        "Positions are mixed by a convolution of a few taps, feature by feature, instead of by attention. A gate "
        "computed from the input opens what goes in, another one what comes out.",
        "位置之间不用注意力，而用只有几个抽头的逐特征卷积来混合。由输入算出的一个门控制输入，另一个门控制输出。",
    ),
    citations=(
        Citation("LFM2 Technical Report", "Liquid AI", 2025),
        Citation(
            "Hyena Hierarchy: Towards Larger Convolutional Language Models", "Poli et al.", 2023, "2302.10866", "§3"
        ),
    ),
    equations=(
        r"\sym{output}=\big(C\odot(\sym{kernel}*(B\odot V))\big)\,\sym{w_out},\qquad[B,C,V]=\sym{x}\,\sym{w_in}",
    ),
    symbols=(
        Symbol("x", "x", Text("The input, one row per position", "输入，每个位置一行")),
        Symbol("w_in", "W'", Text("The map to both gates and the value", "到两个门和值的映射")),
        Symbol("kernel", "K", Text("The taps of each feature", "各特征的卷积核")),
        Symbol("offset", "b", Text("The offset of the convolution, if any", "卷积的偏置（若有）"), ("kernel",)),
        Symbol("spatial", r"K*(B\odot V)", Text("The convolution over space, if it is one", "空间卷积的结果（若是）")),
        Symbol(
            "swapped", "B", Text("The gate of the input, where it is the second third", "输入门（为第二个三分之一时）")
        ),
        Symbol("w_out", "W", Text("The map back", "映射回去的矩阵")),
        Symbol("output", "y", Text("The output, one row per position", "输出，每个位置一行")),
    ),
    patterns=(
        Bind("output", Layer(LINEAR, (Op(("mul",), (SECOND, convolution(FIRST, THIRD))),), "w_out")),
        Bind("output", Layer(LINEAR, (Op(("mul",), (FIRST, convolution(Bind("swapped", SECOND), THIRD))),), "w_out")),
    ),
    output="output",
    reference=reference,
    matches=(
        _MIXER.format(
            name="Attention",
            body="y = F.conv1d(p * v, self.w.weight, self.w.bias, padding=3, groups=8)[..., :n]\n"
            "        return self.b((q * y).transpose(-1, -2))",
        ),
        _MIXER.format(name="Spatial", body="return self.b((q * self.w(p * v)[:, :, :n]).transpose(-1, -2))"),
    ),
    rejects=(
        # One gate only; no convolution; no map back; the gate of another value.
        _MIXER.format(
            name="ShortConv", body="return self.b((q * F.conv1d(v, self.w.weight)[..., :n]).transpose(1, 2))"
        ),
        _MIXER.format(name="ShortConv", body="return self.b((q * (p * v)).transpose(1, 2))"),
        _MIXER.format(name="ShortConv", body="return q * F.conv1d(p * v, self.w.weight)[..., :n]"),
        _MIXER.format(
            name="ShortConv", body="return self.b((x.mT * F.conv1d(p * v, self.w.weight)[..., :n]).transpose(1, 2))"
        ),
    ),
    hints=frozenset({"swapped"}),
)
