"""Random Fourier features of coordinates."""

import math
from typing import Any

from hfreader.concepts.model import Citation, Concept, Symbol, Text
from hfreader.concepts.pattern import Anything, Bind, Number, OneOf, Op, Pattern

MATRIX = Bind("matrix", OneOf((Op(("learned",)), Op(("buffer",)))))
PROJECTED = Op(("matmul",), (Bind("x", Anything()), MATRIX))
ANGLES: Pattern = Op(("mul",), (Number(2 * math.pi), PROJECTED))
# One coordinate, and a phase of its own for each frequency.
SHIFTED = Op(("add",), (Op(("mul",), (Bind("x", Anything()), MATRIX)), Bind("phases", Op(("buffer",)))))
WAVES = Op(("cos",), (Op(("mul",), (Number(2 * math.pi), SHIFTED)),))


def reference(x: Any, matrix: Any, phases: Any = None) -> Any:
    """[sin(2 pi x B), cos(2 pi x B)], or cos(2 pi (x B + b)) where there are `phases` b. Shapes: x (..., c), B (c, n),
    the result (..., 2n); with phases x (..., 1), B and b (n,), the result (..., n)."""
    if phases is not None:
        return (2 * math.pi * (x * matrix + phases)).cos()
    angles = 2 * math.pi * (x @ matrix)
    count = angles.shape[-1]
    result = angles.new_zeros(*angles.shape[:-1], 2 * count)
    result[..., :count], result[..., count:] = angles.sin(), angles.cos()
    return result


_POINTS = """
class {name}(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.b = nn.Buffer(c.s * torch.randn((2, c.n)))
        self.w, self.p = nn.Buffer(torch.randn(c.n)), nn.Buffer(torch.randn(c.n))

    def forward(self, x):
        {body}
"""

CONCEPT = Concept(
    slug="fourier-position-features",
    name=Text("Fourier position features", "随机傅里叶位置特征"),
    explanation=Text(
        "Coordinates are projected on directions drawn at random and turned into sine and cosine. A network "
        "that sees these can follow fine detail that it would smooth over from the coordinates alone.",
        "把坐标投影到随机方向上，再取各投影的正弦和余弦。只看坐标的网络会抹平细节，看到这些特征则能分辨。",
    ),
    citations=(
        Citation(
            "Fourier Features Let Networks Learn High Frequency Functions in Low Dimensional Domains",
            "Tancik et al.",
            2020,
            "2006.10739",
        ),
        Citation("Segment Anything", "Kirillov et al.", 2023, "2304.02643"),
    ),
    equations=(
        r"\sym{output}=[\sin(2\pi\,\sym{x}\,\sym{matrix}),\ \cos(2\pi\,\sym{x}\,\sym{matrix})]",
        r"\sym{output}=\cos(2\pi(\sym{x}\,\sym{matrix}+\sym{phases}))",
    ),
    symbols=(
        Symbol("x", "v", Text("Coordinates, from -1 to 1", "坐标，从 -1 到 1")),
        Symbol("matrix", "B", Text("Directions and frequencies, drawn once at random", "一次随机抽取的方向与频率")),
        Symbol("phases", "b", Text("Shifts, drawn once at random", "一次随机抽取的相位")),
        Symbol("output", r"\gamma(v)", Text("The features", "特征")),
    ),
    patterns=(
        Bind("output", Op(("cat",), (Op(("sin",), (ANGLES,)), Op(("cos",), (ANGLES,))))),
        Bind("output", WAVES),
    ),
    output="output",
    reference=reference,
    matches=(
        _POINTS.format(
            name="Sine",
            body="x = 2 * x - 1\n        x = 2 * math.pi * (x @ self.b)\n"
            "        return torch.cat([torch.sin(x), torch.cos(x)], dim=-1)",
        ),
        _POINTS.format(name="Noise", body="return torch.cos(2 * math.pi * (x[:, None] * self.w[None, :] + self.p))"),
    ),
    rejects=(
        # Frequencies that are no turns; one wave alone; the coordinates themselves.
        _POINTS.format(name="Fourier", body="x = x @ self.b\n        return torch.cat([x.sin(), x.cos()], dim=-1)"),
        _POINTS.format(name="Fourier", body="return torch.cos(2 * math.pi * (x @ self.b))"),
        _POINTS.format(
            name="Fourier", body="x = 2 * math.pi * x\n        return torch.cat([x.sin(), x.cos()], dim=-1)"
        ),
    ),
)
