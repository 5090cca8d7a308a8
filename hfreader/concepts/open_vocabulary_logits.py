"""Logits over the words of a text that is given, in place of a fixed list of classes."""

from typing import Any

from hfreader.concepts.attentions import transposed
from hfreader.concepts.model import Citation, Concept, Symbol, Text
from hfreader.concepts.pattern import Anything, Bind, Itself, OneOf, Op, Scalar

PRODUCT = Op(("matmul",), (Bind("x", Anything()), transposed(Bind("text", Anything()))))
SCALED = OneOf((Op(("div",), (PRODUCT, Bind("scale", Scalar()))), PRODUCT))
BIASED = OneOf((Op(("add",), (SCALED, Bind("bias", Op(("learned",))))), SCALED))
BLOTTED = Op(("masked_fill",), (BIASED, Bind("forbidden", Anything())))


def reference(x: Any, text: Any, forbidden: Any, scale: Any = None, bias: Any = 0) -> Any:
    """x_i . t_j [/ sqrt(d)] [+ b], minus infinity where the text holds no word. Shapes: x (B, N, d), text (B, T, d),
    forbidden to (B, N, T), true where no word stands; bias one number; the result (B, N, T)."""
    raw = (x[:, :, None] * text[:, None]).sum(-1)
    return ((raw if scale is None else raw * x.shape[-1] ** -0.5) + bias).masked_fill(forbidden, float("-inf"))


CONCEPT = Concept(
    slug="open-vocabulary-logits",
    name=Text("Open-vocabulary logits", "开放词表分类分数"),
    explanation=Text(
        "The classes of a detector are the words of a text that comes with the image. The score of a region for a "
        "word is the dot product of their features; places without a word score minus infinity, and so does the rest "
        "of a table of fixed width.",
        "检测器的类别就是随图像给出的文本中的词。区域对词的分数是两者特征的点积；没有词的位置为负无穷，"
        "固定宽度表的其余部分亦然。",
    ),
    citations=(
        Citation("Grounded Language-Image Pre-training", "Li et al.", 2021, "2112.03857", "§3.1, Eq. (3)"),
        Citation(
            "Grounding DINO: Marrying DINO with Grounded Pre-Training for Open-Set Object Detection",
            "Liu et al.",
            2023,
            "2303.05499",
            "§3.3",
        ),
    ),
    equations=(
        r"\sym{output}_{ij}=\begin{cases}-\infty&\sym{forbidden}_j\\"
        r"\sym{x}_i\cdot\sym{text}_j\,[/\sym{scale}]+\sym{bias}&\text{otherwise}\end{cases}",
    ),
    symbols=(
        Symbol("x", "O", Text("Features of the regions", "区域的特征")),
        Symbol("text", "P", Text("Features of the words", "词的特征")),
        Symbol("forbidden", r"M_{-\infty}", Text("True where no word stands", "没有词处为真")),
        Symbol(
            "scale",
            r"\sqrt{d}",
            Text("Square root of the dimension, where code divides by it", "维度的平方根（若代码作除法）"),
        ),
        Symbol("bias", "b", Text("A learned number added to all scores", "加到所有分数上的一个学习的数")),
        Symbol("output", r"S_{\mathrm{ground}}", Text("A score for each region and word", "每个区域与词的分数")),
    ),
    patterns=(Op(("setitem",), (Op(("full",)), Anything(), Itself(Bind("output", BLOTTED)))),),
    output="output",
    hints=frozenset({"scale"}),
    reference=reference,
    matches=(
        """
def score(x, t, m, n):
    y = x @ t.transpose(-1, -2)
    y = y.masked_fill(~m[:, None, :], float("-inf"))
    z = torch.full((*y.shape[:-1], n), float("-inf"))
    z[..., : y.shape[-1]] = y
    return z
""",
        """
class Mixer(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.b, self.n = nn.Parameter(torch.tensor(0.0)), c.n

    def forward(self, x, t, m):
        y = x @ t.transpose(-1, -2) / math.sqrt(x.shape[-1]) + self.b
        y.masked_fill_(~m[:, None, :], float("-inf"))
        z = torch.full((*y.shape[:-1], self.n), float("-inf"))
        z[..., : y.shape[-1]] = y
        return z
""",
    ),
    rejects=(
        # Scores of attention; no mask; features multiplied one by one.
        """
def logits(x, t, v, m):
    return F.softmax((x @ t.transpose(-1, -2)).masked_fill(~m, float("-inf")), dim=-1) @ v
""",
        """
def logits(x, t, n):
    z = torch.full((x.shape[0], x.shape[1], n), float("-inf"))
    z[..., : t.shape[1]] = x @ t.transpose(-1, -2)
    return z
""",
        """
def logits(x, t, m, n):
    z = torch.full((x.shape[0], x.shape[1], n), float("-inf"))
    z[..., : t.shape[1]] = (x * t).masked_fill(~m, float("-inf"))
    return z
""",
    ),
)
