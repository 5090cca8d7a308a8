"""The best of several continuations."""

from typing import Any

from hfreader.concepts.heads import CHOICE, EVERY, FIRST, MODEL, head_symbols, linear, pooled, role
from hfreader.concepts.model import Concept, Text
from hfreader.concepts.papers import BERT, at
from hfreader.concepts.pattern import LINEAR, Anything, Bind, Layer, Number, Op, Returned

ONE = Layer(LINEAR, (pooled(),), "w", settings=(("out_features", Number(1)),))
ROWS = Op(("view", "reshape"), (ONE, Number(-1), Anything()))


def reference(h: Any, w: Any, like: Any) -> Any:
    """h w + b, one row per question. Shapes: h (B choices, d), w (d, 1), the result (B, choices)."""
    return linear(h, w).reshape(like.shape)


CONCEPT = Concept(
    slug="multiple-choice-head",
    kind="composition",
    name=Text("Multiple-choice head", "多项选择头"),
    explanation=Text(
        "Every choice is read as a sequence of its own and given one score by a linear map of its pooled "
        "hidden state; a "
        "softmax runs over the choices.",
        "每个选项作为单独的序列读入，由其池化隐状态经线性映射得到一个分数；softmax 在各选项之间进行。",
    ),
    citations=(at(BERT, "§4.4"),),
    equations=(r"\sym{output}_k=\sym{h}_k\,\sym{w}+b,\quad p(k)=\mathrm{softmax}_k(\sym{output})",),
    symbols=head_symbols(
        Text("The pooled hidden state of each choice", "每个选项的池化隐状态"), Text("One column", "一列")
    ),
    patterns=(Returned(Bind("output", ROWS)),),
    class_patterns=role("multiple-choice-head"),
    output="output",
    reference=reference,
    matches=(MODEL.format(name="Model", size="1", body=CHOICE),),
    rejects=(
        MODEL.format(name="MultipleChoice", size="1", body=FIRST),
        MODEL.format(name="MultipleChoice", size="2", body=CHOICE),
        MODEL.format(name="MultipleChoice", size="1", body=EVERY),
        MODEL.format(
            name="MultipleChoice", size="1", body="h = self.m(ids)\n        return self.w(h).view(-1, h.shape[1])"
        ),
    ),
)
