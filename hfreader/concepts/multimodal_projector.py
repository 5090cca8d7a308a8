"""The projection between two parts of a model, as from pictures or sound to language: norms and linear maps."""

from typing import Any

from hfreader.concepts.model import Citation, Concept, NotCovered, Symbol, Text
from hfreader.concepts.norms import norm
from hfreader.concepts.patch_merger import MERGED
from hfreader.concepts.pattern import LINEAR, Activation, Anything, Bind, Both, Layer, Not, OneOf, Op, Pattern, Returned

LLAVA = Citation("Visual Instruction Tuning", "Liu, Li, Wu, Lee", 2023, "2304.08485", "§4.1, Eq. (1)")
LLAVA_2 = Citation("Improved Baselines with Visual Instruction Tuning", "Liu, Li, Li, Lee", 2023, "2310.03744", "§3.2")
X = Bind("x", Op(("parameter",)))


def _linear(x: Pattern, symbol: str) -> Pattern:
    return Layer(LINEAR, (x,), symbol)


def _two(x: Pattern) -> Pattern:
    """Two maps from one width to another, which a feed-forward network's are not."""
    width = Bind("width", Anything())
    inner = Layer(LINEAR, (x,), "w_1", settings=(("in_features", Not(width)),))
    return Layer(LINEAR, (Activation(inner, "phi"),), "w_2", settings=(("out_features", width),))


# Several patches as one by their mean, and a map that is a learned matrix alone.
AVERAGED = Bind("x", Layer(("torch.nn.AvgPool2d",), (Op(("parameter",)),)))
BY_MATRIX = Op(("matmul",), (norm(AVERAGED, "norm_in"), Bind("matrix", Op(("learned",)))))
AROUND_NORM = _linear(norm(_linear(X, "w_1"), "norm_between"), "w_2")
AROUND_NORM_TOO = Layer(LINEAR, (norm(Layer(LINEAR, (Op(("parameter",)),))),))
# Features of two kinds, each through a map of its own.
PARTS = Op(("cat",), (_linear(X, "w_1"), _linear(Bind("y", Op(("parameter",))), "w_3")))
OF_TWO = _linear(Activation(Bind("joined", PARTS), "phi"), "w_2")
HEADS = tuple(Layer(LINEAR, (Anything(),), outputs=one) for one in ("vocab_size", "num_labels"))
PROJECTED = (
    norm(_two(norm(X, "norm_in")), "norm_out"),
    _two(norm(X, "norm_in")),
    norm(_two(X), "norm_out"),
    norm(_linear(norm(X, "norm_in"), "w_1"), "norm_out"),
    norm(_linear(X, "w_1"), "norm_out"),
    _linear(norm(X, "norm_in"), "w_1"),
    BY_MATRIX,
    AROUND_NORM,
    OF_TWO,
)


def _mapped(x: Any, w: Any) -> Any:
    return x @ w.weight if w.bias is None else x @ w.weight + w.bias


def reference(
    x: Any,
    w_1: Any = None,
    norm_in: Any = None,
    phi: Any = None,
    w_2: Any = None,
    norm_out: Any = None,
    norm_between: Any = None,
    matrix: Any = None,
    y: Any = None,
    w_3: Any = None,
    joined: Any = None,
) -> Any:
    """Norm(phi(Norm(x) W_1 + b_1) W_2 + b_2), without what the code does not have, a norm in place of phi, or
    phi([x W_1 + b_1; y W_3 + b_3]) W_2 + b_2. Shapes: (..., d), or pictures (B, d, h, w); the result (..., d')."""
    if matrix is not None:
        return norm_in(x.flatten(2).transpose(1, 2) if x.dim() == 4 else x) @ matrix
    value = _mapped(x if norm_in is None else norm_in(x), w_1)
    if norm_between is not None:
        return _mapped(norm_between(value), w_2)
    if joined is not None:
        both = joined.new_zeros(joined.shape)
        both[..., : value.shape[-1]], both[..., value.shape[-1] :] = value, _mapped(y, w_3)
        value = both
    if w_2 is not None:
        if phi is None:
            raise NotCovered("the non-linearity has settings of its own")
        value = _mapped(phi(value), w_2)
    return value if norm_out is None else norm_out(value)


_PROJECTOR = """
class {name}(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.n, self.m = nn.LayerNorm(c.d), nn.LayerNorm(c.e)
        self.a, self.b = nn.Linear(c.d, c.e), nn.Linear(c.e, c.e)
        self.c = nn.Linear(c.e, c.d)
        self.v = nn.Linear(c.d, c.vocab_size)
        self.p, self.w = nn.AvgPool2d(c.k, c.k), nn.Parameter(torch.zeros(c.d, c.e))

    def forward(self, x, y):
        return {body}
"""

CONCEPT = Concept(
    slug="multimodal-projector",
    name=Text("Projection with norm", "带归一化的投影"),
    explanation=Text(
        "Features are brought to the width that the next part takes in, by one linear map or two with a non-linearity "
        "between them, and a norm before or after. Features of pictures or sound often reach a language model so.",
        "把特征变到下一部分所需的宽度：一个线性映射，或两个线性映射加中间的非线性，并在前面或后面做归一化。"
        "图像或声音特征常以这种方式进入语言模型。",
    ),
    citations=(LLAVA, LLAVA_2),
    equations=(
        r"\sym{output}=\sym{norm_out}\!\left(\sym{phi}\!\left(\sym{norm_in}(\sym{x})\,\sym{w_1}+b_1\right)"
        r"\sym{w_2}+b_2\right)",
        r"\text{or }\sym{output}=\sym{norm_between}(\sym{x}\,\sym{w_1}+b_1)\,\sym{w_2}+b_2,\quad"
        r"\sym{norm_in}(\sym{x})\,\sym{matrix}",
        r"\text{or }\sym{output}=\sym{phi}(\sym{joined})\,\sym{w_2}+b_2,\quad"
        r"\sym{joined}=[\sym{x}\,\sym{w_1}+b_1;\,\sym{y}\,\sym{w_3}+b_3]",
    ),
    symbols=(
        Symbol("x", "Z_v", Text("The features", "特征")),
        Symbol("norm_in", r"\mathrm{Norm}_1", Text("Norm before, where there is one", "前置归一化（若有）")),
        Symbol("w_1", "W_1", Text("First linear map", "第一个线性映射")),
        Symbol(
            "phi", r"\varphi", Text("Pointwise non-linearity, where there are two maps", "逐元素非线性（有两个映射时）")
        ),
        Symbol("w_2", "W_2", Text("Second linear map, where there is one", "第二个线性映射（若有）")),
        Symbol("norm_between", r"\mathrm{Norm}_3", Text("Norm in place of the non-linearity", "代替非线性的归一化")),
        Symbol("matrix", "W", Text("The linear map, where it is a matrix alone", "线性映射（仅为矩阵时）")),
        Symbol("y", "Y_v", Text("Features of a second kind, where there are two", "第二种特征（若有两种）")),
        Symbol("w_3", "W_3", Text("Linear map of the second kind", "第二种特征的线性映射")),
        Symbol("joined", "J", Text("Both side by side", "两者并排")),
        Symbol("width", "d", Text("Width of the result", "结果的宽度"), ("w_2",)),
        Symbol("norm_out", r"\mathrm{Norm}_2", Text("Norm after, where there is one", "后置归一化（若有）")),
        Symbol("output", "H_v", Text("Features of the next part's width", "与下一部分等宽的特征")),
    ),
    patterns=(
        *(Returned(Bind("output", Both(one, Not(OneOf((*HEADS, *MERGED)))))) for one in PROJECTED),
        Returned(Op(("add",), (Bind("output", AROUND_NORM), AROUND_NORM_TOO))),
    ),
    output="output",
    reference=reference,
    matches=(
        _PROJECTOR.format(name="Head", body="self.b(F.gelu(self.a(self.n(x))))"),
        _PROJECTOR.format(name="Mlp", body="self.m(self.a(x))"),
        _PROJECTOR.format(name="Pool", body="torch.matmul(self.n(self.p(x).flatten(2).transpose(1, 2)), self.w)"),
        _PROJECTOR.format(name="Middle", body="self.b(self.m(self.a(x)))"),
        _PROJECTOR.format(name="Sum", body="self.b(self.m(self.a(x))) + self.b(self.m(self.a(y)))"),
        _PROJECTOR.format(name="Two", body="self.b(F.gelu(torch.cat([self.a(x), self.b(y)], dim=-1)))"),
        _PROJECTOR.format(name="Other", body="self.a(self.n(x)), self.n(x)"),
    ),
    rejects=(
        # Two kinds that are not kept apart; a head over the vocabulary; a network that keeps the width; a residual
        # sub-layer; a bare map; a network without a norm.
        _PROJECTOR.format(name="Projector", body="self.b(F.gelu(self.a(x) + self.b(y)))"),
        _PROJECTOR.format(name="Projector", body="self.v(self.n(x))"),
        _PROJECTOR.format(name="Projector", body="self.c(F.gelu(self.a(self.n(x))))"),
        _PROJECTOR.format(name="Projector", body="self.m(self.a(x)) + x"),
        _PROJECTOR.format(name="Projector", body="self.a(x)"),
        _PROJECTOR.format(name="Projector", body="self.b(F.gelu(self.a(x)))"),
    ),
)
