"""The residual connection."""

from typing import Any

from hfreader.concepts.model import Concept, Symbol, Text
from hfreader.concepts.norms import norm
from hfreader.concepts.papers import RESNET, TRANSFORMER, at
from hfreader.concepts.pattern import Anything, Bind, Both, Branch, Not, NotPartOf, OneOf, Op

X = Bind("x", Anything())
# Where x is added once more, inside the branch or to the sum, it counts twice.
AGAIN = Op(("add",), (X, Anything()))
FROM_X = Branch(source=X)
# A residual stream of its own, which is no branch of x: what is added to it (positions, to its queries) is no stream.
STREAM = Bind("stream", Both(Anything(), Not(OneOf((X, FROM_X)))))
OTHER = Op(("add",), (STREAM, Branch(source=STREAM)))
BRANCH = Both(FROM_X, Both(Not(AGAIN), Not(OneOf((OTHER, norm(OTHER))))))
SUM = Op(("add",), (X, Bind("branch", BRANCH)))


def reference(x: Any, branch: Any) -> Any:
    """x + F(x). Shapes: x and F(x) alike."""
    return x + branch


_LAYER = """
class {name}(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.a = nn.Linear(c.d, c.d)
        self.n = nn.LayerNorm(c.d)
        self.e = nn.Embedding(c.p, c.d)

    def forward(self, x, y):
        return {body}
"""

CONCEPT = Concept(
    slug="residual-connection",
    name=Text("Residual connection", "残差连接"),
    explanation=Text(
        "The input of a layer is added to its output, so that the layer only has to learn what to change. "
        "Gradients pass "
        "through the sum undiminished, which makes deep stacks trainable.",
        "把一层的输入加到它的输出上，这一层只需学习要改变什么。梯度经由加法不衰减地通过，使深层堆叠可以训练。",
    ),
    citations=(at(RESNET, "§3.1, Eq. (1)"), at(TRANSFORMER, "§3.1")),
    equations=(r"\sym{output}=\sym{x}+\sym{branch}",),
    symbols=(
        Symbol("x", "x", Text("The input, carried past the layer", "绕过该层的输入")),
        Symbol(
            "branch",
            r"\mathcal{F}(x)",
            Text("What learned layers compute from the input", "可学习的层由输入算出的结果"),
        ),
        Symbol("output", "y", Text("Their sum", "两者之和")),
    ),
    patterns=(Bind("output", NotPartOf(SUM, AGAIN)),),
    output="output",
    reference=reference,
    matches=(
        _LAYER.format(name="Plain", body="self.a(self.n(x)) + x"),
        """
class Inner(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.a = nn.Linear(c.d, c.d)

    def forward(self, u, v):
        return self.a(F.relu(u)) + v

class Outer(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.b = nn.Linear(c.d, c.d)
        self.i = Inner(c)

    def forward(self, h):
        return self.i(self.b(h), h)
""",
    ),
    rejects=(
        # Two inputs; a position embedding, which depends on the shape of x alone; no learned layer; a bare product;
        # the input twice.
        _LAYER.format(name="Residual", body="self.a(x) + y"),
        _LAYER.format(name="Residual", body="x + self.e(torch.arange(x.shape[1], device=x.device))"),
        _LAYER.format(name="Residual", body="x + 0.044715 * torch.pow(x, 3.0)"),
        _LAYER.format(name="Residual", body="x * self.a(x)"),
        _LAYER.format(name="Residual", body="x + x + self.a(x)"),
        _LAYER.format(name="Residual", body="self.a(self.n(x)) + x + x"),
        _LAYER.format(name="Residual", body="x + F.dropout(self.a(x) + x)"),
    ),
)
