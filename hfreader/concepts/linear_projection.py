"""A module that is one linear map."""

from typing import Any

from hfreader.concepts.linear_maps import affine
from hfreader.concepts.model import Citation, Concept, Symbol, Text
from hfreader.concepts.pattern import LINEAR, Bind, Layer, Op, Returned

DEEP_LEARNING = Citation(
    "Deep Learning", "Goodfellow, Bengio, Courville", 2016, where="§6.1", url="https://www.deeplearningbook.org"
)


def reference(x: Any, w: Any) -> Any:
    """x W + b. Shapes: x (..., in), W (in, out)."""
    return affine(x, w)


_MODULE = """
class {name}(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.a, self.b = nn.Linear(c.d, c.e), nn.Linear(c.e, c.d)
        self.p = nn.Dropout(0.1)

    def forward(self, h, r=None):
        return {body}
"""

CONCEPT = Concept(
    slug="linear-projection",
    name=Text("Linear projection", "线性投影"),
    explanation=Text(
        "One learned linear map of the input, and nothing else but dropout and changes of shape.",
        "对输入做一次可学习的线性映射,除丢弃和改变形状外别无其他。",
    ),
    citations=(DEEP_LEARNING,),
    equations=(r"\sym{output}=\sym{x}\,\sym{w}+b",),
    symbols=(
        Symbol("x", "x", Text("The input of the module", "模块的输入")),
        Symbol("w", "W", Text("The learned linear map", "可学习的线性映射")),
        Symbol("output", "y", Text("The output of the module", "模块的输出")),
    ),
    patterns=(Returned(Bind("output", Layer(LINEAR, (Bind("x", Op(("parameter",))),), "w"))),),
    output="output",
    reference=reference,
    matches=(
        _MODULE.format(name="Attention", body="self.p(self.a(h))"),
        _MODULE.format(name="Mlp", body="self.a(h.flatten(2).transpose(1, 2))"),
    ),
    rejects=(
        _MODULE.format(name="Linear", body="self.b(F.relu(self.a(h)))"),
        _MODULE.format(name="Linear", body="self.a(h) + r"),
        _MODULE.format(name="Linear", body="torch.tanh(self.a(h))"),
        _MODULE.format(name="Linear", body="self.a(h * 2)"),
    ),
)
