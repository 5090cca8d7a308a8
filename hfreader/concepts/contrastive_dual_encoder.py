"""Two encoders whose vectors are compared, as in CLIP."""

from typing import Any

from hfreader.concepts.heads import role
from hfreader.concepts.model import Concept, Symbol, Text
from hfreader.concepts.papers import CLIP, at
from hfreader.concepts.pattern import Anything, Bind, OneOf, Op, Pattern

LENGTH = OneOf((Op(("norm", "vector_norm")), Op(("sqrt",), (Op(("sum",)),)), Op(("pow",), (Op(("sum",)), Anything()))))


def unit(symbol: str) -> Pattern:
    """Vectors divided by their lengths, named."""
    return Bind(symbol, OneOf((Op(("div",), (Anything(), LENGTH)), Op(("normalize",)))))


def reference(first: Any, second: Any, scale: Any) -> Any:
    """s T I^T. Shapes: T (n, d), I^T (d, m), s one number."""
    return first @ second * scale


_MODEL = """
class {name}(PreTrainedModel):
    def __init__(self, c):
        super().__init__(c)
        self.a, self.b = nn.Linear(c.d, c.p), nn.Linear(c.e, c.p)
        self.s = nn.Parameter(torch.tensor(2.6))

    def forward(self, x, y):
        x, y = self.a(x), self.b(y)
        {body}
"""

CONCEPT = Concept(
    slug="contrastive-dual-encoder",
    kind="composition",
    name=Text("Contrastive dual encoder", "对比双塔"),
    explanation=Text(
        "Two encoders, such as of images and of texts, whose vectors are brought to length one and compared pair by "
        "pair. Training makes those that belong together alike.",
        "两个编码器（例如图像与文本），其向量归一化为单位长度后两两比较。训练使属于同一对的向量相近。",
    ),
    citations=(at(CLIP, "Figure 3"),),
    equations=(r"\sym{output}=\sym{scale}\,\sym{first}\,\sym{second}",),
    symbols=(
        Symbol("first", "T", Text("One kind of vectors, of length one", "一类单位向量")),
        Symbol("second", r"I^{\top}", Text("The other kind, of length one, as columns", "另一类单位向量，作为列")),
        Symbol("scale", r"e^{\tau}", Text("The learned scale", "可学习的缩放")),
        Symbol("output", r"\mathrm{logits}", Text("One score per pair", "每一对一个分数")),
    ),
    patterns=(
        Bind(
            "output",
            Op(("mul",), (Op(("matmul",), (unit("first"), unit("second"))), Bind("scale", Op(("exp",))))),
        ),
    ),
    class_patterns=role("contrastive-dual-encoder"),
    output="output",
    reference=reference,
    matches=(
        _MODEL.format(
            name="Pair",
            body="x = x / x.norm(p=2, dim=-1, keepdim=True)\n        y = F.normalize(y, dim=-1)\n        "
            "return self.s.exp() * x @ y.t()",
        ).replace("self.s.exp() * x @ y.t()", "(x @ y.t()) * self.s.exp()"),
        _MODEL.format(
            name="Attention",
            body="e = self.s.exp()\n        x = x / torch.pow(torch.sum(torch.pow(x, 2), dim=-1, keepdim=True), 0.5)\n"
            "        y = y / torch.sqrt(torch.sum(y * y, dim=-1, keepdim=True))\n        "
            "return torch.matmul(y, x.t().to(y.device)) * e",
        ),
    ),
    rejects=(
        # Not of length one; no learned scale; cosine attention has a scale and a softmax, and no second encoder.
        _MODEL.format(name="Clip", body="return (x @ y.t()) * self.s.exp()"),
        _MODEL.format(name="Clip", body="return F.normalize(x, dim=-1) @ F.normalize(y, dim=-1).t()"),
    ),
)
