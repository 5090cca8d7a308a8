"""The gated feed-forward network: SwiGLU, GEGLU, ReGLU."""

from typing import Any

from hfreader.concepts.gates import GATE_SYMBOLS, gated, gated_value
from hfreader.concepts.grouped_linear import STACKED
from hfreader.concepts.linear_maps import affine, half
from hfreader.concepts.model import Citation, Concept, Symbol, Text
from hfreader.concepts.norms import norm as norm_of
from hfreader.concepts.papers import GLU_VARIANTS, at
from hfreader.concepts.pattern import LINEAR, Anything, Bind, Itself, Layer, OneOf, Op, Select

# Where each map cuts off its input by a limit of its own, the one input is what there is without the limits.
X = OneOf((Bind("x", Anything()), Itself(Bind("x", Anything()))))
MAP = Layer(LINEAR, (X,), "w_in")
# Some models share the map among blocks, and give each a small one of its own that is added.
IN = OneOf((MAP, Op(("add",), (MAP, Bind("adapter", Layer((*LINEAR, "torch.nn.Sequential"), (X,)))))))


PRODUCTS = OneOf(
    (
        gated(Layer(LINEAR, (X,), "w_gate"), Layer(LINEAR, (X,), "w_up")),
        gated(Bind("first", half(0, IN)), half(1, IN)),
        gated(Bind("second", half(1, IN)), half(0, IN)),
    )
)
# A matrix for each position of a frame, as for the codebooks of Moshi.
INNER = Op(("matmul",), (X, Bind("w_in_groups", STACKED)))
BY_GROUPS = Op(("matmul",), (gated(Select(0, INNER), Select(1, INNER)), Bind("w_down_groups", STACKED)))


def reference(
    x: Any,
    w_down: Any = None,
    phi: Any = None,
    w_in_groups: Any = None,
    w_down_groups: Any = None,
    w_gate: Any = None,
    w_up: Any = None,
    w_in: Any = None,
    second: Any = None,
    norm: Any = None,
    adapter: Any = None,
    alpha: Any = None,
    gate_limit: Any = None,
    up_limit: Any = None,
    activation_limit: Any = None,
    gate_scale: Any = None,
    gate_cap: Any = None,
    up_cap: Any = None,
) -> Any:
    """(phi(x W) * x V) W_2. W and V may be the halves of one map `w_in`; `second` is bound where the gate is its second
    half. Shapes: x (..., d_model), W and V (d_model, d_ff), W_2 (d_ff, d_model)."""
    if w_in_groups is not None:
        one, two = (x @ w_in_groups).chunk(2, -1)
        return phi(one) * two @ w_down_groups
    if w_in is None:
        gate, up = affine(x, w_gate), affine(x, w_up)
    else:
        inner = affine(x, w_in)
        one, two = (inner if adapter is None else inner + adapter).chunk(2, -1)
        gate, up = (one, two) if second is None else (two, one)
    limits = (alpha, gate_limit, up_limit, activation_limit, gate_scale, gate_cap, up_cap)
    hidden = gated_value(gate, up, phi, *limits)
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
    name=Text("Gated feed-forward network (SwiGLU, GEGLU, ReGLU)", "门控前馈网络（SwiGLU、GEGLU、ReGLU）"),
    explanation=Text(
        "A feed-forward network whose inner layer is the product of two linear maps of the input, one of them behind a "
        "non-linearity. The name follows the non-linearity: SwiGLU with SiLU, GEGLU with GELU, ReGLU with ReLU.",
        "前馈网络的内层是输入的两个线性映射之积，其中一个先经过非线性。名称随非线性而定："
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
        Symbol("x", "x", Text("The input, one row per position", "输入，每个位置一行")),
        Symbol("w_gate", "W", Text("The map behind the non-linearity", "经过非线性的映射"), ("w_in",)),
        Symbol("w_up", "V", Text("The map that is multiplied as it is", "直接相乘的映射"), ("w_in",)),
        Symbol(
            "w_in", r"[W, V]", Text("Both maps in one matrix, where the code has one", "两个映射合成的矩阵（若有）")
        ),
        Symbol("first", "h_1", Text("First half of the inner layer, where it is the gate", "内层前一半（为门时）")),
        Symbol("second", "h_2", Text("Second half of the inner layer, where it is the gate", "内层后一半（为门时）")),
        Symbol(
            "adapter", "A(x)", Text("A small map of its own that is added, in some models", "另加的小映射（某些模型）")
        ),
        *GATE_SYMBOLS,
        Symbol("norm", r"\mathrm{N}", Text("A norm of the inner layer, in some models", "内层的归一化（某些模型）")),
        Symbol("w_in_groups", "[W, V]_g", Text("The same, one for each group", "同上，每组一个"), ("w_in",)),
        Symbol("w_down_groups", "W_{2,g}", Text("The map back, one for each group", "映射回去，每组一个"), ("w_down",)),
        Symbol("w_down", "W_2", Text("The map back to the model dimension", "回到模型维度的映射")),
        Symbol("output", r"\mathrm{FFN}(x)", Text("The output, one row per position", "输出，每个位置一行")),
    ),
    patterns=(
        Bind("output", Layer(LINEAR, (PRODUCTS,), "w_down")),
        Bind("output", Layer(LINEAR, (norm_of(PRODUCTS, "norm"),), "w_down")),
        Bind("output", BY_GROUPS),
    ),
    output="output",
    reference=reference,
    akin=("position-wise-ffn",),
    matches=(
        _MLP.format(name="Feed", body="return self.c(self.act(self.a(x)) * self.b(x))"),
        _MLP.format(
            name="Dense",
            body="h = F.gelu(self.a(x))\n        h = h * self.b(x)\n        h = F.dropout(h)\n        return self.c(h)",
        ),
        _MLP.format(name="Fused", body="g, u = self.ab(x).chunk(2, dim=-1)\n        return self.c(u * F.silu(g))"),
        _MLP.format(name="Swapped", body="u, g = self.ab(x).split(4, dim=-1)\n        return self.c(u * self.act(g))"),
        _MLP.format(name="Normed", body="return self.c(self.n(self.act(self.a(x)) * self.b(x)))"),
        """
class Groups(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.a, self.b = nn.Parameter(torch.randn(c.n, c.e, c.d)), nn.Parameter(torch.randn(c.n, c.d, c.e))

    def forward(self, x):
        h = torch.matmul(x[:, :, None, :], self.a.transpose(1, 2)[None]).squeeze(2).view(*x.shape[:2], 2, -1)
        h = F.silu(h[..., 0, :]) * h[..., 1, :]
        return torch.matmul(h[:, :, None, :], self.b.transpose(1, 2)[None]).squeeze(2)
""",
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
