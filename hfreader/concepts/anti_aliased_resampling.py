"""Resampling of a signal in time through a fixed low-pass filter."""

from typing import Any

from hfreader.concepts.model import Citation, Concept, Symbol, Text
from hfreader.concepts.papers import BIG_VGAN
from hfreader.concepts.pattern import Anything, Bind, Op

STYLE_GAN_3 = Citation(
    "Alias-Free Generative Adversarial Networks",
    "Karras, Aittala, Laine, Härkönen, Hellsten, Lehtinen, Aila",
    2021,
    "2106.12423",
    "§2",
)
SIGNAL = Bind("x", Op(("pad",), (Anything(),)))
FILTER = Bind("h", Op(("expand",), (Op(("buffer",)),)))
STEP = (("stride", Bind("stride", Anything())), ("groups", Anything()))
ALL_BUT_ENDS = Op(("slice",), keywords=(("start", Bind("first", Anything())), ("stop", Anything())))
RAISED = Op(("mul",), (Bind("ratio", Anything()), Op(("conv_transpose1d",), (SIGNAL, FILTER), keywords=STEP)))
CUT = Op(("item",), (RAISED, Op(("tuple",), (Anything(), ALL_BUT_ENDS))))


def reference(x: Any, h: Any, stride: Any, like: Any, ratio: Any = None, first: Any = 0) -> Any:
    """sum_k h_k x_{s t + k}, or r sum_j h_{t + a - s j} x_j. Shapes: x (B, C, T), h (C, 1, K), result (B, C, T')."""
    step = stride[0] if isinstance(stride, tuple) else stride
    if ratio is None:
        return (x.unfold(-1, h.shape[-1], step) * h).sum(-1)
    whole = x.new_zeros(*x.shape[:-1], (x.shape[-1] - 1) * step + h.shape[-1])
    for place in range(x.shape[-1]):
        whole[..., place * step : place * step + h.shape[-1]] += x[..., place : place + 1] * h[:, 0]
    return ratio * whole[..., first : first + like.shape[-1]]


_RESAMPLING = """
class {name}(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.h = nn.Buffer(torch.sinc(torch.arange(c.k) - c.k / 2).view(1, 1, -1))
        self.w = nn.Parameter(torch.ones(1, 1, c.k))
        self.a, self.b, self.r = c.a, c.b, c.r

    def forward(self, x):
        n = x.shape[1]
        p = F.pad(x, (self.a, self.b), mode="replicate")
        {body}
"""
_DOWN = "return F.conv1d({x}, self.{h}.expand(n, -1, -1), stride=self.r, groups=n)"
_UP = "return ({r}F.conv_transpose1d(p, self.h.to(x.dtype).expand(n, -1, -1), stride=self.r, groups=n)){cut}"

CONCEPT = Concept(
    slug="anti-aliased-resampling",
    name=Text("Anti-aliased resampling", "抗混叠重采样"),
    explanation=Text(
        "A signal is brought to a higher or lower rate through a fixed low-pass filter, the same for every channel, so "
        "that no frequency above the new limit folds back. Vocoders put it around non-linearities, which make such "
        "frequencies.",
        "用固定的低通滤波器（各通道相同）把信号变到更高或更低的采样率，使超过新上限的频率不会折叠回来。"
        "声码器把它放在会产生这类频率的非线性前后。",
    ),
    citations=(BIG_VGAN, STYLE_GAN_3),
    equations=(
        r"\sym{output}_t=\sum_k\sym{h}_k\,\sym{x}_{\sym{stride}t+k}\ \text{(down)}",
        r"\sym{output}_t=\sym{ratio}\sum_j\sym{h}_{t+\sym{first}-\sym{stride}j}\,\sym{x}_j\ \text{(up)}",
    ),
    symbols=(
        Symbol("x", "x", Text("The signal, its ends repeated", "信号，两端重复延长")),
        Symbol("h", "h", Text("The fixed filter", "固定的滤波器")),
        Symbol("stride", "s", Text("How many fine steps one coarse step is", "一个粗步相当于多少细步")),
        Symbol("ratio", "r", Text("Makes up for the zeros between the values", "补偿插入的零")),
        Symbol("first", "a", Text("How much is cut off in front", "开头截去的长度")),
        Symbol("output", "y", Text("The signal at the other rate", "另一采样率下的信号")),
    ),
    patterns=(
        Bind("output", CUT),
        Bind("output", Op(("conv1d",), (SIGNAL, FILTER), keywords=STEP)),
    ),
    output="output",
    reference=reference,
    matches=(
        _RESAMPLING.format(name="Norm", body=_DOWN.format(x="p", h="h")),
        _RESAMPLING.format(name="Other", body=_UP.format(r="self.r * ", cut="[..., self.a : -self.b]")),
    ),
    rejects=(
        # A learned filter, a signal without its ends, zeros not made up for.
        _RESAMPLING.format(name="DownSample1d", body=_DOWN.format(x="p", h="w")),
        _RESAMPLING.format(name="DownSample1d", body=_DOWN.format(x="x", h="h")),
        _RESAMPLING.format(name="UpSample1d", body=_UP.format(r="", cut="[..., self.a : -self.b]")),
    ),
    hints=frozenset({"stride"}),
)
