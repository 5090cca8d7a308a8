"""The first half of a feed-forward network, where the code gives it a class of its own."""

from typing import Any

from hfreader.concepts.linear_maps import affine
from hfreader.concepts.model import Concept, Symbol, Text
from hfreader.concepts.papers import BERT, TRANSFORMER, at
from hfreader.concepts.pattern import (
    LINEAR,
    Activation,
    Anything,
    Bind,
    Both,
    FirstPosition,
    Layer,
    Not,
    OneOf,
    Returned,
)

# Not a pooled position, and not what such a half gives: then it is the end of a longer network.
NO_INPUT = OneOf((FirstPosition(Anything()), Activation(Layer(LINEAR, (Anything(),)))))
INPUT = Bind("x", Both(Not(NO_INPUT), Anything()))


def reference(x: Any, w_1: Any, phi: Any) -> Any:
    """phi(x W_1 + b_1). Shapes: x (..., d_model), W_1 (d_model, d_ff)."""
    return phi(affine(x, w_1))


_HALF = """
class {name}(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.a, self.b = nn.Linear(c.d, c.e), nn.Linear(c.e, c.d)
        self.n = nn.LayerNorm(c.e)
        self.act = ACT2FN[c.act]

    def forward(self, x):
        return {body}
"""

CONCEPT = Concept(
    slug="ffn-expansion-half",
    name=Text("First half of the feed-forward network", "前馈网络的前半层"),
    explanation=Text(
        "The linear map to the inner dimension with the non-linearity after it. BERT's code splits the feed-forward "
        "network in two: this half, and one that maps back and adds the residual.",
        "到内部维度的线性映射及其后的非线性。BERT 的代码把前馈网络分成两半：这一半，以及映射回来并加残差的另一半。",
    ),
    citations=(at(TRANSFORMER, "§3.3, Eq. (2), inner part"), at(BERT, "§3")),
    equations=(r"\sym{output}=\sym{phi}(\sym{x}\,\sym{w_1}+b_1)",),
    symbols=(
        Symbol("x", "x", Text("The input, one row per position", "输入，每个位置一行")),
        Symbol("w_1", "W_1", Text("The map to the inner dimension", "到内部维度的映射")),
        Symbol("phi", r"\varphi", Text("Pointwise non-linearity", "逐元素非线性")),
        Symbol("output", "h", Text("The inner layer", "内层")),
    ),
    patterns=(Bind("output", Returned(Activation(Layer(LINEAR, (INPUT,), "w_1"), "phi"))),),
    output="output",
    reference=reference,
    akin=("position-wise-ffn",),
    matches=(
        _HALF.format(name="Output", body="self.act(self.a(x))"),
        _HALF.format(name="Whole", body="F.dropout(F.gelu(self.a(x)), p=0.1)"),
    ),
    rejects=(
        # The whole network; a pooler; a transform with a norm; a squashing function; the non-linearity first.
        _HALF.format(name="Intermediate", body="self.b(self.act(self.a(x)))"),
        _HALF.format(name="Intermediate", body="self.act(self.a(x[:, 0]))"),
        _HALF.format(name="Intermediate", body="self.n(self.act(self.a(x)))"),
        _HALF.format(name="Intermediate", body="self.act(self.b(self.act(self.a(x))))"),
        _HALF.format(name="Intermediate", body="torch.tanh(self.a(x))"),
        _HALF.format(name="Intermediate", body="self.a(self.act(x))"),
    ),
)
