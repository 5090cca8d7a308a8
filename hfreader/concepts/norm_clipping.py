"""Vectors cut down to a greatest length, those that are shorter left alone."""

from typing import Any

from hfreader.concepts.model import Citation, Concept, Symbol, Text
from hfreader.concepts.pattern import Anything, Bind, Number, Op, Scalar

X = Bind("x", Anything())
LENGTH = Bind("length", Op(("vector_norm", "norm"), (X,)))
RATIO = Op(("div",), (Bind("limit", Scalar()), Op(("add",), (LENGTH, Bind("eps", Scalar())))))
CLIPPED = Op(("mul",), (X, Op(("clamp",), (RATIO,), keywords=(("max", Number(1)),))))


def reference(x: Any, limit: Any, eps: Any) -> dict[str, Any]:
    """x min(1, c / (|x| + eps)) over the last dimension. Shape: (..., d)."""
    length = (x**2).sum(-1, keepdim=True) ** 0.5
    return {"length": length, "output": x * (limit / (length + eps)).clamp(max=1.0)}


_CLIP = """
class {name}(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.c = c.limit

    def forward(self, x):
        n = torch.linalg.vector_norm(x, dim=-1, keepdim=True)
        return {body}
"""

CONCEPT = Concept(
    slug="norm-clipping",
    name=Text("Clipping by length", "按长度截断"),
    explanation=Text(
        "A vector that is longer than a limit is scaled down to it, so that its direction stays; a shorter one is left "
        "as it is. Unlike a norm it changes nothing of what is in range.",
        "长度超过上限的向量按比例缩到上限，方向不变；较短的向量保持原样。与归一化不同，范围之内的值不受影响。",
    ),
    citations=(
        Citation(
            "On the difficulty of training Recurrent Neural Networks",
            "Pascanu, Mikolov, Bengio",
            2012,
            "1211.5063",
            "§3.2, Algorithm 1, there for gradients",
        ),
    ),
    equations=(
        r"\sym{output}=\sym{x}\,\min\!\Big(1,\frac{\sym{limit}}{\sym{length}+\sym{eps}}\Big),\qquad"
        r"\sym{length}=\lVert\sym{x}\rVert_2",
    ),
    symbols=(
        Symbol("x", "x", Text("The vectors", "各向量")),
        Symbol("limit", "c", Text("The greatest length", "最大长度")),
        Symbol("length", r"\lVert x\rVert", Text("The length of each vector", "各向量的长度")),
        Symbol("eps", r"\epsilon", Text("A small number against division by zero", "防止除以零的小数")),
        Symbol("output", "y", Text("The vectors, none longer than the limit", "长度不超过上限的向量")),
    ),
    patterns=(Bind("output", CLIPPED),),
    output="output",
    reference=reference,
    matches=(_CLIP.format(name="Norm", body="(x * (self.c / (n + 1e-6)).clamp(max=1.0)).to(x.dtype)"),),
    rejects=(
        # Always that length; each number for itself; the length of another limit.
        _CLIP.format(name="Clip", body="x * (self.c / (n + 1e-6))"),
        _CLIP.format(name="Clip", body="x.clamp(max=1.0)"),
        _CLIP.format(name="Clip", body="x * (self.c / (n + 1e-6)).clamp(max=2.0)"),
    ),
)
