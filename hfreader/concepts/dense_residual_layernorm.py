"""Linear map, dropout, residual and layer norm in one: the end of each sub-layer of a post-norm block."""

from typing import Any

from hfreader.concepts.convolutions import convolved
from hfreader.concepts.linear_maps import affine
from hfreader.concepts.model import Concept, Symbol, Text
from hfreader.concepts.norms import affine_of, layer_normalised, mean
from hfreader.concepts.papers import MOBILE_BERT, TRANSFORMER, at
from hfreader.concepts.pattern import (
    EMBEDDING,
    LAYER_NORM,
    LINEAR,
    Anything,
    Bind,
    Both,
    Branch,
    Computes,
    Layer,
    Not,
    Number,
    OneOf,
    Op,
    Returned,
    Scalar,
    Unshared,
)

X = Bind("x", Anything())
DENSE = Layer(LINEAR, (X,), "w")
# A convolution of width one is a linear map of each position, perhaps of groups of channels.
POINTWISE = Layer(("torch.nn.Conv1d",), (X,), "conv", settings=(("kernel_size", Number(1)),))
# A vector looked up, or one computed from the dense layer's result, goes past no sub-layer.
OTHERS = OneOf((Layer(EMBEDDING, (Anything(),)), Op(("embedding",)), Branch(source=Bind("dense", Anything()))))
RESIDUAL = Bind("residual", Both(Not(OTHERS), Anything()))
SUM = Unshared(Op(("add",), (Bind("dense", DENSE), RESIDUAL)))
# A layer norm that a class of its own writes out, or scale and shift alone in its place (MobileBERT).
OWN_SUM = Op(("add",), (Bind("dense", OneOf((DENSE, POINTWISE))), RESIDUAL))
NORMALISED = layer_normalised(OWN_SUM, mean(OWN_SUM), Scalar())
WRITTEN = OneOf((affine_of(NORMALISED), Layer(LAYER_NORM, (OWN_SUM,)), affine_of(OWN_SUM)))
# The module is given the sum; one that makes the sum itself is the whole of this, not its norm.
OWN_NORM = Both(Op(("module",), (OWN_SUM,)), Computes(WRITTEN, "own_norm"))


def reference(
    x: Any, residual: Any, w: Any = None, conv: Any = None, norm: Any = None, own_norm: Any = None
) -> dict[str, Any]:
    """LN(r + x W + b). Shapes: x (..., d_in), W (d_in, d), r (..., d); where W is a convolution, x (..., d_in, n). A
    norm of the code's own is taken as it is."""
    dense = affine(x, w) if conv is None else convolved(x, conv)
    summed = residual + dense
    if norm is None:
        return {"dense": dense, "output": own_norm(summed)}
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

_OWN = """
class Norm(nn.Module):
    def __init__(self, n):
        super().__init__()
        self.g, self.s = nn.Parameter(torch.ones(n)), nn.Parameter(torch.zeros(n))

    def forward(self, m):
        return {written}
"""

_CALLER = """
class Attention(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.a, self.o = nn.Linear(c.d, c.e), Whole(c)

    def forward(self, h):
        return self.o(self.a(h), h)
"""

CONCEPT = Concept(
    slug="dense-residual-layernorm",
    name=Text("Dense, dropout, residual and LayerNorm", "全连接、丢弃、残差与层归一化"),
    explanation=Text(
        "A sub-layer's last linear map, dropout, the residual and the layer norm over the sum, in this order. The same "
        "body ends the attention sub-layer, where W is the output projection, and the feed-forward sub-layer, "
        "where it is W_2.",
        "依次是子层的最后一个线性映射、丢弃、残差相加、对和做层归一化。"
        "同样的代码既结束注意力子层（W 为输出投影），也结束前馈子层（W 为 W_2）。",
    ),
    citations=(at(TRANSFORMER, "§3.1, LayerNorm(x + Sublayer(x)); dropout: §5.4"), at(MOBILE_BERT, "§3.5")),
    equations=(r"\sym{output}=\sym{norm}\!\left(\sym{residual}+\mathrm{Dropout}(\sym{x}\,\sym{w}+b)\right)",),
    symbols=(
        Symbol("x", "h", Text("What the sub-layer computed so far", "子层此前算出的结果")),
        Symbol("w", "W", Text("The sub-layer's last linear map", "子层的最后一个线性映射")),
        Symbol(
            "dense",
            "hW+b",
            Text("Its result; dropout does nothing when the model is evaluated", "其结果；推理时丢弃不起作用"),
        ),
        Symbol("residual", "r", Text("The sub-layer's input, carried past it", "绕过子层的输入")),
        Symbol("norm", r"\mathrm{LayerNorm}", Text("Layer norm over the sum", "对和的层归一化")),
        Symbol("own_norm", r"\mathrm{Norm}", Text("A norm of the code's own in its place", "代码自己实现的归一化")),
        Symbol(
            "conv", "W", Text("The linear map, written as a convolution of width one", "写成宽度为一的卷积的线性映射")
        ),
        Symbol("output", "y", Text("The output of the sub-layer", "子层的输出")),
    ),
    patterns=(
        Bind("output", Layer(LAYER_NORM, (SUM,), "norm")),
        Returned(Bind("output", OWN_NORM)),
    ),
    output="output",
    reference=reference,
    matches=(
        _MODULE.format(name="Half", norm="nn.LayerNorm", body="self.n(self.p(self.a(h)) + r)"),
        _MODULE.format(name="PreNorm", norm="nn.LayerNorm", body="self.n(r + self.a(h))"),
        _OWN.format(written="m * self.g + self.s")
        + _MODULE.format(name="Own", norm="Norm", body="self.n(self.a(h) + r)"),
        _OWN.format(
            written="(m - m.mean(-1, keepdim=True)) / (m.var(-1, correction=0, keepdim=True) + 1e-5).sqrt() * self.g"
            " + self.s"
        )
        + _MODULE.format(name="Own", norm="Norm", body="self.n(self.a(h) + r)"),
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
        _MODULE.format(name="Whole", norm="nn.LayerNorm", body="self.n(self.a(h) + r)") + _CALLER,
        _OWN.format(written="m * self.g")
        + _MODULE.format(name="BertOutput", norm="Norm", body="self.n(self.a(h) + r)"),
        _MODULE.format(name="BertOutput", norm="nn.LayerNorm", body="self.n(self.a(h) + self.e(r))"),
        _MODULE.format(name="BertOutput", norm="nn.LayerNorm", body="self.n((s := self.a(h)) + F.gelu(self.b(s)))"),
    ),
)
