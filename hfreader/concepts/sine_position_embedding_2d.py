"""Sine position embeddings of two dimensions."""

from typing import Any

from hfreader.concepts.model import Citation, Concept, Symbol, Text
from hfreader.concepts.papers import TRANSFORMER, at
from hfreader.concepts.pattern import Anything, Bind, Differs, Op, Pattern
from hfreader.concepts.rotary_embedding_table import GEOMETRIC, geometric_sequence

FREQUENCIES = Bind("frequencies", GEOMETRIC)
PERIODS = Bind("periods", Op(("pow",), (Bind("temperature", Anything()), Anything())))


def waves(axis: str) -> Pattern:
    """Sines and cosines of one coordinate at falling frequencies, in turn."""
    angle = Op(("div",), (Op(("item",), (Bind(axis, Anything()),)), PERIODS))
    every_other = Op(("item",), (angle,))
    return Op(("stack",), (Op(("sin",), (every_other,)), Op(("cos",), (every_other,))))


def blocks(coordinate: Pattern) -> tuple[Pattern, Pattern]:
    """All sines, then all cosines, of one coordinate at falling frequencies."""
    angle = Op(("outer", "mul"), (coordinate, FREQUENCIES))
    return Op(("sin",), (angle,)), Op(("cos",), (angle,))


def reference(y: Any, x: Any, periods: Any = None, temperature: Any = None, frequencies: Any = None) -> dict[str, Any]:
    """[waves of y, waves of x], waves of z: sin(z / T^(2i/n)) and cos(z / T^(2i/n)), in turn where there are `periods`,
    else all sines and then all cosines.

    Shapes: y and x (B, H, W), periods (n,), the result (B, H, W, 2n); or y and x (places,), frequencies (n,), the
    result (places, 4n)."""
    if periods is None:
        theta = geometric_sequence(frequencies)
        joined = y.new_zeros(*y.shape, 4, theta.numel()) * theta
        for place, wave in enumerate(f(z[..., None] * theta) for z in (y, x) for f in (_sin, _cos)):
            joined[..., place, :] = wave
        return {"output": joined.flatten(-2)}
    count = periods.shape[-1]
    pair = ((periods.new_ones(count).cumsum(-1) - 1) / 2).floor()
    made = temperature ** (2 * pair / count)
    result = y.new_zeros(*y.shape, 2 * count)
    for start, axis in ((0, y), (count, x)):
        angles = axis[..., None] / made
        result[..., start : start + count : 2] = angles[..., 0::2].sin()
        result[..., start + 1 : start + count : 2] = angles[..., 1::2].cos()
    return {"output": result, "periods": made}


def _sin(angles: Any) -> Any:
    return angles.sin()


def _cos(angles: Any) -> Any:
    return angles.cos()


_GRID = """
def {name}(mask, n, t, s):
    y, x = mask.cumsum(1), mask.cumsum(2)
    y = y / (y[:, -1:, :] + 1e-6) * s
    x = x / (x[:, :, -1:] + 1e-6) * s
    d = torch.arange(n).to(torch.float32)
    d = t ** (2 * torch.div(d, 2, rounding_mode="floor") / n)
    p = x[:, :, :, None] / d
    q = y[:, :, :, None] / d
    {body}
"""
_WAVES = "torch.stack(({z}[:, :, :, 0::2].sin(), {z}[:, :, :, 1::2].cos()), dim=4).flatten(3)"

_BLOCKS = """
def sine(h, w, n, t):
    f = 1.0 / t ** (torch.arange(n) / n)
    y, x = torch.meshgrid(torch.arange(h), torch.arange(w), indexing="ij")
    a, b = y.flatten().outer(f), x.flatten().outer(f)
    {body}
"""

CONCEPT = Concept(
    slug="sine-position-embedding-2d",
    name=Text("2-D sine position embedding", "二维正弦位置编码"),
    explanation=Text(
        "Each place of an image is given the sinusoidal encodings of its row and of its column, side by side. Rows and "
        "columns are counted over what is no padding, and scaled to one turn, so that image size does not matter.",
        "图像的每个位置由其行号与列号的正弦编码并列表示。行列只数非填充处，并缩放到一周，因而与图像大小无关。",
    ),
    citations=(
        Citation("End-to-End Object Detection with Transformers", "Carion et al.", 2020, "2005.12872"),
        at(TRANSFORMER, "§3.5"),
    ),
    equations=(
        r"\sym{output}=[w(\sym{y}),\ w(\sym{x})],\qquad w(z)_{2i}=\sin\frac{z}{\sym{periods}_{2i}},\quad "
        r"w(z)_{2i+1}=\cos\frac{z}{\sym{periods}_{2i+1}}",
        r"w(z)=[\sin z\,\sym{frequencies},\ \cos z\,\sym{frequencies}]",
        r"\sym{periods}_{j}=\sym{temperature}^{2\lfloor j/2\rfloor/n}",
    ),
    symbols=(
        Symbol("y", "y", Text("Row of each place", "各处的行坐标")),
        Symbol("x", "x", Text("Column of each place", "各处的列坐标")),
        Symbol("periods", "p", Text("How far one must go for one radian", "每弧度的距离")),
        Symbol("frequencies", r"\omega", Text("Frequencies from 1 down", "从 1 递减的频率")),
        Symbol("temperature", "T", Text("The base of the periods, usually 10000", "周期的底数，通常为 10000")),
        Symbol("output", "PE", Text("The encoding of each place", "各处的编码")),
    ),
    patterns=(
        Bind("output", Op(("cat",), (waves("y"), waves("x")))),
        Bind("output", Op(("cat",), (*blocks(Bind("y", Anything())), *blocks(Bind("x", Differs("y")))))),
    ),
    output="output",
    reference=reference,
    matches=(
        _GRID.format(
            name="learned",
            body="p = " + _WAVES.format(z="p") + "\n    q = " + _WAVES.format(z="q") + "\n"
            "    return torch.cat((q, p), dim=3).permute(0, 3, 1, 2)",
        ),
        _BLOCKS.format(body="return torch.cat([a.sin(), a.cos(), b.sin(), b.cos()], dim=1)"),
    ),
    rejects=(
        # One coordinate twice, and waves of one kind.
        _BLOCKS.format(body="return torch.cat([a.sin(), a.cos(), a.sin(), a.cos()], dim=1)"),
        _BLOCKS.format(body="return torch.cat([a.sin(), b.sin(), b.cos(), b.cos()], dim=1)"),
        # One dimension; sums of both; no waves.
        _GRID.format(name="sine", body="return " + _WAVES.format(z="p")),
        _GRID.format(name="sine", body="return " + _WAVES.format(z="p") + " + " + _WAVES.format(z="q")),
        _GRID.format(name="sine", body="return torch.cat((p, q), dim=3)"),
    ),
)
