"""A linear map, dropout and a residual: the end of each sub-layer of a pre-norm block."""

from typing import Any

from hfreader.concepts.dense_residual_layernorm import _MODULE
from hfreader.concepts.linear_maps import affine
from hfreader.concepts.model import Concept, Symbol, Text
from hfreader.concepts.papers import RESNET, VIT, at
from hfreader.concepts.pattern import LINEAR, Bind, Layer, Op, Returned

DENSE = Layer(LINEAR, (Bind("x", Op(("parameter",))),), "w")


def reference(x: Any, w: Any, residual: Any) -> Any:
    """r + x W + b. Shapes: x (..., d_in), W (d_in, d), r (..., d)."""
    return residual + affine(x, w)


CONCEPT = Concept(
    slug="dense-residual",
    name=Text("Dense, dropout and residual", "全连接、丢弃与残差"),
    explanation=Text(
        "A sub-layer's last linear map, dropout, and the residual, in a class of its own. The norm stands elsewhere.",
        "子层的最后一个线性映射、丢弃和残差，单独成为一个类。归一化在别处。",
    ),
    citations=(at(VIT, "Eq. (2), (3)"), RESNET),
    equations=(r"\sym{output}=\sym{residual}+\mathrm{Dropout}(\sym{x}\,\sym{w}+b)",),
    symbols=(
        Symbol("x", "h", Text("What the sub-layer computed so far", "子层此前算出的结果")),
        Symbol("w", "W", Text("The sub-layer's last linear map", "子层的最后一个线性映射")),
        Symbol("residual", "r", Text("The sub-layer's input, carried past it", "绕过子层的输入")),
        Symbol("output", "y", Text("The output of the sub-layer", "子层的输出")),
    ),
    patterns=(Returned(Bind("output", Op(("add",), (DENSE, Bind("residual", Op(("parameter",))))))),),
    output="output",
    reference=reference,
    matches=(
        _MODULE.format(name="Half", norm="nn.LayerNorm", body="self.p(self.a(h)) + r"),
        _MODULE.format(name="Half", norm="nn.LayerNorm", body="r + self.a(h)"),
    ),
    rejects=(
        _MODULE.format(name="Residual", norm="nn.LayerNorm", body="self.n(self.p(self.a(h)) + r)"),
        _MODULE.format(name="Residual", norm="nn.LayerNorm", body="self.p(self.a(h))"),
        _MODULE.format(name="Residual", norm="nn.LayerNorm", body="self.a(h) * r"),
    ),
)
