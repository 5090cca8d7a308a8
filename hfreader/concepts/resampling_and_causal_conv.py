"""The causal convolution: what comes later has no say."""

from typing import Any

from hfreader.concepts.convolutions import convolved, with_zeros
from hfreader.concepts.model import Citation, Concept, NotCovered, Symbol, Text
from hfreader.concepts.pattern import Anything, Bind, Layer, Number, OneOf, Op

WAVE_NET = Citation("WaveNet: A Generative Model for Raw Audio", "van den Oord et al.", 2016, "1609.03499", "§2.1")
IN_TIME = ("torch.nn.Conv1d",)
X = Bind("x", Anything())
BEFORE = Op(("tuple",), (Bind("before", Anything()), Number(0)))
PADDED = Op(("pad",), (X,), keywords=(("pad", BEFORE),))
# Padded on both sides and cut off at the end: y[..., :length].
UP_TO = Op(("slice",), keywords=(("stop", Anything()),))
START = OneOf((Op(("tuple",), (Anything(), Anything(), UP_TO)), Op(("tuple",), (Anything(), UP_TO))))
SIZE = Bind("size", Anything())
WHOLE = (("kernel_size", SIZE), ("padding", Op(("sub",), (SIZE, Number(1)))))
CUT = Op(("item",), (Layer(IN_TIME, (X,), "w", settings=WHOLE), START))


def reference(x: Any, w: Any, like: Any, before: Any = None) -> Any:
    """y_t = sum_k w_k x_{t - k}: zeros stand for what was before the first moment. Shapes: x (B, C, T), the result
    (B, C', T'). Where the code does not say how many zeros are put in front, as many as the kernel reaches back."""
    reach = w.dilation[0] * (w.weight.shape[-1] - 1)
    before = reach if before is None else before
    if not isinstance(before, int) or not 0 <= before <= reach:
        raise NotCovered("what is put in front is not what the kernel reaches back")
    return convolved(with_zeros(x, [(before, 0)]), _Unpadded(w))[..., : like.shape[-1]]


class _Unpadded:
    """A convolution that adds nothing at the ends."""

    padding = (0,)

    def __init__(self, conv: Any) -> None:
        self.conv = conv

    def __getattr__(self, name: str) -> Any:
        return getattr(self.conv, name)


_CONV = """
class {name}(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.k = c.k
        self.a = nn.Conv1d(c.d, c.d, c.k)
        self.b = nn.Conv1d(c.d, c.d, c.k, padding=c.k - 1)
        self.s = nn.Conv1d(c.d, c.d, 3, padding=1)

    def forward(self, x):
        return {body}
"""

CONCEPT = Concept(
    slug="resampling-and-causal-conv",
    name=Text("Causal convolution", "因果卷积"),
    explanation=Text(
        "A convolution in time whose output at one moment depends on this and earlier moments only. The input is "
        "lengthened in front, or the output is cut off at the end.",
        "时间上的卷积，某时刻的输出只取决于该时刻及更早的输入。做法是在输入前面补零，或截去输出末尾。",
    ),
    citations=(WAVE_NET,),
    equations=(r"\sym{output}_t=\sum_{k=0}^{K-1}\sym{w}_k\,\sym{x}_{t-k}+b",),
    symbols=(
        Symbol("x", "x", Text("The input, one column per moment", "输入，每个时刻一列")),
        Symbol("w", "w", Text("The kernel", "卷积核")),
        Symbol(
            "before",
            "p",
            Text("Zeros in front, as many as the kernel reaches back", "前面补的零，数目为卷积核向前覆盖的长度"),
            ("x",),
        ),
        Symbol("size", "K", Text("Size of the kernel", "卷积核大小"), ("w",)),
        Symbol("output", "y", Text("The output", "输出")),
    ),
    patterns=(Bind("output", Layer(IN_TIME, (PADDED,), "w")), Bind("output", CUT)),
    output="output",
    reference=reference,
    matches=(
        _CONV.format(name="Linear", body="self.a(F.pad(x, (self.k - 1, 0)))"),
        _CONV.format(name="Other", body="F.silu(self.b(x.transpose(1, 2))[..., : x.shape[1]])"),
        _CONV.format(name="More", body="self.b(x)[:, :, : x.shape[-1]]"),
    ),
    rejects=(
        # As much behind as in front, also where something is cut off; no padding; the end instead of the beginning;
        # nothing cut off.
        _CONV.format(name="CausalConv1d", body="self.a(F.pad(x, (1, 1)))"),
        _CONV.format(name="CausalConv1d", body="self.a(x)"),
        _CONV.format(name="CausalConv1d", body="self.s(x)[..., : self.k]"),
        _CONV.format(name="CausalConv1d", body="self.b(x)[..., 2:]"),
        _CONV.format(name="CausalConv1d", body="self.b(x)"),
    ),
)
