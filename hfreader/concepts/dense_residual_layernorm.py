"""Linear map, dropout, residual and layer norm in one: the end of each sub-layer of a post-norm block."""

from typing import Any

from hfreader.concepts.model import Concept, Symbol, Text
from hfreader.concepts.papers import TRANSFORMER, at
from hfreader.concepts.pattern import (
    EMBEDDING,
    LAYER_NORM,
    LINEAR,
    Anything,
    Bind,
    Both,
    Branch,
    Layer,
    Not,
    OneOf,
    Op,
    Unshared,
)

DENSE = Layer(LINEAR, (Bind("x", Anything()),), "w")
# A vector looked up, or one computed from the dense layer's result, goes past no sub-layer.
OTHERS = OneOf((Layer(EMBEDDING, (Anything(),)), Op(("embedding",)), Branch(source=Bind("dense", Anything()))))
SUM = Unshared(Op(("add",), (Bind("dense", DENSE), Bind("residual", Both(Not(OTHERS), Anything())))))


def reference(x: Any, w: Any, residual: Any, norm: Any) -> Any:
    """LN(r + x W + b). Shapes: x (..., d_in), W (d_in, d), r (..., d)."""
    dense = x @ w.weight if w.bias is None else x @ w.weight + w.bias
    summed = residual + dense
    centred = summed - summed.mean(-1, keepdim=True)
    normalised = centred / ((centred**2).mean(-1, keepdim=True) + norm.eps) ** 0.5
    scaled = normalised if norm.weight is None else normalised * norm.weight
    return {"dense": dense, "output": scaled if norm.bias is None else scaled + norm.bias}


_MODULE = """
class {name}(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.a = nn.Linear(c.e, c.d)
        self.n = {norm}(c.d)
        self.p = nn.Dropout(0.1)
        self.b, self.e = nn.Linear(c.d, c.d), nn.Embedding(c.v, c.d)

    def forward(self, h, r):
        return {body}
"""

CONCEPT = Concept(
    slug="dense-residual-layernorm",
    name=Text("Dense, dropout, residual and LayerNorm", "全连接、丢弃、残差与层归一化"),
    explanation=Text(
        "A sub-layer's last linear map, dropout, the residual and the layer norm over the sum, in this order. The same "
        "body ends the attention sub-layer, where W is the output projection, and the feed-forward sub-layer, "
        "where it is W_2.",
        "依次是子层的最后一个线性映射、丢弃、残差相加、对和做层归一化。"
        "同样的代码既结束注意力子层(W 为输出投影),也结束前馈子层(W 为 W_2)。",
    ),
    citations=(at(TRANSFORMER, "§3.1, LayerNorm(x + Sublayer(x)); dropout: §5.4"),),
    equations=(r"\sym{output}=\sym{norm}\!\left(\sym{residual}+\mathrm{Dropout}(\sym{x}\,\sym{w}+b)\right)",),
    symbols=(
        Symbol("x", "h", Text("What the sub-layer computed so far", "子层此前算出的结果")),
        Symbol("w", "W", Text("The sub-layer's last linear map", "子层的最后一个线性映射")),
        Symbol(
            "dense",
            "hW+b",
            Text("Its result; dropout does nothing when the model is evaluated", "其结果;推理时丢弃不起作用"),
        ),
        Symbol("residual", "r", Text("The sub-layer's input, carried past it", "绕过子层的输入")),
        Symbol("norm", r"\mathrm{LayerNorm}", Text("Layer norm over the sum", "对和的层归一化")),
        Symbol("output", "y", Text("The output of the sub-layer", "子层的输出")),
    ),
    patterns=(Bind("output", Layer(LAYER_NORM, (SUM,), "norm")),),
    output="output",
    reference=reference,
    matches=(
        _MODULE.format(name="Half", norm="nn.LayerNorm", body="self.n(self.p(self.a(h)) + r)"),
        _MODULE.format(name="PreNorm", norm="nn.LayerNorm", body="self.n(r + self.a(h))"),
    ),
    rejects=(
        # A pre-norm block, whose sum goes on beside the norm; no norm, the norm before the sum, no residual, no linear
        # map, another norm; positions added to an input, learned ones or those computed from the input itself.
        _MODULE.format(name="BertOutput", norm="nn.LayerNorm", body="self.p(self.n((s := self.a(h) + r))) + s"),
        _MODULE.format(name="BertOutput", norm="nn.LayerNorm", body="self.p(self.a(h)) + r"),
        _MODULE.format(name="BertOutput", norm="nn.LayerNorm", body="self.n(self.p(self.a(h))) + r"),
        _MODULE.format(name="BertOutput", norm="nn.LayerNorm", body="self.n(self.p(self.a(h)))"),
        _MODULE.format(name="BertOutput", norm="nn.LayerNorm", body="self.n(self.p(h) + r)"),
        _MODULE.format(name="BertOutput", norm="nn.RMSNorm", body="self.n(self.p(self.a(h)) + r)"),
        _MODULE.format(name="BertOutput", norm="nn.LayerNorm", body="self.n(self.a(h) + self.e(r))"),
        _MODULE.format(name="BertOutput", norm="nn.LayerNorm", body="self.n((s := self.a(h)) + F.gelu(self.b(s)))"),
    ),
)
