"""Attention with linear biases: scores fall with the distance, more steeply in some heads than in others."""

import math
from typing import Any

from hfreader.concepts.model import Citation, Concept, Symbol, Text
from hfreader.concepts.pattern import Anything, Bind, Number, OneOf, Op, Scalar

COUNT = Op(("arange",))
# One base to the powers 1, 2, ..., in a tensor; for other numbers of heads with every other power of its root.
BASE = Op(("full",), (Anything(), Op(("pow",), (Number(2),))))
POWERS = Op(("pow",), (BASE, COUNT))
MAXIMUM = Op(("div",), (Bind("bias_max", Scalar()), Anything()))
INVERSE = Op(("div",), (Number(1), Op(("pow",), (Number(2), Op(("mul",), (COUNT, MAXIMUM))))))
HALF = Op(("item",), (INVERSE,))
SLOPES = OneOf((POWERS, Op(("cat",), (POWERS, POWERS)), INVERSE, Op(("item",), (Op(("cat",), (HALF, HALF)),))))
SEEN = Bind("mask", Anything())
POSITIONS = Op(("mul",), (Op(("sub",), (Op(("cumsum",), (SEEN,)), Number(1))), SEEN))
DISTANCES = Bind("distances", Op(("arange",), (Op(("sub",), (Number(1), Anything())), Number(1))))


def reference(slopes: Any, like: Any, mask: Any = None, bias_max: Any = 8) -> Any:
    """m_h (j - i), up to what is the same for all keys j, which a softmax does not see.

    The slopes are computed here, the captured ones tell how many heads there are: m_h = 2^(-8 h / n) for n heads, n a
    power of two; else those of the next lower power of two, and then every other one of its double. With a mask (B, S),
    1 where there is a word, positions count words; without, they are 1 - S ... 0.
    """
    heads = slopes.numel()
    power = 2 ** math.floor(math.log2(heads))
    exponents = [bias_max * h / power for h in range(1, power + 1)]
    exponents += [bias_max * h / (2 * power) for h in range(1, 2 * (heads - power), 2)]
    steep = slopes.new_tensor([2.0**-one for one in exponents])[:, None]
    if mask is None:
        length = like.shape[-1]
        positions = slopes.new_tensor(range(1 - length, 1))
    else:
        positions = ((mask.cumsum(-1) - 1) * mask)[:, None]
    return (steep * positions).reshape(like.shape)


CONCEPT = Concept(
    slug="alibi",
    name=Text("Linear biases (ALiBi)", "线性偏置（ALiBi）"),
    explanation=Text(
        "There are no position embeddings; every score of a query and a key is lowered in proportion to their "
        "distance. The slopes are fixed, not learned, and differ from head to head. Code often leaves out the query's "
        "own position, which is the same for all keys and so changes nothing after the softmax.",
        "不使用位置嵌入；每个查询与键的分数按两者的距离成比例地降低。斜率是固定而非学习的，各头不同。"
        "代码常略去查询自身的位置：它对所有键相同，softmax 之后没有影响。",
    ),
    citations=(
        Citation(
            "Train Short, Test Long: Attention with Linear Biases Enables Input Length Extrapolation",
            "Press, Smith, Lewis",
            2021,
            "2108.12409",
            "§3",
        ),
    ),
    equations=(
        r"\mathrm{softmax}\!\left(q_iK^{\top}+\sym{output}\right),\quad\sym{output}_{h,j}=\sym{slopes}_h\,\sym{distances}_j",
        r"\sym{slopes}_h=2^{-\sym{bias_max}\,h/n}",
    ),
    symbols=(
        Symbol("slopes", "m", Text("A fixed slope for each of the n heads", "n 个头各自固定的斜率")),
        Symbol("bias_max", "8", Text("How fast the slopes fall from head to head", "斜率逐头下降的快慢")),
        Symbol(
            "distances",
            r"\left[-(S-1),\dots,-1,0\right]",
            Text("The places of the S keys, counted to the last one", "S 个键的位置，以最后一个为零"),
            ("mask",),
        ),
        Symbol("mask", "a", Text("1 where there is a word, 0 where there is padding", "有词处为 1，填充处为 0")),
        Symbol("output", "B", Text("What is added to the scores", "加在分数上的项")),
    ),
    patterns=(Bind("output", Op(("mul",), (Bind("slopes", SLOPES), OneOf((DISTANCES, POSITIONS))))),),
    output="output",
    reference=reference,
    matches=(
        """
def rates(n):
    p = 2 ** math.floor(math.log2(n))
    s = torch.pow(torch.full((), 2 ** (-(2 ** -(math.log2(p) - 3)))), torch.arange(1, 1 + p))
    if p != n:
        r = min(p, n - p)
        t = torch.full((), 2 ** (-(2 ** -(math.log2(2 * p) - 3))))
        s = torch.cat([s, torch.pow(t, torch.arange(1, 1 + 2 * r, 2))], dim=0)
    return s

def fall(a, n):
    return rates(n)[..., None] * ((a.cumsum(dim=-1) - 1) * a)[:, None, :]
""",
        """
def fall(n, t, top=8):
    d = torch.arange(1 - t, 1).view(1, 1, 1, t)
    p = 2 ** math.ceil(math.log2(n))
    s = (1.0 / torch.pow(2, torch.arange(1, p + 1).float() * (top / p))).view(1, p, 1, 1)
    if p != n:
        s = torch.concat([s[:, 1::2, ...], s[:, ::2, ...]], dim=1)[:, :n, ...]
    return d * s
""",
    ),
    rejects=(
        # Learned slopes; the frequencies of rotary embeddings; octaves of a Fourier embedding.
        """
class Alibi(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.slopes = nn.Parameter(torch.ones(c.n, 1))

    def forward(self, mask):
        return self.slopes * ((mask.cumsum(dim=-1) - 1) * mask)[:, None, :]
""",
        """
def build_alibi(d, t):
    return torch.arange(1 - t, 1) * (1.0 / 10000 ** (torch.arange(0, d, 2) / d))[:, None]
""",
        """
def build_alibi(x, n):
    return x[..., None] * torch.pow(2, torch.arange(n)) * math.pi
""",
    ),
    hints=frozenset({"slopes"}),
)
