"""The start and the end of an answer within a text."""

from typing import Any

from hfreader.concepts.heads import CHOICE, EVERY, MODEL, SPAN, head_symbols, linear, role
from hfreader.concepts.model import Concept, Symbol, Text
from hfreader.concepts.papers import BERT, at
from hfreader.concepts.pattern import LINEAR, Anything, Bind, Element, Layer, Op, Returned

SCORES = Bind("scores", Layer(LINEAR, (Bind("h", Anything()),), "w"))
START = Element(0, Op(("split", "unbind", "chunk"), (SCORES,)))


def reference(h: Any, w: Any, like: Any) -> dict[str, Any]:
    """The first column of h W + b. Shapes: h (B, T, d), W (d, 2), the result (B, T)."""
    scores = linear(h, w)
    return {"scores": scores, "output": scores[..., 0].reshape(like.shape)}


CONCEPT = Concept(
    slug="extractive-qa-head",
    kind="composition",
    name=Text("Extractive question answering head", "抽取式问答头"),
    explanation=Text(
        "Two scores for every position: that the answer starts there, and that it ends there. The answer is "
        "the span with "
        "the best sum.",
        "为每个位置给出两个分数：答案从这里开始、答案在这里结束。分数之和最大的区间即为答案。",
    ),
    citations=(at(BERT, "§4.2"),),
    equations=(
        r"\sym{scores}=\sym{h}\,\sym{w}+b,\quad\sym{output}=\sym{scores}_{\cdot,0}",
        r"P^{start}_i=\mathrm{softmax}(\sym{output})_i",
    ),
    symbols=(
        *head_symbols(
            Text("Hidden states, one row per position", "隐状态，每个位置一行"),
            Text("One column for the start, one for the end", "起点一列，终点一列"),
        ),
        Symbol("scores", "s", Text("Start and end scores", "起点与终点的分数")),
    ),
    patterns=(Returned(Bind("output", Op(("contiguous", "squeeze"), (START,)))), Returned(Bind("output", START))),
    class_patterns=role("extractive-qa-head"),
    output="output",
    reference=reference,
    matches=(MODEL.format(name="Model", size="2", body=SPAN),),
    rejects=(
        MODEL.format(name="QuestionAnswering", size="2", body=EVERY),
        MODEL.format(name="QuestionAnswering", size="1", body=CHOICE),
    ),
)
