"""The sigmoid approximation of GELU."""

from typing import Any

from hfreader.concepts.model import Citation, Concept, Symbol, Text
from hfreader.concepts.pattern import Anything, Bind, Number, Op

X = Bind("x", Anything())


def reference(x: Any) -> Any:
    """x sigmoid(1.702 x). Shape: any."""
    return x * (1.702 * x).sigmoid()


CONCEPT = Concept(
    slug="quick-gelu",
    name=Text("Quick GELU", "快速 GELU"),
    explanation=Text(
        "GELU by a sigmoid in place of the normal distribution function: less exact than the form by tanh, and faster.",
        "用 sigmoid 代替正态分布函数的 GELU：不如 tanh 形式精确，但更快。",
    ),
    citations=(Citation("Gaussian Error Linear Units (GELUs)", "Hendrycks, Gimpel", 2016, "1606.08415", "§2"),),
    equations=(r"\sym{output}=\sym{x}\,\sigma(1.702\,\sym{x})",),
    symbols=(
        Symbol("x", "x", Text("The input, each number by itself", "输入，逐个数")),
        Symbol("output", "y", Text("The output", "输出")),
    ),
    patterns=(Bind("output", Op(("mul",), (X, Op(("sigmoid",), (Op(("mul",), (Number(1.702), X)),))))),),
    output="output",
    reference=reference,
    matches=(
        """
def silu(a, b):
    return a * torch.sigmoid(1.702 * a)
""",
        """
def f(a, b):
    return torch.sigmoid(a * 1.702) * a
""",
    ),
    rejects=(
        # No factor; another factor; another value; by tanh.
        """
def quick_gelu(a, b):
    return a * torch.sigmoid(a)
""",
        """
def quick_gelu(a, b):
    return a * torch.sigmoid(1.7 * a)
""",
        """
def quick_gelu(a, b):
    return b * torch.sigmoid(1.702 * a)
""",
        """
def quick_gelu(a, b):
    return F.gelu(a, approximate='tanh')
""",
    ),
)
