"""Extractive question answering by the likeliest starts and, for each, the likeliest ends (XLNet)."""

from typing import Any

from hfreader.concepts.answerability_head import CONCEPT as ANSWERABILITY
from hfreader.concepts.model import Concept, Symbol, Text
from hfreader.concepts.pattern import Anything, Bind, Einsum, Op

SCORES = Bind("scores", Anything())
STARTS = Bind("starts", Op(("softmax",), (SCORES,)))


def reference(h: Any, scores: Any) -> dict[str, Any]:
    """sum_l p_l h_l, p = softmax(z). Shapes: h (B, n, d), z (B, n), the result (B, d)."""
    weights = scores.softmax(-1)
    return {"starts": weights, "output": (weights[..., None] * h).sum(1)}


_HEAD = """
class {name}(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.k, self.a = c.k, nn.Linear(c.d, 1)

    def forward(self, h):
        p = F.softmax(self.a(h).squeeze(-1), dim=-1)
        v, i = torch.topk(p, self.k, dim=-1)
        return {body}
"""

CONCEPT = Concept(
    slug="beam-search-qa-head",
    name=Text("Question answering by beam search over spans", "区间束搜索问答头"),
    explanation=Text(
        "The few likeliest starts of an answer are kept, and for each of them the likeliest ends, so that the end "
        "depends on the start. The mean of all states, weighted by how likely the answer starts there, decides whether "
        "there is one.",
        "保留最可能的若干答案起点，再为每个起点找最可能的终点，因而终点依赖于起点。"
        "各状态按其作为起点的概率加权平均，用来判断是否有答案。",
    ),
    citations=ANSWERABILITY.citations,
    equations=(r"\sym{output}=\sum_l\sym{starts}_l\,\sym{h}_l,\qquad\sym{starts}=\mathrm{softmax}(\sym{scores})",),
    symbols=(
        Symbol("h", "h", Text("Hidden states, one row per position", "隐状态，每个位置一行")),
        Symbol("scores", "z", Text("A score for each position to be the start", "各位置作为起点的分数")),
        Symbol("starts", "p", Text("How likely the answer starts there", "答案从该处开始的概率")),
        Symbol("output", r"\bar h", Text("The mean start", "平均的起点状态")),
    ),
    patterns=(Bind("output", Einsum(("blh,bl->bh",), (Bind("h", Anything()), STARTS))),),
    output="output",
    reference=reference,
    matches=(_HEAD.format(name="Head", body='torch.einsum("blh,bl->bh", h, p), v, i'),),
    rejects=(
        # No mean; a mean over something else; weights that are no probabilities.
        _HEAD.format(name="SquadHead", body="h.gather(1, i[..., None]), v"),
        _HEAD.format(name="SquadHead", body='torch.einsum("blh,bl->bl", h, p)'),
        _HEAD.format(name="SquadHead", body='torch.einsum("blh,bl->bh", h, h.sum(-1))'),
    ),
)
