"""Division by the Euclidean length."""

from typing import Any

from hfreader.concepts.model import Citation, Concept, Symbol, Text
from hfreader.concepts.norms import squared
from hfreader.concepts.pattern import Anything, Bind, Number, OneOf, Op, Pattern, Scalar

X = Bind("x", Anything())
DIM: tuple[tuple[str, Pattern], ...] = (("dim", Bind("dim", Anything())),)
TWO = Number(2)
EPS = Bind("eps", Scalar())
NORM = Op(("norm", "vector_norm"), (X,), keywords=DIM, optional=(("p", TWO), ("ord", TWO)))
SQUARES = Op(("sum",), (squared(X),), keywords=DIM)
ROOT = OneOf((Op(("sqrt",), (SQUARES,)), Op(("pow",), (SQUARES, Number(0.5)))))
LENGTH = Bind("length", OneOf((NORM, ROOT)))
FLOOR = Bind("floor", Anything())
ABOVE_ZERO = Op(("add",), (SQUARES, EPS))


def reference(x: Any, dim: Any = None, eps: Any = 0.0, length: Any = None, floor: Any = 1e-12) -> Any:
    """x / max(sqrt(sum(x^2) + eps), floor) over `dim`; torch takes the second dimension by default. Shape: any."""
    over = 1 if dim is None else dim
    return x / (((x**2).sum(over, keepdim=True) + eps) ** 0.5).clamp(min=floor)


_F = """
def {name}(x, y, eps):
    {body}
"""

CONCEPT = Concept(
    slug="l2-normalization",
    name=Text("L2 normalization", "L2 归一化"),
    explanation=Text(
        "A vector is divided by its Euclidean length, so that only its direction counts. The dot product of two such "
        "vectors is the cosine of the angle between them, which is how embeddings are compared.",
        "向量除以它的欧氏长度，只保留方向。两个这样的向量的点积是它们夹角的余弦，嵌入就是这样比较的。",
    ),
    citations=(
        Citation(
            "FaceNet: A Unified Embedding for Face Recognition and Clustering", "Schroff et al.", 2015, "1503.03832"
        ),
        Citation(
            "Learning Transferable Visual Models From Natural Language Supervision",
            "Radford et al.",
            2021,
            "2103.00020",
            "Figure 3",
        ),
    ),
    equations=(
        r"\sym{output}=\frac{\sym{x}}{\max(\sym{length},\sym{floor})},\qquad\sym{length}=\sqrt{\textstyle\sum_{i}\sym{x}_i^2+\sym{eps}}",
    ),
    symbols=(
        Symbol("x", "x", Text("The vectors", "向量")),
        Symbol("length", r"\lVert x\rVert_2", Text("Their Euclidean lengths", "欧氏长度")),
        Symbol("dim", "i", Text("The dimension along which the vectors lie", "向量所在的维度")),
        Symbol("eps", r"\epsilon", Text("A small number against division by zero, if any", "防止除以零的小数（若有）")),
        Symbol("floor", r"\delta", Text("No length counts as less than this, in some code", "长度的下限（某些代码）")),
        Symbol("output", r"\hat x", Text("Vectors of length 1", "长度为 1 的向量")),
    ),
    patterns=(
        Bind("output", Op(("normalize",), (X,), optional=(*DIM, ("p", TWO), ("eps", FLOOR)))),
        Bind("output", Op(("div",), (X, OneOf((LENGTH, Op(("clamp",), (LENGTH,), optional=(("min", FLOOR),))))))),
        Bind("output", Op(("mul",), (X, Op(("rsqrt",), (OneOf((ABOVE_ZERO, SQUARES)),))))),
        Bind("output", Op(("div",), (X, Op(("sqrt",), (ABOVE_ZERO,))))),
    ),
    output="output",
    reference=reference,
    matches=(
        _F.format(name="rms", body="return F.normalize(x, p=2, dim=-1)"),
        _F.format(name="rms", body="return x / x.norm(p=2, dim=-1, keepdim=True)"),
        _F.format(name="rms", body="return x * torch.rsqrt((x * x).sum(dim=-1, keepdim=True) + eps)"),
        _F.format(
            name="rms",
            body="s = torch.sum(torch.pow(x, 2), dim=-1, keepdim=True)\n    return x / torch.pow(s, 0.5)",
        ),
    ),
    rejects=(
        # The mean of the squares; another vector's length; the sum in place of its root; another norm.
        _F.format(name="normalize", body="return x * torch.rsqrt((x * x).mean(dim=-1, keepdim=True) + eps)"),
        _F.format(name="normalize", body="return x / y.norm(dim=-1, keepdim=True)"),
        _F.format(name="normalize", body="return x / (x * x).sum(dim=-1, keepdim=True)"),
        _F.format(name="normalize", body="return x / x.norm(p=1, dim=-1, keepdim=True)"),
        _F.format(name="normalize", body="return F.normalize(x, p=1, dim=-1)"),
    ),
    hints=frozenset({"length", "dim", "floor"}),
)
