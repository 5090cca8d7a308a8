"""The residual block of convolutional networks."""

from typing import Any

from hfreader.concepts.convnext_block import block
from hfreader.concepts.convolutions import NORMS, convolution, normalisation
from hfreader.concepts.model import Citation, Concept, Symbol, Text
from hfreader.concepts.papers import RESNET, at
from hfreader.concepts.pattern import (
    CONVOLUTION,
    EMBEDDING,
    LINEAR,
    TRANSPOSED_CONVOLUTION,
    Activation,
    Anything,
    Bind,
    Both,
    Branch,
    Layer,
    Not,
    Number,
    OneOf,
    Op,
)

MOBILE_NET_V2 = Citation(
    "MobileNetV2: Inverted Residuals and Linear Bottlenecks",
    "Sandler, Howard, Zhu, Zhmoginov, Chen",
    2018,
    "1801.04381",
    "§3.3",
)
X = Bind("x", Anything())
CONVOLVED = convolution(X)
SHORTCUT = OneOf(
    (normalisation(CONVOLVED, "shortcut_norm"), CONVOLVED, Layer((*NORMS, "torch.nn.Sequential"), (X,)), X)
)
# What has linear maps, attention or gates between its convolutions is a block of another kind.
OTHERS = (*LINEAR, *EMBEDDING, "torch.nn.LayerNorm", "torch.nn.GLU", "glu", "linear", "matmul", "softmax")
INNER = Branch(
    source=X,
    applies=(*CONVOLUTION, *TRANSPOSED_CONVOLUTION, "conv1d", "conv2d"),
    avoids=(*OTHERS, "interpolate"),
)
# A wide grouped convolution over a sequence, added to it, is its position embedding.
GROUPED = Layer(
    ("torch.nn.Conv1d",),
    (Anything(),),
    settings=(("groups", Both(Not(Number(1)), Anything())), ("padding", Anything())),
)
POSITIONS = Activation(OneOf((Op(("item",), (GROUPED,)), GROUPED)))
TOTAL = Both(
    Op(("add",), (Bind("shortcut", SHORTCUT), Bind("branch", Both(Not(POSITIONS), INNER)))), Not(block(Anything()))
)


def reference(shortcut: Any, branch: Any, total: Any = None, phi: Any = None) -> dict[str, Any]:
    """phi(S(x) + F(x)), without phi where the code has none. The branches are taken as they were computed.

    Shapes: all alike, (B, C, *sizes); the shortcut of an input with fewer channels is broadcast nowhere."""
    added = shortcut + branch
    return {"output": added} if phi is None else {"total": added, "output": phi(added)}


_BLOCK = """
class Unit(nn.Module):
    def __init__(self, a, b, s=1):
        super().__init__()
        self.c = nn.Conv2d(a, b, 3, s, 1)
        self.n = nn.BatchNorm2d(b)

    def forward(self, x):
        return F.relu(self.n(self.c(x)))

class Positions(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.c = nn.Conv1d(c.d, c.d, kernel_size=c.k, padding=c.k // 2, groups=c.g)

    def forward(self, x):
        return F.gelu(self.c(x.transpose(1, 2))[:, :, :-1]).transpose(1, 2)

class {name}(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.p = Positions(c)
        self.a, self.b = Unit(c.d, c.e), Unit(c.e, c.d)
        self.s = nn.Sequential(nn.Conv2d(c.d, c.d, 1), nn.BatchNorm2d(c.d)) if c.s else nn.Identity()
        self.l, self.n = nn.Linear(c.d, c.d), nn.LayerNorm(c.d)

    def forward(self, x, y):
        {body}
"""

CONCEPT = Concept(
    slug="conv-residual-block",
    name=Text("Residual convolution block", "残差卷积块"),
    explanation=Text(
        "What some convolutions compute from the input is added to the input, or to a convolution of it where the "
        "number of channels changes. A bottleneck narrows the channels in between, an inverted residual widens them.",
        "把若干卷积由输入算出的结果加到输入上；通道数改变时，加到输入的一次卷积上。"
        "瓶颈块在中间减少通道，倒残差块在中间增加通道。",
    ),
    citations=(at(RESNET, "§3.2, Eq. (1), (2)"), MOBILE_NET_V2),
    equations=(r"\sym{output}=\sym{phi}\!\left(\sym{branch}+\sym{shortcut}\right)",),
    symbols=(
        Symbol("x", "x", Text("The input, channels and positions", "输入，含通道与位置")),
        Symbol(
            "branch", r"\mathcal{F}(x)", Text("What the convolutions compute from the input", "各卷积由输入算出的结果")
        ),
        Symbol("shortcut", "W_s x", Text("The input, or a convolution of it", "输入，或输入的一次卷积")),
        Symbol("shortcut_norm", r"\mathrm{Norm}_s", Text("The norm of the shortcut", "捷径上的归一化"), ("shortcut",)),
        Symbol("total", r"\Sigma", Text("Their sum", "两者之和"), ("output",)),
        Symbol("phi", r"\varphi", Text("Pointwise non-linearity, where there is one", "逐元素非线性（若有）")),
        Symbol("output", "y", Text("The output", "输出")),
    ),
    patterns=(Bind("output", Activation(Bind("total", TOTAL), "phi")), Bind("output", TOTAL)),
    output="output",
    reference=reference,
    matches=(
        _BLOCK.format(name="Mlp", body="return F.relu(self.b(self.a(x)) + x)"),
        _BLOCK.format(
            name="Other", body="r = x\n        x = self.b(self.a(x))\n        x += self.s(r)\n        return x"
        ),
        """
class Rep(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.a, self.b = nn.Conv2d(c.d, c.d, 3, padding=1), nn.Conv2d(c.d, c.d, 1)

    def forward(self, x):
        return self.a(x) + self.b(x)
""",
    ),
    rejects=(
        # No residual; not of the same input; a linear map; attention's kind of branch; a product; positions.
        _BLOCK.format(name="ResNetLayer", body="return F.relu(self.b(self.a(x)))"),
        _BLOCK.format(name="ResNetLayer", body="return F.relu(self.b(self.a(x)) + y)"),
        _BLOCK.format(name="ResNetLayer", body="return F.relu(self.l(x) + x)"),
        _BLOCK.format(name="ResNetLayer", body="return x + self.l(self.a(self.n(x)))"),
        _BLOCK.format(name="ResNetLayer", body="return self.b(self.a(x)) * x"),
        _BLOCK.format(name="ResNetLayer", body="return x + self.p(x)"),
    ),
)
