"""Rotary position embedding: pairs of coordinates turned by an angle that grows with the position."""

from typing import Any

from hfreader.concepts.model import Concept, Symbol, Text
from hfreader.concepts.papers import ROFORMER, at
from hfreader.concepts.pattern import Anything, Bind, Element, Number, OneOf, Op, Pattern, Slice

X = Bind("x", Anything())
COS, SIN = Bind("cos", Anything()), Bind("sin", Anything())
TWO = Number(2)


def element(index: int, names: tuple[str, ...], size: int) -> Pattern:
    """One of the two parts in which `chunk`, `split` or `unbind` cut the last dimension of X."""
    return Element(index, Op(names, (X,), optional=(("dim", OneOf((Number(-1), Number(size)))),)))


HALF_1 = Bind("half_1", OneOf((Slice(X, stop=Anything()), element(0, ("chunk", "split"), 3))))
HALF_2 = Bind("half_2", OneOf((Slice(X, start=Anything()), element(1, ("chunk", "split"), 3))))
EVEN = Bind("even", OneOf((Slice(X, step=TWO), element(0, ("unbind",), 4))))
ODD = Bind("odd", OneOf((Slice(X, start=Number(1), step=TWO), element(1, ("unbind",), 4))))


def summed(turned: Pattern) -> Pattern:
    """x cos + turned sin."""
    return Op(("add",), (Op(("mul",), (X, COS)), Op(("mul",), (turned, SIN))))


def parted(first: Pattern, second: Pattern) -> tuple[Pattern, Pattern]:
    """Both coordinates of every pair after the turn."""
    return (
        Op(("sub",), (Op(("mul",), (first, COS)), Op(("mul",), (second, SIN)))),
        Op(("add",), (Op(("mul",), (second, COS)), Op(("mul",), (first, SIN)))),
    )


def spread(columns: Any, index: slice, size: int) -> Any:
    """The columns of a table of cosines or sines that belong to one coordinate of every pair."""
    return columns[..., index] if columns.shape[-1] == size else columns


def turned(x: Any, cos: Any, sin: Any, halves: bool, gathered: bool = False) -> Any:
    """Every pair (a, b) of x (..., d) becomes (a cos - b sin, b cos + a sin); `cos` and `sin` have d or d / 2 columns.

    Pairs are coordinates i and i + d / 2 (`halves`) or neighbours; `gathered` puts the first coordinates of all pairs
    before the second ones.
    """
    size = x.shape[-1]
    behind = (slice(0, size // 2), slice(size // 2, None))
    here = behind if halves else (slice(0, None, 2), slice(1, None, 2))
    there = behind if gathered else here
    (cos_a, sin_a), (cos_b, sin_b) = ((spread(cos, one, size), spread(sin, one, size)) for one in here)
    a, b = (x[..., one] for one in here)
    result = x.clone()
    result[..., there[0]] = a * cos_a - b * sin_a
    result[..., there[1]] = b * cos_b + a * sin_b
    return result


def reference(
    x: Any,
    cos: Any = None,
    sin: Any = None,
    freqs: Any = None,
    half_1: Any = None,
    even: Any = None,
    gathered: Any = None,
) -> dict[str, Any]:
    """R_{Theta,m} x, see `turned`; `freqs` is cos + i sin."""
    if freqs is not None:
        pairs = x if x.dim() == freqs.dim() + 1 else x.reshape(*x.shape[:-1], -1, 2)
        a, b = pairs[..., 0], pairs[..., 1]
        result = pairs.clone()
        result[..., 0], result[..., 1] = a * freqs.real - b * freqs.imag, b * freqs.real + a * freqs.imag
        return {"output": result}
    size = x.shape[-1]
    parts = {"even": x[..., 0::2]} if half_1 is None else {"half_1": x[..., : size // 2]}
    return {**parts, "output": turned(x, cos, sin, half_1 is not None, gathered is not None)}


OPPOSITE = Op(("neg",), (HALF_2,))
CONCEPT = Concept(
    slug="rotary-position-embedding",
    name=Text("Rotary position embedding", "旋转位置编码"),
    explanation=Text(
        "The coordinates of a query or key are taken in pairs, and each pair is turned by the angle m times theta_i, "
        "where m is the position. The dot product of a turned query and a turned key then depends on how far apart "
        "they stand, not on where. Papers pair neighbours; much code pairs coordinate i with i + d/2 instead, which is "
        "the same up to the order of the coordinates.",
        "把查询或键的坐标两两成对，每对旋转角度 m·θ_i，其中 m 是位置。旋转后的查询与键的点积只取决于两者的距离，"
        "而与绝对位置无关。论文把相邻坐标配对；许多代码则把坐标 i 与 i + d/2 配对，两者只差坐标的次序。",
    ),
    citations=(at(ROFORMER, "§3.2.2, Eq. (15); fast form Eq. (34)"),),
    equations=(
        r"\sym{output}=R^{d}_{\Theta,m}\,\sym{x}=\sym{x}\otimes\sym{cos}+J\sym{x}\otimes\sym{sin}",
        r"J(\dots,a,\dots,b,\dots)=(\dots,-b,\dots,a,\dots)",
    ),
    symbols=(
        Symbol("x", "x_m", Text("Query or key at position m", "位置 m 的查询或键")),
        Symbol(
            "cos",
            r"\cos m\Theta",
            Text("Cosines of the angles, one per pair or coordinate", "各角度的余弦"),
            ("freqs",),
        ),
        Symbol("sin", r"\sin m\Theta", Text("Sines of the angles", "各角度的正弦"), ("freqs",)),
        Symbol("freqs", r"e^{im\Theta}", Text("Cosines and sines as complex numbers", "以复数表示的余弦与正弦")),
        Symbol("half_1", "x_{1:d/2}", Text("First coordinates of the pairs: the first half", "各对的第一坐标：前一半")),
        Symbol(
            "half_2", "x_{d/2+1:d}", Text("Second coordinates of the pairs: the second half", "各对的第二坐标：后一半")
        ),
        Symbol("even", r"x_{1,3,\dots}", Text("First coordinates of the pairs of neighbours", "相邻坐标对的第一坐标")),
        Symbol("odd", r"x_{2,4,\dots}", Text("Second coordinates of the pairs of neighbours", "相邻坐标对的第二坐标")),
        Symbol(
            "gathered",
            "P x_m",
            Text("First coordinates of all pairs, then the second ones", "先排所有第一坐标，再排第二坐标"),
        ),
        Symbol("output", "x'_m", Text("The turned vector", "旋转后的向量")),
    ),
    patterns=(
        Bind("output", summed(Op(("cat",), (OPPOSITE, HALF_1)))),
        Bind("output", summed(Op(("stack",), (Op(("neg",), (ODD,)), EVEN)))),
        Bind("output", Op(("cat",), parted(HALF_1, HALF_2))),
        Bind("output", Op(("stack",), parted(EVEN, ODD))),
        Bind("output", Bind("gathered", Op(("cat",), parted(EVEN, ODD)))),
        Bind(
            "output",
            Op(("view_as_real",), (Op(("mul",), (Op(("view_as_complex",), (X,)), Bind("freqs", Anything()))),)),
        ),
    ),
    output="output",
    reference=reference,
    matches=(
        """
def other(v):
    a, b = v[..., : v.shape[-1] // 2], v[..., v.shape[-1] // 2 :]
    return torch.cat((-b, a), dim=-1)

def apply(a, b, c, s):
    c, s = c.unsqueeze(1), s.unsqueeze(1)
    return a * c + other(a) * s, b * c + other(b) * s
""",
        """
def apply(t, s, c):
    s = torch.repeat_interleave(s[:, :, None, :], 2, 3)
    c = torch.repeat_interleave(c[:, :, None, :], 2, 3)
    other = torch.stack((-t[:, :, :, 1::2], t[:, :, :, ::2]), dim=-1).flatten(-2)
    return t * c + other * s
""",
        """
def apply(t, c, s):
    a, b = torch.chunk(t, 2, dim=-1)
    return torch.cat((a * c - b * s, b * c + a * s), dim=-1)
""",
        """
def apply(t, turns):
    z = torch.view_as_complex(t.float().reshape(*t.shape[:-1], -1, 2))
    return torch.view_as_real(z * turns[:, :, None, :]).flatten(3).type_as(t)
""",
        """
def apply(t, c, s):
    a, b = t[..., 0::2], t[..., 1::2]
    return torch.cat([a * c - b * s, b * c + a * s], dim=-1)
""",
        """
def apply(t, c, s):
    a, b = t.view(*t.shape[:-1], -1, 2).unbind(dim=-1)
    return t * c + torch.stack((-b, a), dim=-1).flatten(start_dim=-2) * s
""",
    ),
    rejects=(
        # The opposite turn, halves that are swapped without a sign, a product of another vector, a table of angles.
        """
def rotate_half(x, cos, sin):
    x1, x2 = x[..., : x.shape[-1] // 2], x[..., x.shape[-1] // 2 :]
    return x * cos + torch.cat((x2, -x1), dim=-1) * sin
""",
        """
def rotate_half(x, cos, sin):
    x1, x2 = x[..., : x.shape[-1] // 2], x[..., x.shape[-1] // 2 :]
    return x * cos + torch.cat((x2, x1), dim=-1) * sin
""",
        """
def rotate_half(x, y, cos, sin):
    x1, x2 = x[..., : x.shape[-1] // 2], x[..., x.shape[-1] // 2 :]
    return y * cos + torch.cat((-x2, x1), dim=-1) * sin
""",
        """
def rotary_embedding(positions, frequencies):
    angles = positions[:, None] * frequencies
    return torch.cat((angles.cos(), angles.sin()), dim=-1)
""",
    ),
    hints=frozenset({"gathered", "half_1", "even"}),
)
