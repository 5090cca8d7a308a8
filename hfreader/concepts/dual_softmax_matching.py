"""Matching two sets of points: a pair must be the best one for both of its sides."""

from typing import Any

from hfreader.concepts.attentions import transposed
from hfreader.concepts.model import Citation, Concept, Symbol, Text
from hfreader.concepts.pattern import Anything, Bind, Number, Op

S = Bind("similarity", Anything())
PRODUCT = Op(
    ("mul",),
    (
        Op(("softmax",), (S,), keywords=(("dim", Number(1)),)),
        Op(("softmax",), (S,), keywords=(("dim", Number(2)),)),
    ),
)
LOGARITHMS = Op(("add",), (Op(("log_softmax",), (S,)), Op(("log_softmax",), (transposed(S),))))
CERTAIN = Op(
    ("add",),
    (
        Op(("logsigmoid",), (Bind("certainty_1", Anything()),)),
        Op(("logsigmoid",), (Bind("certainty_2", Anything()),)),
    ),
)


def reference(similarity: Any, certainty_1: Any = None, certainty_2: Any = None) -> Any:
    """softmax over the rows times softmax over the columns; where there are certainties z, the logarithm of that and
    of both sigmoids. Shapes: similarity (B, M, N), certainties (B, M, 1) and (B, N, 1); the result (B, M, N)."""
    by_row, by_column = (similarity - similarity.logsumexp(dim, keepdim=True) for dim in (2, 1))
    total = by_row + by_column
    if certainty_1 is None:
        return total.exp()
    return total + certainty_1.sigmoid().log() + certainty_2.sigmoid().log().transpose(1, 2)


CONCEPT = Concept(
    slug="dual-softmax-matching",
    name=Text("Dual-softmax matching", "双向 softmax 匹配"),
    explanation=Text(
        "Every point of one image is compared with every point of the other. A softmax over the rows and one over the "
        "columns are multiplied, so that a pair scores high only where each is the best partner of the other; each "
        "point may also say how sure it is to have a partner at all.",
        "一幅图像的每个点与另一幅的每个点比较。按行与按列的 softmax 相乘，只有互为最佳的一对才得高分；"
        "每个点还可给出自己存在配对的把握。",
    ),
    citations=(
        Citation(
            "LoFTR: Detector-Free Local Feature Matching with Transformers",
            "Sun, Shen, Wang, Bao, Zhou",
            2021,
            "2104.00680",
            "§3.3, dual-softmax",
        ),
        Citation(
            "LightGlue: Local Feature Matching at Light Speed",
            "Lindenberger, Sarlin, Pollefeys",
            2023,
            "2306.13643",
            "§3.2, correspondence prediction",
        ),
    ),
    equations=(
        r"\sym{output}_{ij}=\mathrm{softmax}_k(\sym{similarity}_{kj})_i\;\mathrm{softmax}_k(\sym{similarity}_{ik})_j"
        r"\;[\cdot\,\sigma(\sym{certainty_1}_i)\,\sigma(\sym{certainty_2}_j)]",
    ),
    symbols=(
        Symbol("similarity", "S", Text("The score of every pair of points", "每对点的分数")),
        Symbol(
            "certainty_1", "z^A", Text("How surely each point of the first has a partner", "第一幅各点有配对的把握")
        ),
        Symbol("certainty_2", "z^B", Text("How surely each point of the second has one", "第二幅各点有配对的把握")),
        Symbol("output", "P", Text("How well each pair matches, or its logarithm", "每对的匹配程度，或其对数")),
    ),
    patterns=(
        Bind("output", Op(("add",), (LOGARITHMS, CERTAIN))),
        Bind("output", PRODUCT),
    ),
    output="output",
    reference=reference,
    matches=(
        """
def match(s, a, b):
    c = F.logsigmoid(a) + F.logsigmoid(b).transpose(1, 2)
    rows = F.log_softmax(s, 2)
    columns = F.log_softmax(s.transpose(-1, -2).contiguous(), 2).transpose(-1, -2)
    return rows + columns + c
""",
        """
def match(s, t):
    s = s / t
    return s.softmax(1) * s.softmax(2)
""",
    ),
    rejects=(
        # One softmax twice; two tables; a sum of both.
        """
def dual_softmax(s):
    return s.softmax(1) * s.softmax(1)
""",
        """
def dual_softmax(s, t):
    return s.softmax(1) * t.softmax(2)
""",
        """
def dual_softmax(s):
    return s.softmax(1) + s.softmax(2)
""",
    ),
)
