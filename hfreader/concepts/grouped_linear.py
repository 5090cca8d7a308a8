"""Linear maps of several groups at once, each with a matrix of its own."""

from typing import Any

from hfreader.concepts.linear_maps import HELD
from hfreader.concepts.model import Citation, Concept, Symbol, Text
from hfreader.concepts.pattern import Anything, Bind, OneOf, Op, Returned

NEW = ("empty", "zeros", "ones", "randn", "rand")
# A parameter made with three sizes, and one matrix that is read as one for each group.
STACKED = Op(("learned",), (Op(NEW, (Anything(), Anything(), Anything())),))
CUT = Op(("transpose",), (Op(("view", "reshape"), (HELD, Anything(), Anything(), Anything())),))
PRODUCT = Bind("output", Op(("matmul",), (Bind("x", Anything()), Bind("w", OneOf((STACKED, CUT))))))
# The rows of each group one after the other, mapped in turn and joined again.
PART = Bind(
    "output", Op(("linear",), (Bind("x", Op(("item",), (Op(("split",)),))), Bind("rows", Op(("item",), (STACKED,)))))
)
IN_TURN = Op(("cat",), (Op(("loop",), (Anything(), Op(("tuple",), (Anything(), PART)))),))


def reference(x: Any, w: Any = None, rows: Any = None) -> Any:
    """x_g W_g; `rows` is one W_g, transposed. Shapes: x (..., groups, n, in), W (..., groups, in, out)."""
    matrix = rows.transpose(-1, -2) if w is None else w
    return (x[..., :, None] * matrix[..., None, :, :]).sum(-2)


_MAP = """
class {name}(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.g = c.g
        self.w = nn.Parameter(torch.empty(c.g, c.d, c.e))
        self.m = nn.Parameter(torch.empty(c.g * c.e, c.d))
        self.b = nn.Parameter(torch.zeros(c.g * c.e))

    def forward(self, x):
        x = x.reshape(-1, self.g, 4).permute(1, 0, 2)
        {body}
"""

CONCEPT = Concept(
    slug="grouped-linear",
    name=Text("Grouped linear map", "分组线性映射"),
    explanation=Text(
        "The features (or the positions) are dealt out to groups, and each group has a linear map of its own. For "
        "features this is one large map whose matrix is zero outside of blocks, at a fraction of the cost.",
        "把特征（或位置）分成若干组，每组有自己的线性映射。对特征而言，相当于一个大的分块对角矩阵，而代价只是其几分之一。",
    ),
    citations=(
        Citation(
            "ConvBERT: Improving BERT with Span-based Dynamic Convolution", "Jiang et al.", 2020, "2008.02496", "§3.3"
        ),
    ),
    equations=(r"\sym{output}_g=\sym{x}_g\,\sym{w}_g",),
    symbols=(
        Symbol("x", "x", Text("The input, cut into groups", "分成若干组的输入")),
        Symbol("w", "W", Text("The matrices, one for each group", "各组的矩阵")),
        Symbol("rows", "W_g^{T}", Text("The matrix of one group, transposed", "一组的矩阵，转置"), ("w",)),
        Symbol("output", "y", Text("The result, group by group", "各组的结果")),
    ),
    patterns=(Returned(PRODUCT), Returned(Op(("add",), (PRODUCT, HELD))), Returned(IN_TURN)),
    output="output",
    reference=reference,
    matches=(
        _MAP.format(name="Linear", body="return torch.matmul(x, self.w).permute(1, 0, 2).flatten(1) + self.b"),
        _MAP.format(name="Cut", body="return torch.bmm(x, self.m.view(self.g, -1, 4).transpose(1, 2)).transpose(0, 1)"),
        _MAP.format(
            name="Turns",
            body="p, r = x.split([1, 2], dim=0), []\n        for i in range(self.g):\n"
            "            r.append(F.linear(p[i], self.w[i]))\n        return torch.cat(r, dim=0)",
        ),
    ),
    rejects=(
        # One matrix for all; a part of a longer computation; a product of two values.
        _MAP.format(name="GroupedLinear", body="return torch.matmul(x, self.m.t())"),
        _MAP.format(name="GroupedLinear", body="return F.relu(torch.matmul(x, self.w))"),
        _MAP.format(name="GroupedLinear", body="return torch.bmm(x, x.transpose(1, 2))"),
    ),
)
