"""The gated feed-forward network: SwiGLU, GEGLU, ReGLU."""

from typing import Any

from hfreader.concepts.linear_maps import affine, clamped, half
from hfreader.concepts.model import Citation, Concept, Symbol, Text
from hfreader.concepts.norms import norm as norm_of
from hfreader.concepts.papers import GLU_VARIANTS, at
from hfreader.concepts.pattern import LINEAR, Activation, Anything, Bind, Layer, OneOf, Op, Pattern

X = Bind("x", Anything())
IN = Layer(LINEAR, (X,), "w_in")


def product(gate: Pattern, up: Pattern) -> Pattern:
    """phi(gate) times up, each of which may be clamped."""
    return Op(("mul",), (Activation(clamped(gate, "gate_limit"), "phi"), clamped(up, "up_limit")))


PRODUCTS = OneOf(
    (
        product(Layer(LINEAR, (X,), "w_gate"), Layer(LINEAR, (X,), "w_up")),
        product(Bind("first", half(0, IN)), half(1, IN)),
        product(Bind("second", half(1, IN)), half(0, IN)),
    )
)


def reference(
    x: Any,
    phi: Any,
    w_down: Any,
    w_gate: Any = None,
    w_up: Any = None,
    w_in: Any = None,
    second: Any = None,
    norm: Any = None,
    gate_limit: Any = None,
    up_limit: Any = None,
) -> Any:
    """(phi(x W) * x V) W_2. W and V may be the halves of one map `w_in`; `second` is bound where the gate is its second
    half. Shapes: x (..., d_model), W and V (d_model, d_ff), W_2 (d_ff, d_model)."""
    if w_in is None:
        gate, up = affine(x, w_gate), affine(x, w_up)
    else:
        one, two = affine(x, w_in).chunk(2, -1)
        gate, up = (one, two) if second is None else (two, one)
    gate = gate if gate_limit is None else gate.clamp(max=gate_limit)
    up = up if up_limit is None else up.clamp(-up_limit, up_limit)
    hidden = phi(gate) * up
    return affine(hidden if norm is None else norm(hidden), w_down)


_MLP = """
class {name}(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.a, self.b = nn.Linear(c.d, c.e, bias=False), nn.Linear(c.d, c.e)
        self.c, self.ab = nn.Linear(c.e, c.d), nn.Linear(c.d, 2 * c.e)
        self.n = nn.RMSNorm(c.e)
        self.act = ACT2FN[c.act]

    def forward(self, x, y=None):
        {body}
"""

CONCEPT = Concept(
    slug="gated-ffn",
    name=Text("Gated feed-forward network (SwiGLU, GEGLU, ReGLU)", "门控前馈网络(SwiGLU、GEGLU、ReGLU)"),
    explanation=Text(
        "A feed-forward network whose inner layer is the product of two linear maps of the input, one of them behind a "
        "non-linearity. The name follows the non-linearity: SwiGLU with SiLU, GEGLU with GELU, ReGLU with ReLU.",
        "前馈网络的内层是输入的两个线性映射之积,其中一个先经过非线性。名称随非线性而定:"
        "SiLU 为 SwiGLU,GELU 为 GEGLU,ReLU 为 ReGLU。",
    ),
    citations=(
        at(GLU_VARIANTS, "§2, Eq. (5), (6)"),
        Citation(
            "Language Modeling with Gated Convolutional Networks", "Dauphin, Fan, Auli, Grangier", 2016, "1612.08083"
        ),
    ),
    equations=(
        r"\sym{output}=\sym{norm}\big(\sym{phi}(\sym{x}\,\sym{w_gate})\odot\sym{x}\,\sym{w_up}\big)\,\sym{w_down}",
        r"[\sym{w_gate},\,\sym{w_up}]=\sym{w_in},\qquad[\sym{first},\sym{second}]=\sym{x}\,\sym{w_in}",
    ),
    symbols=(
        Symbol("x", "x", Text("The input, one row per position", "输入,每个位置一行")),
        Symbol("w_gate", "W", Text("The map behind the non-linearity", "经过非线性的映射"), ("w_in",)),
        Symbol("phi", r"\varphi", Text("SiLU (Swish), GELU or ReLU", "SiLU(Swish)、GELU 或 ReLU")),
        Symbol("w_up", "V", Text("The map that is multiplied as it is", "直接相乘的映射"), ("w_in",)),
        Symbol("w_in", r"[W, V]", Text("Both maps in one matrix, where the code has one", "两个映射合成的矩阵(若有)")),
        Symbol("first", "h_1", Text("First half of the inner layer, where it is the gate", "内层前一半(为门时)")),
        Symbol("second", "h_2", Text("Second half of the inner layer, where it is the gate", "内层后一半(为门时)")),
        Symbol("gate_limit", "L", Text("Where the gate is cut off, in some models", "门的截断上限(某些模型)")),
        Symbol("up_limit", "L'", Text("Where the other factor is cut off", "另一因子的截断上限")),
        Symbol("norm", r"\mathrm{N}", Text("A norm of the inner layer, in some models", "内层的归一化(某些模型)")),
        Symbol("w_down", "W_2", Text("The map back to the model dimension", "回到模型维度的映射")),
        Symbol("output", r"\mathrm{FFN}(x)", Text("The output, one row per position", "输出,每个位置一行")),
    ),
    patterns=(
        Bind("output", Layer(LINEAR, (PRODUCTS,), "w_down")),
        Bind("output", Layer(LINEAR, (norm_of(PRODUCTS, "norm"),), "w_down")),
    ),
    output="output",
    reference=reference,
    matches=(
        _MLP.format(name="Feed", body="return self.c(self.act(self.a(x)) * self.b(x))"),
        _MLP.format(
            name="Dense",
            body="h = F.gelu(self.a(x))\n        h = h * self.b(x)\n        h = F.dropout(h)\n        return self.c(h)",
        ),
        _MLP.format(name="Fused", body="g, u = self.ab(x).chunk(2, dim=-1)\n        return self.c(u * F.silu(g))"),
        _MLP.format(name="Swapped", body="u, g = self.ab(x).split(4, dim=-1)\n        return self.c(u * self.act(g))"),
        _MLP.format(name="Normed", body="return self.c(self.n(self.act(self.a(x)) * self.b(x)))"),
        _MLP.format(
            name="Held",
            body="g = self.a(x).clamp(max=7.0)\n        u = torch.clamp(self.b(x), min=-7.0, max=7.0)\n"
            "        return self.c(F.silu(g) * u)",
        ),
    ),
    rejects=(
        # Two matrices; a sigmoid gate; a sum; two inputs; no map back; convolutions.
        _MLP.format(name="GatedMLP", body="return self.c(self.act(self.a(x)))"),
        _MLP.format(name="GatedMLP", body="return self.c(torch.sigmoid(self.a(x)) * self.b(x))"),
        _MLP.format(name="GatedMLP", body="return self.c(self.act(self.a(x)) + self.b(x))"),
        _MLP.format(name="GatedMLP", body="return self.c(self.act(self.a(x)) * self.b(y))"),
        _MLP.format(name="GatedMLP", body="return self.act(self.a(x)) * self.b(x)"),
        """
class GatedMLP(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.a, self.b = nn.Conv1d(c.d, 2 * c.d, 1), nn.Conv1d(c.d, c.d, 1)

    def forward(self, x):
        g, u = self.a(x).chunk(2, dim=1)
        return self.b(F.silu(g) * u)
""",
    ),
    hints=frozenset({"second", "first"}),
)
