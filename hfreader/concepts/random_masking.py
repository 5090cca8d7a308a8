"""A random part of the patches hidden, so that they are to be guessed."""

from typing import Any

from hfreader.concepts.model import Citation, Concept, Symbol, Text
from hfreader.concepts.pattern import Anything, Bind, Number, Op

MAE = Citation(
    "Masked Autoencoders Are Scalable Vision Learners", "He, Chen, Xie, Li, Dollár, Girshick", 2021, "2111.06377", "§3"
)
RANK = Op(("argsort",), (Op(("argsort",), (Bind("noise", Anything()),)),))
SORTED = Bind("sorted", Op(("setitem",), (Op(("ones",)), Anything(), Number(0))))


def reference(noise: Any, sorted: Any) -> Any:
    """1 where the noise is not among the n smallest. Shapes: the noise, the sorted mask (n zeros, then ones) and the
    result (..., patches)."""
    return sorted.gather(-1, noise.argsort(-1).argsort(-1))


_MASKING = """
class {name}(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.n = c.n

    def forward(self, x):
        e = torch.rand(x.shape[0], x.shape[1])
        m = torch.ones(x.shape[0], x.shape[1])
        {body}
"""
_KEPT = "m[:, : self.n] = 0\n        "

CONCEPT = Concept(
    slug="random-masking",
    name=Text("Random masking", "随机掩蔽"),
    explanation=Text(
        "Each patch gets a random number; those with the smallest stay, as many as are wanted, and the others are "
        "hidden. The network learns by guessing what was there.",
        "给每个图块一个随机数，随机数最小的若干块保留，其余被遮住。网络通过猜测被遮住的内容来学习。",
    ),
    citations=(MAE,),
    equations=(
        r"\sym{output}_i=\begin{cases}0&\operatorname{rank}(\sym{noise}_i)<n\\1&\text{otherwise}\end{cases},\quad"
        r"\sym{sorted}=[0,\cdots,0,1,\cdots,1]",
    ),
    symbols=(
        Symbol("noise", r"\epsilon", Text("A random number for each patch", "每个图块一个随机数")),
        Symbol("sorted", "s", Text("The mask by rank: first n zeros", "按名次排列的掩码：前 n 个为零")),
        Symbol("output", "m", Text("Which patches are hidden", "哪些图块被遮住")),
    ),
    patterns=(Bind("output", Op(("gather",), (SORTED,), keywords=(("index", RANK),))),),
    output="output",
    reference=reference,
    matches=(
        _MASKING.format(
            name="Norm",
            body=_KEPT + "i = torch.argsort(torch.argsort(e, dim=1), dim=1)\n"
            "        return torch.gather(m, dim=1, index=i), x",
        ),
    ),
    rejects=(
        # The order in place of the rank; nothing kept; a mask by a threshold.
        _MASKING.format(name="Masking", body=_KEPT + "return torch.gather(m, dim=1, index=torch.argsort(e, dim=1))"),
        _MASKING.format(name="Masking", body="return torch.gather(m, dim=1, index=e.argsort(1).argsort(1))"),
        _MASKING.format(name="Masking", body="return (e > 0.5) * m"),
    ),
)
