"""The Snake activation of neural codecs and vocoders."""

from typing import Any

from hfreader.concepts.model import Citation, Concept, Symbol, Text
from hfreader.concepts.norms import squared
from hfreader.concepts.papers import BIG_VGAN
from hfreader.concepts.pattern import Anything, Bind, Number, OneOf, Op, Scalar

SNAKE = Citation(
    "Neural Networks Fail to Learn Periodic Functions and How to Fix It", "Ziyin, Hartwig, Ueda", 2020, "2006.08195"
)
X = Bind("x", Anything())
WAVE = squared(Op(("sin",), (Op(("mul",), (Bind("alpha", Anything()), X)),)))
RATE = Op(("add",), (Bind("beta", Anything()), Bind("eps", Scalar())))
HEIGHT = OneOf((Op(("reciprocal",), (RATE,)), Op(("div",), (Number(1), RATE))))


def reference(x: Any, alpha: Any, beta: Any, eps: Any) -> Any:
    """x + sin(alpha x)^2 / (beta + eps). Shapes: x (B, C, T), alpha and beta one number for each channel."""
    return x + (alpha * x).sin() ** 2 / (beta + eps)


_SNAKE = """
class {name}(nn.Module):
    def __init__(self, n):
        super().__init__()
        self.a = nn.Parameter(torch.ones(1, n, 1))
        self.b = nn.Parameter(torch.ones(1, n, 1))
        self.e = 1e-9

    def forward(self, x):
        return {body}
"""

CONCEPT = Concept(
    slug="codec-vocoder-unit",
    name=Text("Snake activation", "Snake 激活（声码器与编解码单元）"),
    explanation=Text(
        "A non-linearity with a periodic part: the input plus the square of its sine, with a learned frequency for "
        "each channel. Neural codecs and vocoders use it, as sound is periodic and ReLU networks extend no period.",
        "带周期成分的非线性：输入加上其正弦的平方，每个通道的频率可学习。神经编解码器与声码器使用它，"
        "因为声音是周期性的，而 ReLU 网络不能延续周期。",
    ),
    citations=(SNAKE, BIG_VGAN),
    equations=(r"\sym{output}=\sym{x}+\frac{1}{\sym{beta}+\sym{eps}}\sin^2(\sym{alpha}\,\sym{x})",),
    symbols=(
        Symbol("x", "x", Text("The input", "输入")),
        Symbol("alpha", r"\alpha", Text("Frequency of each channel", "每个通道的频率")),
        Symbol(
            "beta", r"\beta", Text("One over the height; the frequency itself in Snake", "高度的倒数，Snake 中即频率")
        ),
        Symbol("eps", r"\epsilon", Text("A small number against division by zero", "防止除以零的小数")),
        Symbol("output", r"\mathrm{Snake}(x)", Text("The output", "输出")),
    ),
    patterns=(Bind("output", Op(("add",), (X, Op(("mul",), (HEIGHT, WAVE))))),),
    output="output",
    reference=reference,
    matches=(
        _SNAKE.format(name="Norm", body="x + (self.a + 1e-9).reciprocal() * torch.sin(self.a * x).pow(2)"),
        _SNAKE.format(
            name="Other", body="x + 1.0 / (self.b.exp() + self.e) * torch.pow(torch.sin(x * self.a.exp()), 2)"
        ),
    ),
    rejects=(
        # A sine, its square alone, another input beside it.
        _SNAKE.format(name="Snake", body="x + (self.a + 1e-9).reciprocal() * torch.sin(self.a * x)"),
        _SNAKE.format(name="Snake", body="(self.a + 1e-9).reciprocal() * torch.sin(self.a * x).pow(2)"),
        _SNAKE.format(name="Snake", body="self.b + (self.a + 1e-9).reciprocal() * torch.sin(self.a * x).pow(2)"),
    ),
)
