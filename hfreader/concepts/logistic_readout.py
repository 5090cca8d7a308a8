"""A probability read from features by one linear map or convolution and a sigmoid."""

from typing import Any

from hfreader.concepts.convolutions import arranged, convolution, convolved
from hfreader.concepts.linear_maps import affine
from hfreader.concepts.model import Citation, Concept, Symbol, Text
from hfreader.concepts.pattern import LINEAR, Anything, Bind, Layer, OneOf, Op, Returned

X = Bind("x", Anything())
LOGIT = Bind("z", OneOf((Layer(LINEAR, (X,), "w"), convolution(X, "conv"))))


def reference(x: Any, z: Any, w: Any = None, conv: Any = None) -> dict[str, Any]:
    """sigmoid(x W + b), or sigmoid(K * x + b). Shapes: x (..., d), or (B, d, *sizes) before a convolution."""
    own = affine(x, w) if conv is None else arranged(convolved(x, conv), z)
    own = own.reshape(z.shape)
    return {"z": own, "output": 1 / (1 + (-own).exp())}


_HEAD = """
class {name}(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.a, self.k, self.s = nn.Linear(c.d, 1), nn.ConvTranspose2d(c.d, 1, 2, stride=2), nn.Sigmoid()

    def forward(self, x, y=None):
        return {body}
"""

CONCEPT = Concept(
    slug="logistic-readout",
    name=Text("Logistic readout", "逻辑斯谛读出"),
    explanation=Text(
        "One number for each position or pixel, a linear map of its features, becomes a probability by a sigmoid: that "
        "there is text here, that two residues touch, that a point is matched for certain.",
        "对每个位置或像素，把特征线性映射成一个数，再经 sigmoid 变为概率：此处有文字、两个残基相接触、某点已匹配等。",
    ),
    citations=(
        Citation("The Regression Analysis of Binary Sequences", "Cox", 1958),
        Citation(
            "Real-time Scene Text Detection with Differentiable Binarization",
            "Liao, Wan, Yao, Chen, Bai",
            2019,
            "1911.08947",
        ),
    ),
    equations=(r"\sym{output}=\sigma(\sym{z}),\qquad\sym{z}=\sym{x}\,\sym{w}+b\ \text{ or }\ \sym{conv}*\sym{x}+b",),
    symbols=(
        Symbol("x", "x", Text("The features", "特征")),
        Symbol("w", "W", Text("The linear map", "线性映射")),
        Symbol("conv", "K", Text("The map of each window, where it is a convolution", "卷积核（为卷积时）"), ("w",)),
        Symbol("z", "z", Text("The score", "分数")),
        Symbol("output", "p", Text("The probability", "概率")),
    ),
    patterns=(Returned(Bind("output", OneOf((Op(("sigmoid",), (LOGIT,)), Layer(("torch.nn.Sigmoid",), (LOGIT,)))))),),
    output="output",
    reference=reference,
    matches=(
        _HEAD.format(name="Gate", body="torch.sigmoid(self.a(x)).squeeze(-1)"),
        _HEAD.format(name="Map", body="self.s(self.k(F.relu(x)))"),
    ),
    rejects=(
        # A score; a gate; another function; no map.
        _HEAD.format(name="Logistic", body="self.a(x)"),
        _HEAD.format(name="Logistic", body="torch.sigmoid(self.a(x)) * y"),
        _HEAD.format(name="Logistic", body="torch.tanh(self.a(x))"),
        _HEAD.format(name="Logistic", body="torch.sigmoid(x)"),
    ),
)
