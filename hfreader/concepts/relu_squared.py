"""Squared ReLU."""

from typing import Any

from hfreader.concepts.model import Citation, Concept, Symbol, Text
from hfreader.concepts.norms import squared
from hfreader.concepts.pattern import Anything, Bind, Op

X = Bind("x", Anything())


def reference(x: Any) -> Any:
    """max(0, x)^2. Shape: any."""
    return x.clamp(min=0) ** 2


CONCEPT = Concept(
    slug="relu-squared",
    name=Text("Squared ReLU", "平方 ReLU"),
    explanation=Text(
        "What is below zero is cut off, the rest squared. A search over Transformer variants found it, and it leaves "
        "many numbers at zero.",
        "小于零的置零，其余平方。它由 Transformer 变体的自动搜索找到，并使许多数为零。",
    ),
    citations=(
        Citation("Primer: Searching for Efficient Transformers for Language Modeling", "So et al.", 2021, "2109.08668"),
    ),
    equations=(r"\sym{output}=\max(0,\sym{x})^2",),
    symbols=(
        Symbol("x", "x", Text("The input, each number by itself", "输入，逐个数")),
        Symbol("output", "y", Text("The output", "输出")),
    ),
    patterns=(Bind("output", squared(Op(("relu",), (X,)))),),
    output="output",
    reference=reference,
    matches=(
        """
def gelu(a, b):
    return torch.square(F.relu(a))
""",
        """
def f(a, b):
    return torch.relu(a).pow(2)
""",
    ),
    rejects=(
        # Not cut off; not squared; a product of two.
        """
def relu2(a, b):
    return torch.square(a)
""",
        """
def relu2(a, b):
    return F.relu(a)
""",
        """
def relu2(a, b):
    return F.relu(a) * F.relu(b)
""",
        """
def relu2(a, b):
    return F.relu(a) ** 3
""",
    ),
)
