"""Normalisation whose scale and shift come from a condition."""

from typing import Any

from hfreader.concepts.model import Citation, Concept, Symbol, Text
from hfreader.concepts.norms import norm as norm_of
from hfreader.concepts.pattern import LINEAR, Activation, Anything, Bind, Element, Layer, Number, OneOf, Op, Pattern

MODULATION = Layer(LINEAR, (OneOf((Activation(Bind("condition", Anything())), Bind("condition", Anything()))),))
PARTS = Op(("chunk", "split", "unbind"), (MODULATION,))
PART = OneOf(tuple(Element(index, PARTS) for index in range(6)))


def part(symbol: str) -> Pattern:
    """One of the parts into which the modulation is cut, perhaps with a dimension added."""
    return Bind(symbol, OneOf((Op(("item",), (PART,)), PART)))


NORMED = norm_of(Bind("x", Anything()), "norm")
SCALED = Op(("mul",), (NORMED, Op(("add",), (Number(1), part("scale")))))


def reference(x: Any, norm: Any, scale: Any, shift: Any) -> Any:
    """N(x) (1 + scale) + shift. Shapes: x (B, T, d), scale and shift (B, 1, d) or such that they broadcast with x."""
    return norm(x) * (1 + scale) + shift


_NORM = """
class {name}(nn.Module):
    def __init__(self, d):
        super().__init__()
        self.a = nn.Linear(d, 3 * d)
        self.n = nn.LayerNorm(d, elementwise_affine=False)
        self.p, self.q = nn.Parameter(torch.ones(d)), nn.Parameter(torch.ones(d))

    def forward(self, x, c):
        s, t, g = self.a(F.silu(c)).chunk(3, dim=-1)
        return {body}
"""

CONCEPT = Concept(
    slug="adaptive-layer-norm",
    name=Text("Adaptive layer normalization", "自适应层归一化"),
    explanation=Text(
        "A norm without parameters of its own: scale and shift are computed from a condition, such as the time of a "
        "diffusion step or a speaker. So one network computes differently for each condition.",
        "归一化自身没有参数：缩放和平移由条件（如扩散步的时刻、说话人）算出，同一网络因条件而作不同计算。",
    ),
    citations=(
        Citation(
            "Scalable Diffusion Models with Transformers", "Peebles, Xie", 2022, "2212.09748", "§3.2 (adaLN-Zero)"
        ),
    ),
    equations=(
        r"\sym{output}=\sym{norm}(\sym{x})\odot(1+\sym{scale})+\sym{shift},\qquad"
        r"[\sym{scale},\sym{shift},\dots]=W\,\varphi(\sym{condition})",
    ),
    symbols=(
        Symbol("x", "h", Text("The features", "特征")),
        Symbol("norm", r"\mathrm{LN}", Text("The norm", "归一化")),
        Symbol("condition", "c", Text("What the scale and shift depend on", "缩放与平移所依据的条件")),
        Symbol("scale", r"\gamma(c)", Text("Scale, beyond one", "缩放（超出一的部分）")),
        Symbol("shift", r"\beta(c)", Text("Shift", "平移")),
        Symbol("output", "y", Text("The modulated features", "调制后的特征")),
    ),
    patterns=(Bind("output", Op(("add",), (SCALED, part("shift")))),),
    output="output",
    reference=reference,
    matches=(_NORM.format(name="Gate", body="x + g * (self.n(x) * (1 + t) + s)"),),
    rejects=(
        # Learned numbers; no shift; not normalised.
        _NORM.format(name="AdaLayerNorm", body="self.n(x) * (1 + self.p) + self.q"),
        _NORM.format(name="AdaLayerNorm", body="self.n(x) * (1 + t)"),
        _NORM.format(name="AdaLayerNorm", body="x * (1 + t) + s"),
        _NORM.format(name="AdaLayerNorm", body="self.n(x) + g"),
    ),
)
