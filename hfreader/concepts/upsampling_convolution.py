"""A transposed convolution in time whose ends are cut off."""

from typing import Any

from hfreader.concepts.convolutions import convolved
from hfreader.concepts.model import Citation, Concept, Symbol, Text
from hfreader.concepts.pattern import Anything, Bind, Layer, Op

ENCODEC = Citation("High Fidelity Neural Audio Compression", "Défossez, Copet, Synnaeve, Adi", 2022, "2210.13438", "§3")
SPREAD = Layer(("torch.nn.ConvTranspose1d",), (Bind("x", Anything()),), "w")
BOTH_ENDS = Op(("slice",), keywords=(("start", Bind("first", Anything())), ("stop", Anything())))


def reference(x: Any, w: Any, first: Any, like: Any) -> Any:
    """sum_j w_{t + a - s j} x_j. Shapes: x (B, C, T), w (C, C', K), the result (B, C', T') without the first a and what
    is cut off at the end."""
    return convolved(x, w)[..., first : first + like.shape[-1]]


_CONV = """
class {name}(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.a = nn.ConvTranspose1d(c.d, c.e, c.k, c.s)
        self.b = nn.Conv1d(c.d, c.e, c.k)
        self.l, self.r = c.l, c.r

    def forward(self, x):
        y = self.{layer}(x)
        return {body}
"""

CONCEPT = Concept(
    slug="upsampling-convolution",
    name=Text("Upsampling convolution", "上采样卷积"),
    explanation=Text(
        "Each moment of the input spreads over several moments of the output, as many times as the stride says. Where "
        "the windows reach beyond the first and last moment the output is cut off; a causal layer cuts the end alone.",
        "输入的每个时刻散布到输出的多个时刻，时刻数按步幅成倍增加。窗口超出首尾时刻的部分被截去；因果层只截去末尾。",
    ),
    citations=(ENCODEC,),
    equations=(r"\sym{output}_t=\sum_j\sym{w}_{t+\sym{first}-sj}\,\sym{x}_j+b",),
    symbols=(
        Symbol("x", "x", Text("The input, one column per moment", "输入，每个时刻一列")),
        Symbol("w", "w", Text("The kernel", "卷积核")),
        Symbol("first", "a", Text("How much is cut off in front", "开头截去的长度")),
        Symbol("output", "y", Text("The output", "输出")),
    ),
    patterns=(Bind("output", Op(("item",), (SPREAD, Op(("tuple",), (Anything(), BOTH_ENDS))))),),
    output="output",
    reference=reference,
    matches=(
        _CONV.format(name="Norm", layer="a", body="y[..., self.l : y.shape[-1] - self.r]"),
        _CONV.format(name="Other", layer="a", body="F.silu(y[..., self.l : -self.r].contiguous())"),
    ),
    rejects=(
        # Nothing cut off; another convolution; one moment taken.
        _CONV.format(name="ConvTranspose1d", layer="a", body="y"),
        _CONV.format(name="ConvTranspose1d", layer="b", body="y[..., self.l : -self.r]"),
        _CONV.format(name="ConvTranspose1d", layer="a", body="y[..., -1]"),
    ),
)
