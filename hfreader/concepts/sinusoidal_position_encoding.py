"""Sinusoidal position encodings."""

from typing import Any

from hfreader.concepts.learned_position_embedding import POSITIONS
from hfreader.concepts.model import Concept, NotCovered, Symbol, Text
from hfreader.concepts.papers import TRANSFORMER, at
from hfreader.concepts.pattern import (
    EMBEDDING,
    Anything,
    Bind,
    Both,
    DerivedFrom,
    Joined,
    Layer,
    Not,
    Number,
    OneOf,
    Op,
    Pattern,
    Scalar,
)

COUNT = DerivedFrom(("arange",), through=("div", "sub", "floor_divide", "mul", "neg"))
POWER = Op(("pow",), (Scalar(), COUNT))
DECAY = Op(("exp",), (COUNT,))
FREQUENCIES = Bind(
    "frequencies",
    OneOf(
        (
            Op(("mul",), (OneOf((Number(1), Scalar())), DECAY)),
            DECAY,
            Op(("div",), (Number(1), POWER)),
            Op(("reciprocal",), (POWER,)),
            POWER,
        )
    ),
)
PRODUCT = Op(("mul", "outer", "matmul"), (Bind("positions", Anything()), FREQUENCIES), commutative=True)
SIN, COS = Op(("sin",), (Bind("angles", PRODUCT),)), Op(("cos",), (PRODUCT,))
COMPUTED = OneOf(
    (
        Bind("sines_first", OneOf((Op(("cat",), (SIN, COS)), Joined(SIN, COS)))),
        Bind("cosines_first", Op(("cat",), (COS, SIN))),
        Bind("in_pairs", Op(("stack",), (SIN, COS), keywords=(("dim", Number(-1)),))),
    )
)
MADE = DerivedFrom(("sin", "cos"), through=("cat", "stack", "setitem"))
TABLE, KEPT = Bind("table", MADE), Bind("table", Op(("buffer",), (MADE,)))
SEVERAL: Pattern = Bind("positions", Anything())
LATER = Op(("slice",), keywords=(("start", Bind("first", Anything())),))
SLICE = OneOf((LATER, Both(Not(LATER), Op(("slice",)))))
PICKED = (Bind("positions", Not(SLICE)), SLICE)


def reference(
    like: Any,
    positions: Any = None,
    frequencies: Any = None,
    cosines_first: Any = None,
    in_pairs: Any = None,
    table: Any = None,
    first: Any = None,
) -> Any:
    """sin(t w_i) beside cos(t w_i), w_i = w_0 T^(-i/n) or w_0 T^(-i/(n-1)) for n frequencies; `in_pairs` has sine and
    cosine of each frequency in a dimension of their own.

    Of a table made beforehand, the rows at `positions`, or those from `first` on; it must hold such numbers itself.
    Shapes: positions (..., 1) or broadcastable with the frequencies, (tokens) where there is a table.
    """
    if table is not None:
        rows = getattr(table, "weight", table)
        rows = rows.reshape(-1, rows.shape[-1])
        if not _holds_sinusoids(rows):
            raise NotCovered("the table does not hold sinusoids of base 10000")
        start = first or 0
        return rows[start : start + like.shape[-2]] if positions is None else rows[positions]
    angles = positions * frequencies
    count = frequencies.shape[-1]
    ramp = frequencies.new_ones(count).cumsum(-1) - 1
    logs = frequencies.flatten().log()
    step = (logs[-1] - logs[0]) / max(count - 1, 1)
    made = (logs[0] + ramp * step).exp().reshape(frequencies.shape)
    parts = (angles.sin(), angles.cos()) if cosines_first is None else (angles.cos(), angles.sin())
    joined = angles.new_zeros(*angles.shape, 2)
    joined[..., 0], joined[..., 1] = parts
    if in_pairs is None:
        joined = joined.transpose(-1, -2).flatten(-2)
    return {"output": joined, "angles": angles, "frequencies": made}


def _holds_sinusoids(rows: Any) -> bool:
    """Whether each row but the odd one of padding is made of sines and cosines of its number."""
    count = rows.shape[-1] // 2
    ramp = rows.new_ones(count).cumsum(-1) - 1
    place = (rows.new_ones(rows.shape[0]).cumsum(-1) - 1)[:, None]
    for divisor in (count, max(count - 1, 1)):
        angles = place * 10000.0 ** (-ramp / divisor)
        for one, two in ((rows[:, :count], rows[:, count : 2 * count]), (rows[:, 0::2], rows[:, 1::2])):
            for sines, cosines in ((one, two), (two, one)):
                if sines.shape == angles.shape == cosines.shape:
                    off = ((sines - angles.sin()).abs() + (cosines - angles.cos()).abs()).amax(-1) > 1e-3
                    if int(off.sum()) <= 1:
                        return True
    return False


_TABLE = """
class {name}(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.n, self.e = c.n, nn.Embedding(c.n, c.d)
        self.e.requires_grad_(False)
        self.t = nn.Buffer(self.make(c.n, c.d), persistent=False)
        self.w = nn.Parameter(torch.zeros(c.n, c.d))

    def make(self, n, d):
        f = torch.exp(torch.arange(d // 2).float() * -(math.log(10000) / (d // 2 - 1)))
        a = torch.arange(n).float().unsqueeze(1) * f.unsqueeze(0)
        return torch.cat([torch.sin(a), torch.cos(a)], dim=1).view(n, -1)

    def forward(self, x):
        {body}
"""

CONCEPT = Concept(
    slug="sinusoidal-position-encoding",
    name=Text("Sinusoidal position encoding", "正弦位置编码"),
    explanation=Text(
        "Each position is given sines and cosines of itself at frequencies that fall geometrically, so that a shift is "
        "a rotation of each pair. Nothing is learned. The paper has ω₀ = 1, b = 10000 and n = d/2, so that "
        "ω_i = 10000^(-2i/d); much code has n = d/2 - 1, so that the last frequency is 1/b, and some has other b and "
        "ω₀: which, its own lines say. Code lays sines before cosines, or the pairs side by side.",
        "每个位置由它自身在按等比下降的频率上的正弦和余弦表示，位置平移就是每一对的旋转。没有可学习的参数。"
        "论文取 ω₀ = 1、b = 10000、n = d/2，即 ω_i = 10000^(-2i/d)；许多代码取 n = d/2 - 1，使最后一个频率为 1/b，"
        "也有取其他 b 和 ω₀ 的：以各自的代码行为准。"
        "代码把正弦全排在余弦之前，或成对相邻。",
    ),
    citations=(at(TRANSFORMER, "§3.5"),),
    equations=(
        r"\sym{output}=[\sin\sym{angles},\ \cos\sym{angles}],\qquad"
        r"\sym{angles}_{i}=\sym{positions}\,\sym{frequencies}_i,\qquad"
        r"\sym{frequencies}_i=\omega_0\,b^{-i/n}",
        r"\sym{output}=\sym{table}_{\sym{positions}}\quad\text{or}\quad\sym{output}=\sym{table}_{\sym{first}+t}",
    ),
    symbols=(
        Symbol("positions", "t", Text("Positions, or times, counted from the start", "从头数的位置或时刻")),
        Symbol(
            "frequencies",
            r"\omega",
            Text("The frequencies, from ω₀ down, each by the same factor", "各频率，从 ω₀ 按同一比例递减"),
        ),
        Symbol("angles", "t\\omega", Text("Each position at each frequency", "各位置在各频率上的角")),
        Symbol("sines_first", r"[\sin,\cos]", Text("All sines, then all cosines", "先全部正弦，后全部余弦")),
        Symbol("cosines_first", r"[\cos,\sin]", Text("All cosines, then all sines", "先全部余弦，后全部正弦")),
        Symbol(
            "in_pairs", r"[\sin_1,\cos_1,\dots]", Text("Sine and cosine of each frequency", "每个频率的正弦和余弦相邻")
        ),
        Symbol("table", "PE", Text("The encodings of all positions, made beforehand", "事先算好的各位置编码")),
        Symbol("first", "a", Text("The first position of the input, if not 0", "输入的第一个位置（若不为 0）")),
        Symbol("output", "PE_t", Text("The encoding of each position", "各位置的编码")),
    ),
    patterns=(
        Bind("output", COMPUTED),
        Bind("output", Op(("index_select",), (TABLE,), keywords=(("index", SEVERAL),))),
        Bind(
            "output",
            Op(("item",), (KEPT, OneOf((Bind("positions", Not(Op(("tuple", "slice")))), Op(("tuple",), PICKED))))),
        ),
        Bind("output", Op(("item",), (KEPT, OneOf((SLICE, Op(("tuple",), (SLICE,))))))),
        Bind("output", Layer(EMBEDDING, (Bind("positions", POSITIONS),), "table", frozen=True)),
    ),
    output="output",
    reference=reference,
    matches=(
        _TABLE.format(
            name="Learned", body="i = torch.arange(x.shape[1])\n        return self.t.index_select(0, i.view(-1))"
        ),
        _TABLE.format(name="Rows", body="return self.t[: x.shape[1], :]"),
        _TABLE.format(name="Later", body="return self.t[1 : x.shape[1] + 1]"),
        _TABLE.format(name="Picked", body="return self.t[x.long()]"),
        _TABLE.format(name="Whole", body="return self.t[x.long(), :]"),
        _TABLE.format(name="Frozen", body="return self.e(torch.arange(x.shape[1]))"),
        """
def times(t, n):
    f = torch.exp(torch.arange(n) * -(math.log(10000) / (n - 1)))
    a = 1000 * t[:, None] * f[None, :]
    return torch.cat((a.sin(), a.cos()), dim=-1)
""",
        """
def times(t, n, base):
    f = 1.0 / base ** (torch.arange(0, n, 2) / n)
    a = torch.outer(t, f)
    return torch.cat((a.cos(), a.sin()), dim=-1)
""",
        """
def times(t, n, base):
    f = 1.0 / base ** (torch.arange(0, n, 2) / n)
    a = (t[:, None].float() * f).expand(2, -1, -1)
    return torch.stack([a.sin(), a.cos()], dim=-1).flatten(-2)
""",
        """
def times(t, n, longest):
    f = 1.0 * torch.exp(-math.log(longest) * torch.arange(n) / n)
    r = torch.zeros(len(t), 2 * n)
    r[:, :n] = torch.sin(t[:, None] * f)
    r[:, n:] = torch.cos(t[:, None] * f)
    return r
""",
    ),
    rejects=(
        # Learned rows; a rotation of the features; random frequencies.
        _TABLE.format(name="Sinusoidal", body="return self.w[: x.shape[1], :]"),
        """
def sinusoidal(x, t, n):
    f = torch.exp(torch.arange(n) * -(math.log(10000) / (n - 1)))
    a = torch.cat((t * f, t * f), dim=-1)
    return x * a.cos() + torch.cat((-x, x), dim=-1) * a.sin()
""",
        """
def sinusoidal(t, n):
    f = torch.exp(torch.arange(n) * -(math.log(10000) / (n - 1)))
    return torch.cat(((t * f).cos(), (t * f).cos()), dim=-1)[:, 0]
""",
        """
def sinusoidal(t, w):
    a = t[:, None] * w
    return torch.cat((a.sin(), a.cos()), dim=-1)
""",
    ),
    hints=frozenset({"sines_first", "cosines_first", "in_pairs"}),
)
