"""The position-wise feed-forward network, equation (2) of the Transformer paper."""

from typing import Any

from hfreader.concepts.gelu import reference as gelu
from hfreader.concepts.linear_maps import affine
from hfreader.concepts.model import Concept, Symbol, Text
from hfreader.concepts.papers import TRANSFORMER, at
from hfreader.concepts.pattern import LINEAR, Activation, Anything, Bind, Both, Equation, FirstPosition, Layer, Not

INPUT = Bind("x", Both(Not(FirstPosition(Anything())), Anything()))
INNER = Layer(LINEAR, (INPUT,), "w_1")
# A non-linearity that the code writes out.
WRITTEN = Equation("gelu", (("x", INNER),), ("tanh", "root"))


def reference(x: Any, w_1: Any, w_2: Any, phi: Any = None, tanh: Any = None, root: Any = None) -> Any:
    """phi(x W_1 + b_1) W_2 + b_2; phi is a GELU, by tanh where that is bound, where no phi is.

    Shapes: x (..., d_model), W_1 (d_model, d_ff), W_2 (d_ff, d_model)."""
    inner = affine(x, w_1)
    if phi is None:
        written = {} if tanh is None else {"tanh": tanh, "root": root}
        return affine(gelu(inner, **written), w_2)
    return affine(phi(inner), w_2)


_MLP = """
class {name}(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.a = nn.Linear(c.d, c.e)
        self.b = nn.Linear(c.e, c.d)
        self.v = nn.Linear(c.d, c.e)

    def forward(self, x):
        return {body}
"""

CONCEPT = Concept(
    slug="position-wise-ffn",
    name=Text("Position-wise feed-forward network", "逐位置前馈网络"),
    explanation=Text(
        "Two linear maps with a pointwise non-linearity between them, applied to every position alike and "
        "independently. "
        "The paper takes ReLU; later models put GELU or another function in its place.",
        "两个线性映射，中间是逐元素非线性，对每个位置独立而相同地应用。论文使用 ReLU，后来的模型换成 GELU 等函数。",
    ),
    citations=(at(TRANSFORMER, "§3.3, Eq. (2)"),),
    equations=(r"\sym{output}=\sym{phi}(\sym{x}\,\sym{w_1}+b_1)\,\sym{w_2}+b_2",),
    symbols=(
        Symbol("x", "x", Text("The input, one row per position", "输入，每个位置一行")),
        Symbol("w_1", "W_1", Text("First linear map, to the inner dimension", "第一个线性映射，到内部维度")),
        Symbol(
            "phi",
            r"\varphi",
            Text("Pointwise non-linearity: max(0, ·) in the paper", "逐元素非线性，论文中为 max(0, ·)"),
        ),
        Symbol("tanh", r"\tanh", Text("The tanh of a GELU that is written out", "写出的 GELU 中的 tanh"), ("phi",)),
        Symbol("root", r"\sqrt{2/\pi}", Text("A constant of it", "其中的常数"), ("phi",)),
        Symbol("w_2", "W_2", Text("Second linear map, back to the model dimension", "第二个线性映射，回到模型维度")),
        Symbol("output", r"\mathrm{FFN}(x)", Text("The output, one row per position", "输出，每个位置一行")),
    ),
    patterns=(
        Bind("output", Layer(LINEAR, (Activation(INNER, "phi"),), "w_2")),
        Bind("output", Layer(LINEAR, (WRITTEN,), "w_2")),
    ),
    output="output",
    reference=reference,
    akin=("ffn-expansion-half", "gated-ffn", "mlp-n-layer"),
    matches=(
        _MLP.format(name="Gate", body="self.b(F.dropout(F.relu(self.a(x)), p=0.1))"),
        _MLP.format(name="Written", body="self.b((h := self.a(x)) * 0.5 * (1.0 + torch.erf(h / math.sqrt(2.0))))"),
        """
class Half(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.m = nn.Linear(c.d, c.e)
        self.f = ACT2FN[c.act]

    def forward(self, h):
        return self.f(self.m(h))

class Rest(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.m = nn.Linear(c.e, c.d)

    def forward(self, h, r):
        return self.m(h) + r

class Both(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.one = Half(c)
        self.two = Rest(c)

    def forward(self, h):
        return self.two(self.one(h), h)
""",
    ),
    rejects=(
        # Gated; without a non-linearity; a classification head on the first position; a squashing gate.
        _MLP.format(name="FeedForward", body="self.b(F.silu(self.a(x)) * self.v(x))"),
        _MLP.format(name="FeedForward", body="self.b(self.a(x))"),
        _MLP.format(name="FeedForward", body="self.b(F.gelu(self.a(x[:, 0])))"),
        _MLP.format(name="FeedForward", body="self.b(torch.sigmoid(self.a(x)))"),
    ),
)
