"""A layer of a time delay neural network: a dilated convolution over time whose kernel is a linear layer's matrix."""

from typing import Any

from hfreader.concepts.model import Citation, Concept, Symbol, Text
from hfreader.concepts.pattern import Activation, Anything, Bind, Op, Returned
from hfreader.concepts.statistics_pooling import X_VECTOR

CONVOLVED = Op(
    ("conv1d",),
    (Bind("x", Anything()), Bind("kernel", Op(("attribute",))), Bind("offset", Anything())),
    keywords=(("dilation", Bind("dilation", Anything())),),
)


def reference(x: Any, kernel: Any, phi: Any, dilation: Any, offset: Any = None) -> Any:
    """phi(sum_j W_j x_(t + j dilation) + b). Shapes: x (B, d, n), kernel (d', d, k); the result is (B, n', d')."""
    reach = (kernel.shape[2] - 1) * dilation + 1
    windows = x.unfold(2, reach, 1)[..., ::dilation]
    summed = (windows[:, None] * kernel[None, :, :, None]).sum((2, 4)).transpose(1, 2)
    return phi(summed if offset is None else summed + offset)


_LAYER = """
class {name}(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.k, self.d = c.k, c.d
        self.l, self.act = nn.Linear(c.e * c.k, c.f), nn.ReLU()

    def forward(self, x):
        w = self.l.weight.view(8, self.k, 4).transpose(1, 2)
        {body}
"""

CONCEPT = Concept(
    slug="time-delay-layer",
    name=Text("Time delay layer (TDNN)", "时延神经网络层（TDNN）"),
    explanation=Text(
        "Each output looks at a few frames around it, some steps apart, through one linear map and a non-linearity. "
        "It is a dilated convolution over time; layers on top of each other see ever longer stretches of speech.",
        "每个输出经由一个线性映射和非线性，看它周围相隔若干步的几帧，即时间上的空洞卷积；层层叠加，看到的语音越来越长。",
    ),
    citations=(
        Citation(
            "Phoneme Recognition Using Time-Delay Neural Networks",
            "Waibel, Hanazawa, Hinton, Shikano, Lang",
            1989,
        ),
        X_VECTOR,
    ),
    equations=(r"\sym{output}_t=\sym{phi}\Big(\sum_j\sym{kernel}_j\,\sym{x}_{t+j\,\sym{dilation}}+\sym{offset}\Big)",),
    symbols=(
        Symbol("x", "x", Text("The frames", "各帧")),
        Symbol("kernel", "W", Text("The linear map of each tap", "各抽头的线性映射")),
        Symbol("offset", "b", Text("Its offset", "它的偏置")),
        Symbol("dilation", "d", Text("How far apart the taps are", "抽头之间的间隔")),
        Symbol("phi", r"\varphi", Text("Pointwise non-linearity", "逐元素非线性")),
        Symbol("output", "y", Text("The output", "输出")),
    ),
    patterns=(Returned(Bind("output", Activation(CONVOLVED, "phi"))),),
    output="output",
    reference=reference,
    matches=(
        _LAYER.format(
            name="Linear",
            body="return self.act(F.conv1d(x.transpose(1, 2), w, self.l.bias, dilation=self.d).transpose(1, 2))",
        ),
    ),
    rejects=(
        # No delay between taps; no non-linearity; a linear map alone.
        _LAYER.format(name="TDNN", body="return self.act(F.conv1d(x.transpose(1, 2), w, self.l.bias))"),
        _LAYER.format(name="TDNN", body="return F.conv1d(x.transpose(1, 2), w, self.l.bias, dilation=self.d)"),
        _LAYER.format(name="TDNN", body="return self.act(self.l(x))"),
    ),
)
