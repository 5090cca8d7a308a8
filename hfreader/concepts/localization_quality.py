"""How sure a detector is of a box, from how sharp its distributions are."""

from typing import Any

from hfreader.concepts.model import Citation, Concept, Symbol, Text
from hfreader.concepts.pattern import Anything, Bind, Both, Branch, Element, Op

FOCAL_2 = Citation(
    "Generalized Focal Loss V2: Learning Reliable Localization Quality Estimation for Dense Object Detection",
    "Li, Wang, Hu, Li, Tang, Yang",
    2020,
    "2011.12885",
    "§3",
)
TOP = Bind("top", Element(0, Op(("topk",), (Bind("p", Op(("softmax",))),))))
STATISTICS = Bind("statistics", Op(("cat",), (TOP, Op(("mean",), (TOP,)))))
QUALITY = Bind("quality", Both(Branch(source=STATISTICS), Anything()))


def reference(p: Any, top: Any, scores: Any, quality: Any, statistics: Any) -> dict[str, Any]:
    """s + f([top_k p; mean(top_k p)]), f taken as it is. Shapes: p (B, queries, 4, bins), the top (B, queries, 4, k),
    their statistics (B, queries, 4, k + 1), the scores and the result (B, queries, classes)."""
    highest = p.sort(-1, descending=True)[0][..., : top.shape[-1]]
    both = statistics.new_zeros(statistics.shape)
    both[..., :-1], both[..., -1] = highest, highest.mean(-1)
    return {"top": highest, "statistics": both, "output": scores + quality}


_QUALITY = """
class {name}(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.n = c.n
        self.a, self.b = nn.Linear(c.n + 1, c.d), nn.Linear(c.d, 1)

    def forward(self, s, x):
        p = x.softmax(-1)
        t, _ = p.topk(self.n, dim=-1)
        {body}
"""

CONCEPT = Concept(
    slug="localization-quality",
    name=Text("Localization quality", "定位质量估计"),
    explanation=Text(
        "A detector that predicts each side of a box as a distribution knows how sure it is: where the distribution is "
        "sharp, its largest probabilities are high. A small network turns these into a number that is added to the "
        "score of the class.",
        "把框的每条边预测为分布的检测器知道自己有多确定：分布越尖锐，最大的几个概率越高。"
        "一个小网络把它们变成一个数，加到类别分数上。",
    ),
    citations=(FOCAL_2,),
    equations=(
        r"\sym{output}=\sym{scores}+\sym{quality},\quad\sym{quality}=f(\sym{statistics})",
        r"\sym{statistics}=[\sym{top};\,\mathrm{mean}(\sym{top})],\quad\sym{top}=\mathrm{Top}_k(\sym{p})",
    ),
    symbols=(
        Symbol("p", "p", Text("Distribution of each side over its places", "每条边在各位置上的分布")),
        Symbol("top", "t", Text("The largest probabilities", "最大的几个概率")),
        Symbol("statistics", "F", Text("These and their mean", "这些概率及其均值")),
        Symbol("quality", "q", Text("What the network makes of them", "网络由此得出的值")),
        Symbol("scores", "s", Text("Scores of the classes", "类别分数")),
        Symbol("output", "s'", Text("Scores that know how good the box is", "考虑框质量后的分数")),
    ),
    patterns=(Bind("output", Op(("add",), (Bind("scores", Anything()), QUALITY))),),
    output="output",
    reference=reference,
    matches=(
        _QUALITY.format(
            name="Norm",
            body="q = torch.cat([t, t.mean(dim=-1, keepdim=True)], dim=-1)\n"
            "        return s + self.b(F.relu(self.a(q)))",
        ),
    ),
    rejects=(
        # The largest alone; the mean of all; nothing added.
        _QUALITY.format(name="Quality", body="return s + self.b(F.relu(self.a(t)))"),
        _QUALITY.format(
            name="Quality",
            body="q = torch.cat([t, p.mean(dim=-1, keepdim=True)], dim=-1)\n"
            "        return s + self.b(F.relu(self.a(q)))",
        ),
        _QUALITY.format(
            name="Quality",
            body="q = torch.cat([t, t.mean(dim=-1, keepdim=True)], dim=-1)\n        return self.b(F.relu(self.a(q)))",
        ),
    ),
)
