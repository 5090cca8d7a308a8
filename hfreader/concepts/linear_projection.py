"""A module that is one linear map."""

from typing import Any

from hfreader.concepts.linear_maps import LEARNED, affine
from hfreader.concepts.model import Citation, Concept, Symbol, Text
from hfreader.concepts.pattern import LINEAR, Bind, Both, Direct, Layer, Not, OneOf, Op, Returned

DEEP_LEARNING = Citation(
    "Deep Learning", "Goodfellow, Bengio, Courville", 2016, where="§6.1", url="https://www.deeplearningbook.org"
)
X = Bind("x", Op(("parameter",)))
# Where a config may ask for an adaptive softmax instead, the layer is a linear map otherwise.
LAYER = Layer((*LINEAR, "torch.nn.AdaptiveLogSoftmaxWithLoss"), (X,), "w")
# A subclass of a linear layer multiplies by the layer's matrix itself.
INHERITED = Direct(Both(Not(LEARNED), Op(("attribute",))))
ROWS, COLUMNS = Bind("weight", INHERITED), Bind("weight_transposed", Op(("transpose",), (INHERITED,)))
OFFSET = Bind("offset", Op(("attribute",)))
PRODUCT = Op(("matmul",), (X, COLUMNS))
WRITTEN = OneOf(
    (Op(("linear",), (X, ROWS, OFFSET)), Op(("linear",), (X, ROWS)), Op(("add",), (PRODUCT, OFFSET)), PRODUCT)
)


def reference(x: Any, w: Any = None, weight: Any = None, weight_transposed: Any = None, offset: Any = None) -> Any:
    """x W + b. Shapes: x (..., in), W (in, out), as a matrix of its own (out, in)."""
    if w is not None:
        return affine(x, w)
    product = x @ (weight.transpose(-1, -2) if weight_transposed is None else weight_transposed)
    return product if offset is None else product + offset


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
        "对输入做一次可学习的线性映射，除丢弃和改变形状外别无其他。",
    ),
    citations=(DEEP_LEARNING,),
    equations=(r"\sym{output}=\sym{x}\,\sym{w}+b",),
    symbols=(
        Symbol("x", "x", Text("The input of the module", "模块的输入")),
        Symbol("w", "W", Text("The learned linear map", "可学习的线性映射")),
        Symbol(
            "weight", "W^{T}", Text("Its matrix, where it is multiplied by itself", "它的矩阵（若直接相乘）"), ("w",)
        ),
        Symbol("weight_transposed", "W", Text("The same, as it is multiplied", "相乘时的矩阵"), ("w",)),
        Symbol("offset", "b", Text("Its bias, if any", "它的偏置（若有）"), ("w",)),
        Symbol("output", "y", Text("The output of the module", "模块的输出")),
    ),
    patterns=(Returned(Bind("output", LAYER)), Returned(Bind("output", WRITTEN))),
    output="output",
    reference=reference,
    matches=(
        _MODULE.format(name="Attention", body="self.p(self.a(h))"),
        """
class Own(nn.Linear):
    def forward(self, x):
        h = x @ self.weight.T
        return h if self.bias is None else h + self.bias
""",
        _MODULE.format(name="Mlp", body="self.a(h.flatten(2).transpose(1, 2))"),
    ),
    rejects=(
        _MODULE.format(name="Linear", body="self.b(F.relu(self.a(h)))"),
        _MODULE.format(name="Linear", body="self.a(h) + r"),
        _MODULE.format(name="Linear", body="torch.tanh(self.a(h))"),
        _MODULE.format(name="Linear", body="self.a(h * 2)"),
    ),
)
