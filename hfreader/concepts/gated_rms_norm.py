"""RMSNorm with a multiplicative gate, before or after it."""

from typing import Any

from hfreader.concepts.model import Concept, Symbol, Text
from hfreader.concepts.norms import LEARNED, gated_by, mean, root_mean_square_normalised, scaled, squared
from hfreader.concepts.papers import GATED_DELTA_NET, MAMBA_2, RMS_NORM, at
from hfreader.concepts.pattern import LINEAR, Anything, Bind, Both, Layer, Not, OneOf, Pattern, Scalar

X = Bind("x", Anything())
GAMMA = Bind("gamma", LEARNED)
# Two linear maps of one input, multiplied, are a gated feed-forward network.
GIVEN = Both(Not(Layer(LINEAR, (Anything(),))), Anything())
PRODUCT = Bind("groups", gated_by(X, Bind("gate", GIVEN), "phi", "sigmoid"))


def normalised(value: Pattern) -> Pattern:
    """RMSNorm of `value` before the scale, its statistics bound."""
    return root_mean_square_normalised(value, Bind("mean_square", mean(squared(value))), Bind("eps", Scalar()))


GATE_LAST = OneOf((scaled(normalised(X), GAMMA), normalised(X)))


def reference(
    x: Any,
    gate: Any,
    eps: Any,
    gamma: Any = None,
    phi: Any = None,
    sigmoid: Any = None,
    groups: Any = None,
) -> Any:
    """RMSNorm(x * phi(z)) * g where the code gates first (`groups` is bound), else RMSNorm(x) * g * phi(z).

    `groups` has the form in which the statistics are taken, over its last dimension. `sigmoid` is bound where the gate
    is a sigmoid; `phi` is any other function of it. Shapes: x, z (..., n), g (n,).
    """
    opened = gate.sigmoid() if phi is None else phi(gate)
    value = x if groups is None else x * opened
    parts = value if groups is None else value.reshape(groups.shape)
    result = (parts / ((parts**2).mean(-1, keepdim=True) + eps) ** 0.5).reshape(value.shape)
    result = result if gamma is None else result * gamma
    return result if groups is not None else result * opened


_NORM = """
class {name}(nn.Module):
    def __init__(self, n, size, eps=1e-6):
        super().__init__()
        self.weight = nn.Parameter(torch.ones(n))
        self.eps = eps
        self.size = size
        self.act = "silu"

    def f(self, x):
        return x * torch.rsqrt(x.pow(2).mean(-1, keepdim=True) + self.eps)

    def forward(self, x, z=None):
        {body}
"""

CONCEPT = Concept(
    slug="gated-rms-norm",
    name=Text("Gated RMSNorm", "门控 RMSNorm"),
    explanation=Text(
        "An RMSNorm with a gate: a second input goes through SiLU or a sigmoid and multiplies the features. Mamba-2 "
        "gates before the norm, often taking the statistics over groups of features; gated delta networks gate after.",
        "带门的 RMSNorm：另一个输入经过 SiLU 或 sigmoid 后与特征相乘。"
        "Mamba-2 在归一化之前门控，统计量常按特征分组计算；"
        "门控增量网络在归一化之后门控。",
    ),
    citations=(MAMBA_2, GATED_DELTA_NET, at(RMS_NORM, "Eq. (4)")),
    equations=(
        r"\sym{output}=\sym{gamma}\odot\frac{\sym{groups}}{\sqrt{\sym{mean_square}+\sym{eps}}},\qquad"
        r"\sym{groups}=\sym{x}\odot\sym{phi}(\sym{gate})\qquad\text{(Mamba-2)}",
        r"\sym{output}=\sym{gamma}\odot\frac{\sym{x}}{\sqrt{\sym{mean_square}+\sym{eps}}}\odot\sym{phi}(\sym{gate})"
        r"\qquad\text{(gated delta networks)}",
    ),
    symbols=(
        Symbol("x", "x", Text("The features", "特征")),
        Symbol("gate", "z", Text("What opens and closes the gate, shaped like x", "控制门的输入，形状同 x")),
        Symbol("phi", r"\varphi", Text("SiLU, or a sigmoid", "SiLU 或 sigmoid")),
        Symbol("sigmoid", r"\sigma(z)", Text("The gate, where it is a sigmoid", "门（为 sigmoid 时）")),
        Symbol(
            "groups",
            "u",
            Text(
                "The gated features, where the gate comes first; in groups where statistics are taken in each",
                "门控后的特征（先门控时）；按组计算统计量时分组排列",
            ),
        ),
        Symbol(
            "mean_square", r"\mathrm{RMS}^2", Text("Mean of the squares, of each group", "（每组）各特征平方的均值")
        ),
        Symbol("eps", r"\epsilon", Text("A small number against division by zero", "防止除以零的小数")),
        Symbol("gamma", "g", Text("Learned scale of each feature", "每个特征可学习的缩放")),
        Symbol("output", "y", Text("The output, shaped like x", "输出，形状同 x")),
    ),
    patterns=(
        Bind("output", scaled(normalised(PRODUCT), GAMMA)),
        Bind("output", gated_by(GATE_LAST, Bind("gate", Anything()), "phi", "sigmoid")),
    ),
    output="output",
    reference=reference,
    matches=(
        _NORM.format(
            name="First",
            body="h = x.to(torch.float32)\n        if z is not None:\n            h = h * F.silu(z.to(torch.float32))\n"
            "        g = h.view(*h.shape[:-1], -1, self.size)\n"
            "        h = self.f(g).view(*h.shape)\n        return self.weight * h.to(x.dtype)",
        ),
        _NORM.format(
            name="Last",
            body="h = self.weight * self.f(x)\n        return (h * ACT2FN[self.act](z.float())).to(x.dtype)",
        ),
        _NORM.format(name="Sigmoid", body="return self.f(x) * self.weight * torch.sigmoid(z)"),
    ),
    rejects=(
        # No gate; a gated feed-forward product; a gate that is no function of an input; a layer norm.
        _NORM.format(name="RMSNormGated", body="return self.weight * self.f(x)"),
        _NORM.format(name="RMSNormGated", body="return self.weight * (x * F.silu(z))"),
        _NORM.format(name="RMSNormGated", body="return self.f(x) * self.weight * z"),
        """
class RMSNormGated(nn.Module):
    def __init__(self, n):
        super().__init__()
        self.a, self.b, self.norm = nn.Linear(n, n), nn.Linear(n, n), nn.RMSNorm(n)
        self.weight = nn.Parameter(torch.ones(n))

    def forward(self, x):
        y = F.silu(self.a(x)) * self.b(x)
        return self.weight * (y * torch.rsqrt(y.pow(2).mean(-1, keepdim=True) + 1e-6))
""",
        _NORM.format(name="RMSNormGated", body="return F.layer_norm(x, (4,)) * F.silu(z)"),
    ),
    hints=frozenset({"sigmoid", "groups"}),
)
