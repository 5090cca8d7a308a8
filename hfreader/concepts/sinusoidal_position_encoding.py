"""Sinusoidal position encodings."""

import math
from typing import Any

from hfreader.concepts.learned_position_embedding import POSITIONS
from hfreader.concepts.model import Concept, NotCovered, Symbol, Text
from hfreader.concepts.papers import TRANSFORMER, at
from hfreader.concepts.pattern import (
    EMBEDDING,
    Anything,
    Bind,
    DerivedFrom,
    Layer,
    Number,
    OneOf,
    Op,
    Pattern,
    Scalar,
)

COUNT = DerivedFrom(("arange",), through=("div", "sub", "floor_divide", "mul", "neg"))
RAMP = OneOf((COUNT, Op(("mul",), (COUNT, Anything()))))
POWER = Op(("pow",), (Scalar(), RAMP))
FREQUENCIES = Bind(
    "frequencies",
    OneOf((Op(("exp",), (RAMP,)), Op(("div",), (Number(1), POWER)), Op(("reciprocal",), (POWER,)), POWER)),
)
ANGLES = Bind("angles", Op(("mul", "outer", "matmul"), (Bind("positions", Anything()), FREQUENCIES), commutative=True))
SIN, COS = Op(("sin",), (ANGLES,)), Op(("cos",), (ANGLES,))
COMPUTED = OneOf((Bind("sines_first", Op(("cat",), (SIN, COS))), Bind("cosines_first", Op(("cat",), (COS, SIN)))))
TABLE = Bind("table", DerivedFrom(("sin", "cos"), through=("cat", "stack", "setitem")))
KEPT = Bind("table", Op(("buffer",), (DerivedFrom(("sin", "cos"), through=("cat", "setitem")),)))
SEVERAL: Pattern = Bind("positions", Anything())


def reference(
    like: Any,
    positions: Any = None,
    frequencies: Any = None,
    sines_first: Any = None,
    table: Any = None,
) -> Any:
    """sin(t w_i) beside cos(t w_i), w_i = T^(-i/n) or T^(-i/(n-1)) for n frequencies.

    Of a table made beforehand, the rows at `positions`, or its first ones; it must hold such numbers itself.
    Shapes: positions (..., 1) or broadcastable with the frequencies, (tokens) where there is a table.
    """
    if table is not None:
        rows = getattr(table, "weight", table)
        if not _holds_sinusoids(rows):
            raise NotCovered("the table does not hold sinusoids of base 10000")
        return rows[: like.shape[-2]] if positions is None else rows[positions]
    angles = positions * frequencies
    parts = (angles.sin(), angles.cos()) if sines_first is not None else (angles.cos(), angles.sin())
    count = frequencies.shape[-1]
    joined = angles.new_zeros(*angles.shape[:-1], 2 * count)
    joined[..., :count], joined[..., count:] = parts
    ramp = frequencies.new_ones(count).cumsum(-1) - 1
    last = math.log(float(frequencies.flatten()[-1])) / max(count - 1, 1)
    return {"output": joined, "angles": angles, "frequencies": (ramp * last).exp().reshape(frequencies.shape)}


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
        "a rotation of each pair. Nothing is learned. Code lays sines before cosines, or the pairs side by side.",
        "每个位置由它自身在按等比下降的频率上的正弦和余弦表示,位置平移就是每一对的旋转。没有可学习的参数。"
        "代码把正弦全排在余弦之前,或成对相邻。",
    ),
    citations=(at(TRANSFORMER, "§3.5"),),
    equations=(
        r"\sym{output}_{t}=[\sin\sym{angles}_{t},\ \cos\sym{angles}_{t}],\qquad"
        r"\sym{angles}_{t,i}=\sym{positions}_t\,\sym{frequencies}_i,\qquad"
        r"\sym{frequencies}_i=10000^{-2i/d}",
        r"\sym{output}_t=\sym{table}_{\sym{positions}_t}",
    ),
    symbols=(
        Symbol("positions", "t", Text("Positions, or times, counted from the start", "从头数的位置或时刻")),
        Symbol("frequencies", r"\omega", Text("The frequencies, from 1 down", "各频率,从 1 递减")),
        Symbol("angles", "t\\omega", Text("Each position at each frequency", "各位置在各频率上的角")),
        Symbol("sines_first", r"[\sin,\cos]", Text("All sines, then all cosines", "先全部正弦,后全部余弦")),
        Symbol("cosines_first", r"[\cos,\sin]", Text("All cosines, then all sines", "先全部余弦,后全部正弦")),
        Symbol("table", "PE", Text("The encodings of all positions, made beforehand", "事先算好的各位置编码")),
        Symbol("output", "PE_t", Text("The encoding of each position", "各位置的编码")),
    ),
    patterns=(
        Bind("output", COMPUTED),
        Bind("output", Op(("index_select",), (TABLE,), keywords=(("index", SEVERAL),))),
        Bind("output", Op(("item",), (KEPT,))),
        Bind("output", Layer(EMBEDDING, (Bind("positions", POSITIONS),), "table", frozen=True)),
    ),
    output="output",
    reference=reference,
    matches=(
        _TABLE.format(
            name="Learned", body="i = torch.arange(x.shape[1])\n        return self.t.index_select(0, i.view(-1))"
        ),
        _TABLE.format(name="Rows", body="return self.t[: x.shape[1], :]"),
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
    hints=frozenset({"sines_first", "cosines_first"}),
)
