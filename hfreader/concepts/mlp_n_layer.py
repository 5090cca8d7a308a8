"""A multilayer perceptron of several layers, as in DETR's box head."""

from typing import Any

from hfreader.concepts.linear_maps import affine
from hfreader.concepts.model import Concept, Symbol, Text
from hfreader.concepts.papers import DETR, at
from hfreader.concepts.pattern import LINEAR, Activation, Anything, Bind, Layer, Op

STEP = Activation(Layer(LINEAR, (Bind("x", Op(("loop",))),), "w"), "phi")
BEFORE = Layer(LINEAR, (Activation(Bind("late", Op(("loop",))), "phi"),), "w")
FIRST = Activation(Layer(LINEAR, (Bind("x", Anything()),), "w"), "phi")
THIRD = Layer(LINEAR, (Activation(Layer(LINEAR, (FIRST,), "w_2"), "phi_2"),), "w_3")


def reference(
    w: Any, phi: Any, x: Any = None, late: Any = None, w_2: Any = None, phi_2: Any = None, w_3: Any = None
) -> Any:
    """phi(x W + b), one step of the loop, or phi(x) W + b where x is bound as `late`; with all three layers bound, the
    whole. Shapes: x (..., in), W (in, out)."""
    if late is not None:
        return affine(phi(late), w)
    hidden = phi(affine(x, w))
    return hidden if w_3 is None else affine(phi_2(affine(hidden, w_2)), w_3)


_MLP = """
class {name}(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.n = c.n
        self.s = nn.ModuleList([nn.Linear(c.d, c.d) for _ in range(c.n)])
        self.a, self.b, self.c = nn.Linear(c.d, c.e), nn.Linear(c.e, c.e), nn.Linear(c.e, 4)

    def forward(self, x):
        {body}
"""

CONCEPT = Concept(
    slug="mlp-n-layer",
    name=Text("Multilayer perceptron", "多层感知机头"),
    explanation=Text(
        "Several linear maps in turn with a non-linearity after each but the last. Detection models predict the "
        "corners of boxes with three of them.",
        "依次若干个线性映射，除最后一个外每个之后都有非线性。检测模型用三层这样的网络预测框的坐标。",
    ),
    citations=(at(DETR, "§3.2"),),
    equations=(
        r"\sym{output}=\sym{phi}(\sym{x}\,\sym{w}+b)\ \text{ or }\ \sym{phi}(\sym{late})\,\sym{w}+b"
        r"\ \text{ in each step}",
        r"\sym{output}=\sym{phi_2}(\sym{phi}(\sym{x}\,\sym{w}+b)\,\sym{w_2}+b_2)\,\sym{w_3}+b_3\ \text{written out}",
    ),
    symbols=(
        Symbol("x", "x", Text("The input of a layer", "一层的输入")),
        Symbol("late", "x'", Text("The same, where the non-linearity comes first", "同上（先做非线性时）")),
        Symbol("w", "W", Text("The linear map of a layer", "一层的线性映射")),
        Symbol("phi", r"\varphi", Text("Non-linearity", "非线性")),
        Symbol("w_2", "W_2", Text("The second linear map", "第二个线性映射")),
        Symbol("phi_2", r"\varphi_2", Text("The second non-linearity", "第二个非线性")),
        Symbol("w_3", "W_3", Text("The third linear map", "第三个线性映射")),
        Symbol("output", "y", Text("The result", "结果")),
    ),
    patterns=(
        Bind("output", THIRD),
        Op(("loop",), (Anything(), Bind("output", STEP))),
        Op(("loop",), (Layer(LINEAR, (Anything(),)), Bind("output", BEFORE))),
    ),
    output="output",
    reference=reference,
    akin=("position-wise-ffn",),
    matches=(
        _MLP.format(
            name="Head",
            body="for i, a in enumerate(self.s):\n            x = F.relu(a(x)) if i < self.n - 1 else a(x)\n"
            "        return x",
        ),
        _MLP.format(
            name="Late",
            body="x = self.a(x)\n        for a in self.s:\n            x = F.gelu(x)\n            x = a(x)\n"
            "        return x",
        ),
        _MLP.format(name="Head", body="return self.c(F.gelu(self.b(F.gelu(self.a(x)))))"),
    ),
    rejects=(
        # Two layers; without non-linearities; linear maps in a loop alone.
        _MLP.format(name="Mlp", body="return self.b(F.relu(self.a(x)))"),
        _MLP.format(name="Mlp", body="return self.c(self.b(self.a(x)))"),
        _MLP.format(name="Mlp", body="for a in self.s:\n            x = a(x)\n        return x"),
        # One layer behind a loop.
        _MLP.format(
            name="Mlp", body="for a in self.s:\n            x = a(x)\n        return self.b(F.relu(self.a(x)))"
        ),
    ),
)
