"""SiLU, or Swish."""

from typing import Any

from hfreader.concepts.model import Citation, Concept, Symbol, Text
from hfreader.concepts.pattern import Anything, Bind, Op

X = Bind("x", Anything())


def reference(x: Any) -> Any:
    """x sigmoid(x). Shape: any."""
    return x * x.sigmoid()


CONCEPT = Concept(
    slug="silu",
    name=Text("SiLU (Swish)", "SiLU(Swish)"),
    explanation=Text(
        "Each number is multiplied by its own sigmoid: a smooth relative of ReLU that dips slightly below zero. It is "
        "the non-linearity of SwiGLU.",
        "每个数乘以它自己的 sigmoid:ReLU 的平滑版本，略低于零处有一小段下凹。它是 SwiGLU 的非线性。",
    ),
    citations=(
        Citation("Sigmoid-Weighted Linear Units", "Elfwing, Uchibe, Doya", 2017, "1702.03118"),
        Citation("Searching for Activation Functions", "Ramachandran, Zoph, Le", 2017, "1710.05941"),
    ),
    equations=(r"\sym{output}=\sym{x}\,\sigma(\sym{x})=\frac{\sym{x}}{1+e^{-\sym{x}}}",),
    symbols=(
        Symbol("x", "x", Text("The input, each number by itself", "输入，逐个数")),
        Symbol("output", "y", Text("The output", "输出")),
    ),
    patterns=(
        Bind("output", Op(("silu",), (X,))),
        Bind("output", Op(("mul",), (X, Op(("sigmoid",), (X,))))),
    ),
    output="output",
    reference=reference,
    matches=(
        """
def gelu(a, b):
    return F.silu(a)
""",
        """
def relu(a, b):
    return a * torch.sigmoid(a)
""",
    ),
    rejects=(
        # A gate by another value; a factor inside; another function.
        """
def silu(a, b):
    return a * torch.sigmoid(b)
""",
        """
def silu(a, b):
    return a * torch.sigmoid(1.702 * a)
""",
        """
def silu(a, b):
    return a * torch.tanh(a)
""",
        """
def silu(a, b):
    return F.gelu(a)
""",
    ),
)
