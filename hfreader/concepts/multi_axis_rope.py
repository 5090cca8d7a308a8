"""The cosines and sines of a rotary embedding whose positions have several coordinates."""

from typing import Any

from hfreader.concepts.model import Citation, Concept, Symbol, Text
from hfreader.concepts.papers import ROFORMER, at
from hfreader.concepts.pattern import Anything, Bind, Both, OneOf, Op, Pattern, Returned
from hfreader.concepts.rotary_axes import (
    Arrangement,
    again,
    alternating,
    beside,
    divided,
    each_twice,
    halves,
    in_order,
    in_turn,
    last_first,
    parity,
    sections,
    shared,
)
from hfreader.concepts.rotary_embedding_table import AXES, GEOMETRIC, POSITIONS, geometric_sequence

# Every second frequency first, so that both halves run from fast to slow.
EVEN_FIRST = Op(("cat",), (Op(("item",), (GEOMETRIC,)), Op(("item",), (GEOMETRIC,))))
FREQUENCIES = Bind("frequencies", OneOf((GEOMETRIC, EVEN_FIRST)))
ANGLES = OneOf((Op(("mul",), (POSITIONS, FREQUENCIES)), Op(("matmul",), (FREQUENCIES, POSITIONS))))
# The same frequencies for every axis, each of which has tables of its own.
ANGLES_APART = Op(("matmul", "mul"), (Bind("frequencies", Both(GEOMETRIC, AXES)), POSITIONS))


def tables(arrangement: Arrangement, *marks: str) -> tuple[Pattern, Pattern]:
    """Cosines and sines, arranged after they are taken of the angles or before; `marks` tell the arrangement."""
    scaling = Bind("scaling", Anything())

    def wave(name: str, angles: Pattern) -> Pattern:
        plain = Op((name,), (angles,))
        return OneOf((Op(("mul",), (plain, scaling)), plain))

    after = (arrangement(wave("cos", ANGLES)), arrangement(wave("sin", ANGLES)))
    before = (wave("cos", arrangement(ANGLES)), wave("sin", arrangement(ANGLES)))
    return _pair(*after, marks), _pair(*before, marks)


def apart() -> Pattern:
    """Cosines and sines of every axis for itself, all columns twice."""
    angles = Op(("cat",), (ANGLES_APART, ANGLES_APART))
    waves = [Op(("mul",), (Op((name,), (angles,)), Bind("scaling", Anything()))) for name in ("cos", "sin")]
    return _pair(waves[0], waves[1], ("apart",))


def _pair(cosines: Pattern, sines: Pattern, marks: tuple[str, ...]) -> Pattern:
    for mark in marks:
        cosines = Bind(mark, cosines)
    return Returned(Op(("tuple",), (Bind("output", cosines), Bind("sin", sines))))


def reference(
    positions: Any,
    frequencies: Any,
    like: Any,
    scaling: Any = 1.0,
    sections: Any = None,
    in_turn: Any = None,
    parity: Any = None,
    last_first: Any = None,
    alternating: Any = None,
    neighbours: Any = None,
    each_twice: Any = None,
    apart: Any = None,
    halves: Any = None,
) -> dict[str, Any]:
    """cos(m_a(i) theta_i) and sin(m_a(i) theta_i), a(i) the axis that column i belongs to.

    Shapes: positions (..., axes, 1), or (axes, ..., 1) where the frequencies are divided among the axes (by `sections`
    or `parity`), or have tables of their own (`apart`); frequencies (n,); the result (..., columns), or with tables
    `apart` (axes, ..., columns), each column twice.
    """
    theta = _checked(frequencies, apart is not None, halves is not None)
    rows, count = like.shape[:-1], theta.numel()
    if apart is not None:
        angles = positions.reshape(rows)[..., None] * theta
        angles = angles.repeat(*[1] * (angles.dim() - 1), 2)
        return {"output": angles.cos() * scaling, "sin": angles.sin() * scaling}
    axes_first = sections is not None or parity is not None
    place = positions.reshape(-1, *rows) if axes_first else positions.reshape(*rows, -1).movedim(-1, 0)
    if sections is not None:
        columns = divided(list(sections), len(place), count, in_turn is not None)
    elif halves is not None or parity is not None:
        columns = [(index * 2 // count if parity is None else index % 2, index) for index in range(count)]
    else:
        columns = shared(len(place), count, last_first is not None, alternating is not None, each_twice is not None)
    if neighbours is not None:
        columns = [one for one in columns for _ in range(2)]
    elif each_twice is None:
        columns = [*columns, *columns]
    angles = place[[axis for axis, _ in columns]].movedim(0, -1) * theta[[index for _, index in columns]]
    return {"output": angles.cos() * scaling, "sin": angles.sin() * scaling}


def _checked(frequencies: Any, apart: bool, even_first: bool) -> Any:
    """The frequencies of one row, a geometric sequence, perhaps with the even ones of it before the odd ones."""
    if apart and frequencies.dim() > 2:
        frequencies = frequencies[0, 0].flatten()
    theta = geometric_sequence(frequencies.sort(descending=True).values if even_first else frequencies)
    return frequencies if even_first else theta


_TABLE = """
class {name}(nn.Module):
    def __init__(self, c):
        super().__init__()
        f = 1.0 / (c.base ** (torch.arange(0, c.d, 2, dtype=torch.float) / c.d))
        self.register_buffer("f", f, persistent=False)
        self.s, self.sections = c.s, c.sections

    def arranged(self, t):
        {body}

    def forward(self, x, p):
        a = p[..., None].float() * self.f.to(device=x.device)
        {result}
"""
_AFTER = "return self.arranged(a.cos() * self.s).to(x.dtype), self.arranged(a.sin() * self.s).to(x.dtype)"
_BEFORE = "a = self.arranged(a)\n        return a.cos(), a.sin()"
_IN_TURN = """r = t[0]
        for n, o in enumerate((1, 2), start=1):
            i = slice(o, self.sections[n] * 3, 3)
            r[..., i] = t[n, ..., i]
        return torch.cat((r, r), dim=-1)"""
_GRID = "t = torch.cat([t[:, 0], t[:, 1]], dim=-1)\n        "

CONCEPT = Concept(
    slug="multi-axis-rope",
    name=Text("Multi-axis rotary frequencies", "多轴旋转位置编码频率"),
    explanation=Text(
        "A patch of a picture has a row and a column, a frame of a film a time as well: positions with several "
        "coordinates. Each pair of a query or key is turned by one of them. Either every axis has all frequencies, or "
        "the frequencies are divided among the axes, in sections or in turn.",
        "图像的一块有行和列，视频的一帧还有时间：位置有多个坐标。查询或键的每一对坐标只按其中一个旋转。"
        "或者每个轴都有全部频率，或者各轴分段、轮流地分得频率。",
    ),
    citations=(
        Citation(
            "Qwen2-VL: Enhancing Vision-Language Model's Perception of the World at Any Resolution",
            "Wang et al.",
            2024,
            "2409.12191",
            "§2.1",
        ),
        Citation("EVA-02: A Visual Representation for Neon Genesis", "Fang et al.", 2023, "2303.11331"),
        at(ROFORMER, "§3.2.2, Eq. (15) and (34)"),
    ),
    equations=(
        r"\sym{output}_i=\sym{scaling}\cos\!\left(\sym{positions}_{a(i)}\,\sym{frequencies}_i\right),\qquad"
        r"\sym{sin}_i=\sym{scaling}\sin\!\left(\sym{positions}_{a(i)}\,\sym{frequencies}_i\right)",
        r"a(i)\in\{t,h,w\}\ \text{as}\ \sym{sections}\ \text{say},\qquad\sym{frequencies}_j=b^{-2(j-1)/d}",
    ),
    symbols=(
        Symbol("positions", "m", Text("Positions, one number for each axis", "位置，每个轴一个数")),
        Symbol("frequencies", r"\theta", Text("Frequencies from fast to slow", "从快到慢的频率")),
        Symbol("scaling", "s", Text("A factor of long-context variants, else 1", "长上下文变体的因子，否则为 1")),
        Symbol("sections", "n_a", Text("How many frequencies each axis has", "每个轴分得的频率数")),
        Symbol(
            "in_turn", "a(i)=i\\bmod 3", Text("Axes take turns, up to the end of a section", "各轴轮流，直到该段用尽")
        ),
        Symbol(
            "parity",
            "a(i)=i\\bmod 2",
            Text("Even frequencies one axis, odd ones the other", "偶数频率归一轴，奇数归另一轴"),
        ),
        Symbol("halves", "hh,ww", Text("Each axis has half of the frequencies", "每个轴各有一半频率")),
        Symbol("last_first", "w,h", Text("The last axis stands first", "最后的轴排在最前")),
        Symbol("alternating", "w,h,w,h", Text("All axes at one frequency stand together", "同一频率的各轴相邻")),
        Symbol(
            "neighbours", r"(\theta_1,\theta_1,\dots)", Text("Every angle twice, side by side", "每个角度相邻重复两次")
        ),
        Symbol(
            "each_twice",
            "h,h,w,w",
            Text("All angles of an axis twice, then the next axis", "每轴的全部角度重复两次，再到下一轴"),
        ),
        Symbol("apart", "t;h;w", Text("Every axis has tables of its own", "每个轴各有自己的表")),
        Symbol("sin", r"\sin m\theta", Text("The table of sines", "正弦表")),
        Symbol("output", r"\cos m\theta", Text("The table of cosines", "余弦表")),
    ),
    patterns=(
        *tables(again(in_order)),
        *tables(beside(in_order), "neighbours"),
        *tables(again(alternating), "last_first", "alternating"),
        *tables(again(last_first), "last_first"),
        *tables(beside(last_first), "last_first", "neighbours"),
        *tables(each_twice, "each_twice"),
        *tables(again(sections)),
        *tables(beside(sections), "neighbours"),
        *tables(again(in_turn), "in_turn"),
        *tables(again(parity), "parity"),
        *tables(again(halves), "halves"),
        apart(),
    ),
    output="output",
    reference=reference,
    matches=(
        _TABLE.format(name="Rotary", body=_GRID + "return torch.cat([t, t], dim=-1)", result=_AFTER),
        _TABLE.format(name="Rotary", body=_GRID + "return t[None, ...].repeat_interleave(2, dim=-1)", result=_AFTER),
        _TABLE.format(name="Rotary", body="return a.flatten(1, 2).tile(2)".replace("a", "t", 1), result=_BEFORE),
        _TABLE.format(
            name="Table",
            body="t = torch.cat([m[i % 3] for i, m in enumerate(t.split(self.sections, dim=-1))], dim=-1)\n"
            "        return torch.cat((t, t), dim=-1)",
            result=_AFTER,
        ),
        _TABLE.format(
            name="Table",
            body="h, w = (m[:, i % 2] for i, m in enumerate(t.chunk(2, dim=-1)))\n"
            + "        t = torch.cat([h, w], dim=-1)\n        return torch.cat((t, t), dim=-1)",
            result=_AFTER,
        ),
        _TABLE.format(
            name="Table",
            body=_IN_TURN,
            result=_BEFORE,
        ),
        """
def table(p, d, base, s):
    f = 1.0 / base ** (torch.arange(0, d, 2).float() / d)
    a = (f[None, None, :, None].expand(3, p.shape[1], -1, 1) @ p[:, :, None, :].float()).transpose(2, 3)
    a = torch.cat((a, a), dim=-1)
    return a.cos() * s, a.sin() * s
""",
    ),
    rejects=(
        # One axis; the same axis twice; axes summed; sections without a choice of axis; sines that are added.
        _TABLE.format(name="MultiAxisRope", body="return torch.cat((t, t), dim=-1)", result=_AFTER),
        _TABLE.format(
            name="MultiAxisRope",
            body="t = torch.cat([t[:, 0], t[:, 0]], dim=-1)\n        return torch.cat([t, t], dim=-1)",
            result=_AFTER,
        ),
        _TABLE.format(
            name="MultiAxisRope", body="t = t[:, 0] + t[:, 1]\n        return torch.cat([t, t], dim=-1)", result=_AFTER
        ),
        _TABLE.format(
            name="MultiAxisRope",
            body="t = torch.cat([m[0] for i, m in enumerate(t.split(self.sections, dim=-1))], dim=-1)\n"
            "        return torch.cat((t, t), dim=-1)",
            result=_AFTER,
        ),
        _TABLE.format(
            name="MultiAxisRope",
            body=_GRID + "return torch.cat([t, t], dim=-1)",
            result="return self.arranged(torch.cat((a.sin(), a.cos()), dim=-1))",
        ),
    ),
    hints=frozenset(
        (
            "scaling",
            "sections",
            "in_turn",
            "parity",
            "halves",
            "last_first",
            "alternating",
            "neighbours",
            "each_twice",
            "apart",
        )
    ),
)
