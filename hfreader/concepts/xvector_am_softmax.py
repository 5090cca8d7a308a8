"""The additive margin softmax loss."""

from typing import Any

from hfreader.concepts.model import Citation, Concept, NotCovered, Symbol, Text
from hfreader.concepts.pattern import Anything, Bind, Layer, OneOf, Op, Scalar

MARGIN = Citation("Additive Margin Softmax for Face Verification", "Wang, Cheng, Liu, Liu", 2018, "1801.05599", "§3")
DIRECTIONS = Op(("normalize",), (Bind("w", Anything()),))
COSINE = Bind("cosine", Op(("matmul",), (Op(("normalize",), (Bind("x", Anything()),)), DIRECTIONS)))
LOWERED = Op(("sub",), (COSINE, Bind("margin", Scalar())))
LABELS = Bind("labels", Anything())
CHOSEN = Op(("where",), (Op(("bool",), (Op(("one_hot",), (LABELS,)),)), LOWERED, COSINE))
LOGITS = Bind("logits", Op(("mul",), (Bind("s", Scalar()), CHOSEN)))
LOSS = OneOf((Op(("cross_entropy",), (LOGITS, LABELS)), Layer(("torch.nn.CrossEntropyLoss",), (LOGITS, LABELS))))


def reference(x: Any, w: Any, labels: Any, margin: Any, s: Any, logits: Any, cosine: Any) -> dict[str, Any]:
    """-log of the softmax of s (cos - m) at the right label, over s cos at the others; the mean over examples.

    Shapes: x (B, d), W (d, labels), labels (B,), the cosines and logits (B, labels), the loss one number."""
    if w.dim() != 2 or x.dim() != 2 or not bool((labels >= 0).all()):
        raise NotCovered("examples without a label, or vectors in another form")
    cos = (x / (x**2).sum(1, keepdim=True) ** 0.5) @ (w / (w**2).sum(0, keepdim=True) ** 0.5)
    right = labels.reshape(-1, 1)
    scores = s * cos.scatter(1, right, cos.gather(1, right) - margin)
    loss = scores.logsumexp(1) - scores.gather(1, right).squeeze(1)
    return {"cosine": cos, "logits": scores, "output": loss.mean()}


_LOSS = """
class {name}(nn.Module):
    def __init__(self, d, n, s=30.0, m=0.4):
        super().__init__()
        self.s, self.m, self.n = s, m, n
        self.w = nn.Parameter(torch.zeros(d, n))
        self.l = nn.CrossEntropyLoss()

    def forward(self, x, y):
        y = y.flatten()
        c = {cosine}
        o = F.one_hot(y, self.n)
        g = {logits}
        return self.l(g, y)
"""
_COSINE = "torch.mm(F.normalize(x, dim=1), F.normalize(self.w, dim=0))"

CONCEPT = Concept(
    slug="xvector-am-softmax",
    name=Text("Additive margin softmax", "加性间隔 softmax"),
    explanation=Text(
        "A classification loss on the angle between an example and the direction of each class. The right class must "
        "win by a margin, which is taken off its cosine, so that voices of one speaker end up close together.",
        "基于样本与各类别方向夹角的分类损失。正确类别的余弦要先减去一个间隔仍能取胜，从而使同一说话人的声音聚在一起。",
    ),
    citations=(MARGIN,),
    equations=(
        r"\sym{output}=-\log\frac{e^{\sym{s}(\sym{cosine}_y-\sym{margin})}}"
        r"{e^{\sym{s}(\sym{cosine}_y-\sym{margin})}+\sum_{j\ne y}e^{\sym{s}\,\sym{cosine}_j}},\quad y\in\sym{labels}",
        r"\sym{cosine}_j=\frac{\sym{x}\cdot\sym{w}_j}{\lVert\sym{x}\rVert\,\lVert\sym{w}_j\rVert}",
    ),
    symbols=(
        Symbol("x", "x", Text("A vector for each example", "每个样本一个向量")),
        Symbol("w", "W", Text("A direction for each class", "每个类别一个方向")),
        Symbol("cosine", r"\cos\theta", Text("Cosine of the angle to each class", "与各类别夹角的余弦")),
        Symbol("margin", "m", Text("The margin", "间隔")),
        Symbol("s", "s", Text("Scale", "缩放")),
        Symbol("labels", "y", Text("The right classes", "正确类别")),
        Symbol("logits", "l", Text("Scores of the classes, the right one lowered", "各类别分数，正确类别已降低")),
        Symbol("output", r"\mathcal{L}", Text("The loss", "损失")),
    ),
    patterns=(Bind("output", LOSS),),
    output="output",
    reference=reference,
    matches=(_LOSS.format(name="Head", cosine=_COSINE, logits="self.s * torch.where(o.bool(), c - self.m, c)"),),
    rejects=(
        # No margin; no directions; a margin for all.
        _LOSS.format(name="AMSoftmaxLoss", cosine=_COSINE, logits="self.s * c"),
        _LOSS.format(name="AMSoftmaxLoss", cosine="x @ self.w", logits="self.s * torch.where(o.bool(), c - self.m, c)"),
        _LOSS.format(name="AMSoftmaxLoss", cosine=_COSINE, logits="self.s * (c - self.m)"),
    ),
)
