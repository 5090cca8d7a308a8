"""The cosines and sines of a rotary embedding, one row per position."""

from typing import Any

from hfreader.concepts.model import Concept, NotCovered, Symbol, Text
from hfreader.concepts.papers import ROFORMER, at
from hfreader.concepts.pattern import (
    Anything,
    Bind,
    Both,
    Call,
    Einsum,
    Element,
    Not,
    Number,
    OneOf,
    Op,
    Pattern,
    Returned,
)

# Powers that are counted from 1 are slopes of linear biases.
STEPS = Both(Op(("arange",)), Not(Op(("arange",), (Number(1),))))
EXPONENT = OneOf((Op(("div",), (STEPS, Anything())), Op(("mul",), (STEPS, Anything())), STEPS))
POWER = Op(("pow",), (Anything(), EXPONENT))
# One row of frequencies for each of several axes is another mechanism.
AXES = Op(("expand",), (Anything(), OneOf((Number(2), Number(3)))))
GEOMETRIC = OneOf(
    (
        Op(("div",), (Number(1), POWER)),
        Op(("reciprocal",), (POWER,)),
        Op(("pow",), (Anything(), Op(("neg",), (EXPONENT,)))),
        # The library's own frequencies, by the name of their kind: the default is this sequence.
        Element(0, Call(("transformers.modeling_rope_utils.ROPE_INIT_FUNCTIONS",))),
    )
)
# Kept factors, all 1 at first, lengthen the periods for long contexts.
STRETCHED = Op(("mul",), (GEOMETRIC, Op(("exp",), (Op(("buffer",)),))))
FREQUENCIES = Bind("frequencies", Both(OneOf((GEOMETRIC, STRETCHED)), Not(AXES)))
POSITIONS = Bind("positions", Anything())
ANGLES = OneOf(
    (
        Op(("mul",), (POSITIONS, FREQUENCIES)),
        Op(("matmul",), (FREQUENCIES, POSITIONS)),
        Op(("outer",), (POSITIONS, FREQUENCIES)),
        Einsum(("i,j->ij",), (POSITIONS, FREQUENCIES)),
    )
)


def tables(angles: Pattern) -> Pattern:
    """Cosines and sines of angles, perhaps times a number, side by side in what is returned."""
    scaling = Bind("scaling", Anything())
    cos, sin = (Op((name,), (angles,)) for name in ("cos", "sin"))
    scaled = (Bind("output", Op(("mul",), (cos, scaling))), Bind("sin", Op(("mul",), (sin, scaling))))
    pairs = (scaled, (Bind("output", cos), Bind("sin", sin)))
    return Returned(OneOf(tuple(Op(("tuple", "stack"), pair) for pair in pairs)))


def turns(angles: Pattern) -> tuple[Pattern, ...]:
    """Complex numbers of these angles, perhaps times a number."""
    complex_numbers = Op(("polar",), (Op(("ones_like",)), angles))
    scaled = Op(("mul",), (complex_numbers, Bind("scaling", Anything())))
    return tuple(Bind("output", Bind("turns", one)) for one in (scaled, complex_numbers))


def kept(angles: Pattern) -> Pattern:
    """The angles themselves, of which another class takes cosines and sines."""
    return Returned(Bind("output", Bind("angles", angles)))


def geometric_sequence(frequencies: Any) -> Any:
    """The frequencies (n,), or those of the first row of a batch, which must be 1, r, r^2 ..."""
    theta = frequencies.flatten() if frequencies.dim() == 1 else frequencies[0].flatten()
    steps = theta.new_ones(theta.shape).cumsum(0) - 1
    powers = theta[1] ** steps if theta.numel() > 1 else theta.new_ones(1)
    # Rounding of the second frequency grows with its power.
    if bool(((theta - powers).abs() > 1e-6 * (1 + steps) * powers).any()):
        raise NotCovered("the frequencies are scaled, no powers of one number")
    return theta


def reference(
    positions: Any,
    frequencies: Any,
    like: Any,
    scaling: Any = 1.0,
    neighbours: Any = None,
    turns: Any = None,
    angles: Any = None,
) -> dict[str, Any]:
    """cos(m theta_i) and sin(m theta_i) with theta_i = theta_2^(i-1), a power of one number; e^(i m theta_i) (`turns`)
    or m theta_i (`angles`) where the code keeps these.

    Shapes: positions with as many entries as rows of the result; frequencies (d / 2,), or that for each row of a batch;
    the result (..., d / 2), or (..., d) with each column twice: all of them again, or each beside itself
    (`neighbours`).
    """
    theta = geometric_sequence(frequencies)
    made = positions.reshape(like.shape[:-1])[..., None] * theta
    if like.shape[-1] != theta.numel():
        made = made.repeat_interleave(2, -1) if neighbours is not None else made.repeat(*[1] * (made.dim() - 1), 2)
    if angles is not None:
        return {"output": made}
    if turns is not None:
        return {"output": (made.cos() + 1j * made.sin()) * scaling}
    return {"output": made.cos() * scaling, "sin": made.sin() * scaling}


CONCEPT = Concept(
    slug="rotary-embedding-table",
    name=Text("Rotary embedding frequencies", "旋转位置编码频率"),
    explanation=Text(
        "Each pair of coordinates has a frequency of its own, from fast to slow in a geometric sequence. A position "
        "times a frequency is the angle by which that pair of a query or key is turned; cosines and sines of all "
        "angles are computed once for all layers.",
        "每对坐标有各自的频率，从快到慢构成等比数列。位置乘以频率就是查询或键中该对坐标的旋转角；"
        "所有角度的余弦和正弦只计算一次，供各层使用。",
    ),
    citations=(at(ROFORMER, "§3.2.2, Eq. (15) and (34)"),),
    equations=(
        r"\theta_i=b^{-2(i-1)/d},\qquad\sym{output}_{m,i}=\sym{scaling}\cos(m\,\theta_i),"
        r"\qquad\sym{sin}_{m,i}=\sym{scaling}\sin(m\,\theta_i)",
        r"m\in\sym{positions},\qquad\theta\in\sym{frequencies}",
        r"\sym{output}=\sym{scaling}\,\sym{turns}\quad\text{or}\quad\sym{output}=\sym{angles}",
    ),
    symbols=(
        Symbol("positions", "m", Text("Positions", "位置")),
        Symbol("frequencies", r"\theta", Text("One frequency per pair of coordinates", "每对坐标一个频率")),
        Symbol("scaling", "s", Text("A factor of long-context variants, else 1", "长上下文变体的因子，否则为 1")),
        Symbol(
            "neighbours", r"(\theta_1,\theta_1,\dots)", Text("Every angle twice, side by side", "每个角度相邻重复两次")
        ),
        Symbol(
            "turns", r"e^{\mathrm{i}m\theta}", Text("Cosines and sines as complex numbers", "以复数表示的余弦与正弦")
        ),
        Symbol("angles", r"m\theta", Text("The angles themselves, kept for a later step", "角度本身，留待后用")),
        Symbol("sin", r"\sin m\theta", Text("The table of sines", "正弦表")),
        Symbol("output", r"\cos m\theta", Text("The table of cosines", "余弦表")),
    ),
    patterns=(
        tables(Op(("cat",), (ANGLES, ANGLES))),
        tables(Bind("neighbours", Op(("repeat_interleave",), (ANGLES,)))),
        tables(ANGLES),
        *turns(ANGLES),
        kept(Op(("cat",), (ANGLES, ANGLES))),
        kept(ANGLES),
    ),
    output="output",
    reference=reference,
    matches=(
        """
class Table(nn.Module):
    def __init__(self, c):
        super().__init__()
        f = 1.0 / (c.base ** (torch.arange(0, c.d, 2, dtype=torch.float) / c.d))
        self.register_buffer("f", f, persistent=False)
        self.s = c.s

    def forward(self, x, p):
        a = p[..., None].float() * self.f.to(device=x.device)
        e = torch.cat((a, a), dim=-1)
        return (e.cos() * self.s).to(x.dtype), (e.sin() * self.s).to(x.dtype)
""",
        """
def table(p, d, base):
    f = 1.0 / base ** (torch.arange(0, d, 2).float() / d)
    a = (f[None, :, None].expand(p.shape[0], -1, 1) @ p[:, None, :].float()).transpose(1, 2)
    return a.cos(), a.sin()
""",
        """
def table(p, d, base):
    f = 1.0 / base ** (torch.arange(0, d, 2).float() / d)
    a = p[..., None].float() * f
    return torch.polar(torch.ones_like(a), a) * 2.5
""",
        """
from ...modeling_rope_utils import ROPE_INIT_FUNCTIONS

class Table(nn.Module):
    def __init__(self, c, device=None):
        super().__init__()
        self.make = ROPE_INIT_FUNCTIONS[c.kind]
        f, self.s = self.make(c, device)
        self.register_buffer("f", f, persistent=False)

    def forward(self, x, p):
        f = self.f[None, :, None].float().expand(p.shape[0], -1, 1)
        a = (f @ p[:, None, :].float()).transpose(1, 2)
        e = torch.cat((a, a), dim=-1)
        return (e.cos() * self.s).to(x.dtype), (e.sin() * self.s).to(x.dtype)
""",
        """
class Table(nn.Module):
    def __init__(self, d, base=10000.0):
        super().__init__()
        self.f = nn.Buffer(1.0 / base ** (torch.arange(0, d, 2, dtype=torch.float) / d), persistent=False)

    def forward(self, n):
        return torch.outer(torch.arange(n, device=self.f.device), self.f)
""",
    ),
    rejects=(
        # Several axes; cosines of learned angles; sines that are added to embeddings.
        """
def table(p, d, base):
    f = 1.0 / base ** (torch.arange(0, d, 2).float() / d)
    a = (f[None, None, :, None].expand(3, p.shape[1], -1, 1) @ p[:, :, None, :].float()).transpose(2, 3)
    return a.cos(), a.sin()
""",
        """
class RotaryEmbedding(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.inv_freq = nn.Parameter(torch.empty(c.d))

    def forward(self, x, p):
        a = p[..., None].float() * self.inv_freq
        return a.cos(), a.sin()
""",
        """
def rotary(p, d, base):
    f = 1.0 / base ** (torch.arange(0, d, 2).float() / d)
    return torch.cat((torch.sin(p[:, None] * f), torch.cos(p[:, None] * f)), dim=-1)
""",
        """
def rotary(p, d, base):
    f = 1.0 / base ** (torch.arange(0, d, 2).float() / d)
    return torch.cat([torch.cos(p[:, None] * f), torch.sin(p[:, None] * f)], dim=-1)
""",
        # Angles that are no powers, slopes counted from 1, and powers that no position is multiplied by.
        """
def rotary(p, d):
    return p[..., None] * torch.arange(0, d, 2).float() / d
""",
        """
def rotary(n, base):
    return torch.arange(n) * (1.0 / torch.pow(base, torch.arange(1, n + 1).float() / n))[:, None]
""",
        """
def rotary(d, base):
    return 1.0 / base ** (torch.arange(0, d, 2).float() / d)
""",
    ),
    hints=frozenset({"neighbours", "scaling", "turns", "angles"}),
)
