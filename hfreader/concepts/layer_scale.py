"""LayerScale."""

from typing import Any

from hfreader.concepts.linear_maps import LEARNED
from hfreader.concepts.model import Citation, Concept, Symbol, Text
from hfreader.concepts.norms import BARE_NORM
from hfreader.concepts.pattern import Anything, Bind, Both, Branch, Direct, Not, Op, Returned

SCALE = Bind("scale", LEARNED)
X = Bind("x", Anything())
# The learned scale of a norm at the end of a branch is part of that norm.
BRANCH = Bind("branch", Both(Not(BARE_NORM), Branch(source=X)))


def reference(scale: Any, branch: Any) -> Any:
    """lambda * F(x), feature by feature. Shapes: lambda (d,), F(x) (..., d)."""
    return branch * scale


_BLOCK = """
class Scale(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.g = nn.Parameter(c.v * torch.ones(c.d))

    def forward(self, x):
        return x * self.g

class {name}(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.a = nn.Linear(c.d, c.d)
        self.b = nn.Parameter(torch.ones(c.d))
        self.s = Scale(c)

    def forward(self, x, y):
        return {body}
"""

CONCEPT = Concept(
    slug="layer-scale",
    name=Text("LayerScale", "层缩放 LayerScale"),
    explanation=Text(
        "What a residual branch computes is multiplied by a learned vector, one number per feature, and then added. "
        "The numbers start near zero, so that a deep network starts close to the identity and trains stably.",
        "残差分支的结果先乘以可学习的向量（每个特征一个数）再相加。这些数从接近零开始，深网络因而从近似恒等起步，训练稳定。",
    ),
    citations=(
        Citation(
            "Going deeper with Image Transformers", "Touvron, Cord, Sablayrolles, Synnaeve, Jégou", 2021, "2103.17239"
        ),
    ),
    equations=(r"\sym{x}+\sym{output},\qquad\sym{output}=\mathrm{diag}(\sym{scale})\,\sym{branch}",),
    symbols=(
        Symbol("x", "x", Text("The residual stream", "残差流")),
        Symbol("branch", "F(x)", Text("What the branch computes from it", "分支由它算出的结果")),
        Symbol("scale", r"\lambda", Text("One learned number for each feature", "每个特征一个可学习的数")),
        Symbol("output", r"\lambda\odot F(x)", Text("What is added to the stream", "加到残差流的结果")),
    ),
    patterns=(
        Op(("add",), (X, Bind("output", Op(("mul",), (SCALE, BRANCH))))),
        Bind("output", Returned(Op(("mul",), (Bind("branch", Direct(Op(("parameter",)))), SCALE)))),
    ),
    output="output",
    reference=reference,
    matches=(
        _BLOCK.format(name="Block", body="x + self.s(self.a(x))"),
        _BLOCK.format(name="Inline", body="F.dropout(self.b * self.a(x)) + x"),
        """
class Norm(nn.Module):
    def __init__(self, n):
        super().__init__()
        self.w = nn.Parameter(torch.full((n,), 0.1))

    def forward(self, x):
        return self.w * x
""",
    ),
    rejects=(
        # A shift as well; a norm; a number that is not learned; a gate computed from the input; two streams.
        _BLOCK.format(name="LayerScale", body="x * self.b + self.b"),
        _BLOCK.format(name="LayerScale", body="x * torch.rsqrt(x.pow(2).mean(-1, keepdim=True) + 1e-6) * self.b"),
        _BLOCK.format(name="LayerScale", body="x + self.b * F.rms_norm(self.a(x), (4,))"),
        _BLOCK.format(name="LayerScale", body="x + 0.1 * self.a(x)"),
        _BLOCK.format(name="LayerScale", body="x + x * self.a(x)"),
        _BLOCK.format(name="LayerScale", body="y + self.b * self.a(x)"),
    ),
)
