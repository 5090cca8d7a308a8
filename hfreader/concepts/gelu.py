"""The Gaussian error linear unit, exact and by tanh."""

import math
from typing import Any

from hfreader.concepts.model import Concept, NotCovered, Symbol, Text
from hfreader.concepts.papers import GELU_PAPER, at
from hfreader.concepts.pattern import Anything, Bind, Number, OneOf, Op
from hfreader.facts.phrases import phrase

X = Bind("x", Anything())
ONE = Number(1.0)
ROOT = math.sqrt(2 / math.pi)
ERROR_FUNCTION = Op(
    ("erf",), (OneOf((Op(("div",), (X, Number(math.sqrt(2)))), Op(("mul",), (X, Number(math.sqrt(0.5)))))),)
)
CUBE = OneOf((Op(("pow",), (X, Number(3))), Op(("mul",), (X, X, X))))
FACTOR = Bind("root", Number(ROOT))
POLYNOMIAL = OneOf(
    (
        Op(("mul",), (FACTOR, Op(("add",), (X, Op(("mul",), (Number(0.044715), CUBE)))))),
        Op(("mul",), (X, FACTOR, Op(("add",), (ONE, Op(("mul",), (Number(0.044715), X, X)))))),
    )
)
TANH = Bind("tanh", Op(("tanh",), (POLYNOMIAL,)))


def reference(x: Any, tanh: Any = None, approximate: Any = "none", root: Any = ROOT) -> Any:
    """x Phi(x) with Phi the normal distribution function by erf, or its approximation by tanh. Shape: any.

    `root` is sqrt(2/pi) to as many digits as the code writes of it.
    """
    if approximate not in ("none", "tanh"):
        raise NotCovered(phrase("%(setting)s is another function", setting=f"approximate={approximate!r}"))
    if tanh is None and approximate == "none":
        return x * 0.5 * (1 + (x / math.sqrt(2)).erf())
    if not math.isclose(root, ROOT, rel_tol=1e-6):
        raise NotCovered(phrase("%(number)s is not the square root of 2/pi", number=str(root)))
    return 0.5 * x * (1 + (root * (x + 0.044715 * x**3)).tanh())


CONCEPT = Concept(
    slug="gelu",
    name=Text("GELU", "高斯误差线性单元 GELU"),
    explanation=Text(
        "A smooth relative of ReLU: each number is weighted by the probability that a standard normal variable "
        "lies below it. The exact form uses the error function; the tanh form is the approximation that the paper "
        "gives beside it.",
        "ReLU 的平滑版本：每个数乘以标准正态变量小于它的概率。精确形式用误差函数，tanh 形式是论文同时给出的近似。",
    ),
    citations=(at(GELU_PAPER, "§2"),),
    equations=(
        r"\sym{output}=\sym{x}\,\Phi(\sym{x})=\frac{\sym{x}}{2}\left(1+\mathrm{erf}\!\left(\frac{\sym{x}}{\sqrt{2}}\right)\right)",
        r"\sym{output}\approx\frac{\sym{x}}{2}\left(1+\sym{tanh}\!\left(\sym{root}\,"
        r"(\sym{x}+0.044715\,\sym{x}^3)\right)\right)",
    ),
    symbols=(
        Symbol("x", "x", Text("The input, each number by itself", "输入，逐个数")),
        Symbol("tanh", r"\tanh", Text("The approximation of the error function", "误差函数的近似")),
        Symbol("root", r"\sqrt{2/\pi}", Text("Written out to some digits in code", "代码中写出若干位数字")),
        Symbol("approximate", r"\approx", Text("Which of the two forms torch computes", "torch 计算的是哪种形式")),
        Symbol("output", r"\mathrm{GELU}(x)", Text("The output", "输出")),
    ),
    patterns=(
        Bind("output", Op(("mul",), (Number(0.5), X, Op(("add",), (ONE, TANH))))),
        Bind("output", Op(("mul",), (Number(0.5), X, Op(("add",), (ONE, ERROR_FUNCTION))))),
        Bind("output", Op(("gelu",), (X,), optional=(("approximate", Bind("approximate", Anything())),))),
    ),
    output="output",
    reference=reference,
    matches=(
        """
def relu(v):
    return v * 0.5 * (1.0 + torch.erf(v / math.sqrt(2.0)))
""",
        """
def f(a):
    return 0.5 * a * (1.0 + torch.tanh(math.sqrt(2.0 / math.pi) * (a + 0.044715 * torch.pow(a, 3.0))))
""",
        """
def f(a):
    return 0.5 * a * (1.0 + torch.tanh(a * 0.7978845608 * (1.0 + 0.044715 * a * a)))
""",
        """
class Tanh(nn.Module):

    def forward(self, a):
        c = 0.5 * (1 + torch.erf(a * 0.7071067811865476))
        return a * c
""",
        """
def f(a):
    return F.gelu(a, approximate='tanh')
""",
    ),
    rejects=(
        # The sigmoid approximation, another constant, another power, another variable.
        """
def gelu(x):
    return x * torch.sigmoid(1.702 * x)
""",
        """
def gelu(x):
    return 0.5 * x * (1.0 + torch.tanh(math.sqrt(2.0 / math.pi) * (x + 0.44715 * torch.pow(x, 3.0))))
""",
        """
def gelu(x):
    return 0.5 * x * (1.0 + torch.tanh(math.sqrt(2.0 / math.pi) * (x + 0.044715 * torch.pow(x, 2.0))))
""",
        """
def gelu(x, y):
    return x * 0.5 * (1.0 + torch.erf(y / math.sqrt(2.0)))
""",
    ),
    hints=frozenset({"tanh"}),
)
