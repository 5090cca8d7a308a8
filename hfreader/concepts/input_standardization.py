"""Pictures or spectrograms brought to mean zero and deviation one, by fixed numbers."""

from typing import Any

from hfreader.concepts.model import Concept, Symbol, Text
from hfreader.concepts.papers import RESNET
from hfreader.concepts.pattern import Bind, Op

FIXED = Op(("buffer",))
X = Bind("x", Op(("parameter", "attribute")))


def reference(x: Any, mean: Any, deviation: Any) -> Any:
    """(x - mu) / sigma, channel by channel. Shapes: x (B, C, H, W), mu and sigma (C, 1, 1)."""
    return (x - mean) / deviation


_MODULE = """
class {name}(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.m = nn.Buffer(torch.tensor(c.mean).view(-1, 1, 1))
        self.s = nn.Buffer(torch.tensor(c.std).view(-1, 1, 1))
        self.w = nn.Parameter(torch.ones(3, 1, 1))

    def forward(self, x):
        return {body}
"""

CONCEPT = Concept(
    slug="input-standardization",
    name=Text("Standardisation of the input", "输入标准化"),
    explanation=Text(
        "From each channel, or band of sound, its mean over the training data is taken, the rest is divided "
        "by the deviation. Both are fixed numbers; usually this is done before the model, here within it.",
        "图像的每个通道（或声音的每个频带）减去训练数据的均值，再除以标准差。两者都是固定的数；这一步通常在模型之外完成，此处在模型之内。",
    ),
    citations=(RESNET,),
    equations=(r"\sym{output}_c=\frac{\sym{x}_c-\sym{mean}_c}{\sym{deviation}_c}",),
    symbols=(
        Symbol("x", "x", Text("The picture or spectrogram", "图像或声谱图")),
        Symbol("mean", r"\mu", Text("Means over the training data", "训练数据的均值")),
        Symbol("deviation", r"\sigma", Text("Deviations over the training data", "训练数据的标准差")),
        Symbol("output", r"\tilde{x}", Text("The same, standardised", "标准化后的值")),
    ),
    patterns=(Bind("output", Op(("div",), (Op(("sub",), (X, Bind("mean", FIXED))), Bind("deviation", FIXED)))),),
    output="output",
    reference=reference,
    matches=(_MODULE.format(name="Norm", body="((x.float() - self.m.float()) / self.s.float()).to(x.dtype)"),),
    rejects=(
        # Learned numbers; a mean of the picture itself; no deviation.
        _MODULE.format(name="Standardization", body="(x - self.m) / self.w"),
        _MODULE.format(name="Standardization", body="(x - x.mean((2, 3), keepdim=True)) / self.s"),
        _MODULE.format(name="Standardization", body="x - self.m"),
    ),
)
