"""Classification by the last token, as in decoder models."""

from typing import Any

from hfreader.concepts.heads import EVERY, FIRST, LAST, MODEL, head_symbols, role, unpooled
from hfreader.concepts.model import Concept, Symbol, Text
from hfreader.concepts.papers import GPT
from hfreader.concepts.pattern import LINEAR, Anything, Bind, Layer, Op, Returned

SCORES = Bind("scores", Layer(LINEAR, (unpooled(),), "w", outputs="num_labels"))
ROWS = Op(("arange",))
CHOSEN = Op(("item",), (SCORES, Op(("tuple",), (ROWS, Bind("position", Anything())))))


def reference(h: Any, w: Any, position: Any) -> dict[str, Any]:
    """(h W)_{T*}. Shapes: h (B, T, d), W (d, classes), T* (B,) whole numbers."""
    scores = h @ w.weight if w.bias is None else h @ w.weight + w.bias
    return {"scores": scores, "output": scores[range(scores.shape[0]), position]}


CONCEPT = Concept(
    slug="last-token-classification-head",
    kind="composition",
    name=Text("Last-token classification head", "末词元分类头"),
    explanation=Text(
        "Every position is scored, and the score of the last one that is no padding counts: in a model that "
        "only looks back, "
        "it alone has seen the whole input.",
        "先给每个位置打分，再取最后一个非填充位置的分数：在只看前文的模型中，只有它看到了整个输入。",
    ),
    citations=(GPT,),
    equations=(r"\sym{output}=\sym{scores}_{\sym{position}},\quad\sym{scores}=\sym{h}\,\sym{w}",),
    symbols=(
        *head_symbols(
            Text("Hidden states, one row per position", "隐状态，每个位置一行"),
            Text("One column per class", "每个类别一列"),
        ),
        Symbol("scores", "s", Text("One score per position and class", "每个位置、每个类别一个分数")),
        Symbol("position", "T^*", Text("The last position that is no padding", "最后一个非填充位置")),
    ),
    patterns=(Returned(Bind("output", CHOSEN)),),
    class_patterns=role("last-token-classification-head"),
    output="output",
    reference=reference,
    matches=(MODEL.format(name="Model", size="c.num_labels", body=LAST),),
    rejects=(
        MODEL.format(name="LastToken", size="c.num_labels", body=EVERY),
        MODEL.format(name="LastToken", size="c.num_labels", body=FIRST),
        MODEL.format(name="LastToken", size="c.vocab_size", body=LAST),
    ),
)
