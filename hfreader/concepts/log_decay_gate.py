"""The gate of a recurrence with decay: how fast each head or feature forgets, as a logarithm."""

from typing import Any

from hfreader.concepts.linear_maps import HELD
from hfreader.concepts.model import Citation, Concept, Symbol, Text
from hfreader.concepts.papers import GATED_DELTA_NET, MAMBA_2, at
from hfreader.concepts.pattern import Anything, Bind, Number, OneOf, Op, Pattern

KIMI_LINEAR = Citation("Kimi Linear: An Expressive, Efficient Attention Architecture", "Kimi Team", 2025, "2510.26692")
RATE = Bind("rate", Op(("exp",), (Bind("a", HELD),)))
Z = Op(("add",), (Bind("x", Anything()), Bind("offset", HELD)))


def softplus(z: Pattern) -> Pattern:
    """log(1 + exp(z)), by torch or written out."""
    written = Op(("log",), (Op(("add",), (Number(1), Op(("exp",), (z,)))),))
    return OneOf((Op(("softplus",), (z,)), Op(("where",), (Anything(), z, written))))


def reference(x: Any, offset: Any, a: Any, rate: Any, like: Any, bound: Any = None) -> dict[str, Any]:
    """-exp(a) softplus(x + b), or l sigmoid(exp(a) (x + b)) where the bound l is. Shapes: x (..., heads) or (...,
    heads, d), a and b with one number for each head or feature.

    Where each head keeps n numbers of state: x (batch, heads, ...), a (heads,) or (heads, n), g (batch, heads, ..., n).
    """
    own, z = a.exp(), x + offset
    if z.numel() == like.numel():
        each, z = own.reshape(rate.shape), z.reshape(like.shape)
    else:
        between = [1] * (like.dim() - 1 - own.dim())
        each, z = own.reshape(own.shape[0], *between, *own.shape[1:]), z[..., None]
    softplus = z.clamp(min=0) + (1 + (-z.abs()).exp()).log()
    gate = -each * softplus if bound is None else bound * (each * z).sigmoid()
    return {"rate": own.reshape(rate.shape), "output": gate.expand(like.shape)}


_GATE = """
class {name}(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.l, self.b = nn.Linear(c.d, c.h), nn.Parameter(torch.ones(c.h))
        self.a, self.low = nn.Parameter(torch.zeros(c.h)), c.low

    def forward(self, x):
        z = self.l(x).float() + self.b
        {body}
"""

CONCEPT = Concept(
    slug="log-decay-gate",
    name=Text("Log-decay gate", "对数衰减门"),
    explanation=Text(
        "How much of its memory a recurrence keeps at a step is exp(g) with g below zero: a learned rate of each head "
        "times a softplus of the input. Some models hold g above a bound by a sigmoid instead.",
        "循环在每一步保留多少记忆由 exp(g) 决定，g 小于零：各头可学习的速率乘以输入的 softplus。"
        "有的模型改用 sigmoid，使 g 不低于某个下界。",
    ),
    citations=(at(GATED_DELTA_NET, "§3"), at(MAMBA_2, "§7"), KIMI_LINEAR),
    equations=(
        r"\sym{output}=-\sym{rate}\,\log\!\big(1+e^{\sym{x}+\sym{offset}}\big),\qquad\sym{rate}=e^{\sym{a}}",
        r"\sym{output}=\sym{bound}\,\sigma\!\big(\sym{rate}\,(\sym{x}+\sym{offset})\big)\qquad\text{(bounded)}",
    ),
    symbols=(
        Symbol(
            "x", "x", Text("A map of the input, one number for each head or feature", "输入的映射，每头或每特征一个数")
        ),
        Symbol("offset", "b", Text("A learned offset of it", "可学习的偏置")),
        Symbol("a", "a", Text("The logarithm of the rate, learned", "速率的对数，可学习")),
        Symbol("rate", "e^{a}", Text("The rate of each head", "各头的速率")),
        Symbol("bound", r"\ell", Text("The least that the gate can be, below zero", "门的下界，小于零")),
        Symbol("output", "g", Text("The logarithm of what is kept", "保留比例的对数")),
    ),
    patterns=(
        Bind("output", Op(("mul",), (Op(("neg",), (RATE,)), softplus(Z)))),
        Bind("output", Op(("mul",), (Bind("bound", Anything()), Op(("sigmoid",), (Op(("mul",), (RATE, Z)),))))),
    ),
    output="output",
    reference=reference,
    matches=(
        _GATE.format(name="Attention", body="return -self.a.float().exp() * F.softplus(z)"),
        _GATE.format(
            name="Written", body="return -torch.exp(self.a) * torch.where(z > 20.0, z, torch.log(1.0 + torch.exp(z)))"
        ),
        _GATE.format(name="Bounded", body="return self.low * torch.sigmoid(self.a.exp() * z)"),
    ),
    rejects=(
        # It grows; no rate; the rate is not learned; a plain gate.
        _GATE.format(name="ForgetGate", body="return self.a.exp() * F.softplus(z)"),
        _GATE.format(name="ForgetGate", body="return -F.softplus(z)"),
        _GATE.format(name="ForgetGate", body="return -z.exp() * F.softplus(z)"),
        _GATE.format(name="ForgetGate", body="return torch.sigmoid(z) * z"),
    ),
    hints=frozenset({"rate"}),
)
