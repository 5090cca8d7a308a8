"""Classification of every position."""

from hfreader.concepts.class_pattern import All, Calls, Implements
from hfreader.concepts.class_pattern import Not as NotFits
from hfreader.concepts.heads import (
    AVERAGE,
    EVERY,
    FIRST,
    LAST,
    MODEL,
    SPAN,
    H,
    head_symbols,
    linear,
    scores,
    unpooled,
)
from hfreader.concepts.model import Concept, Text
from hfreader.concepts.papers import BERT, at
from hfreader.concepts.pattern import Both, Not, Op, Returned

SLUG = "token-classification-head"
# Of what a head on its own is given, nobody knows whether it is one vector or one per position.
GIVEN = Both(Not(Op(("parameter",))), H)

CONCEPT = Concept(
    slug=SLUG,
    kind="composition",
    name=Text("Token classification head", "词元分类头"),
    explanation=Text(
        "A linear map from the hidden state of every position to one score per class: named entities, parts of speech, "
        "frames of sound.",
        "由每个位置的隐状态经线性映射得到每个类别的分数：命名实体、词性、音频帧等。",
    ),
    citations=(at(BERT, "§5.3"),),
    equations=(r"\sym{output}_t=\sym{h}_t\,\sym{w}+b,\quad p(c_t\mid x)=\mathrm{softmax}(\sym{output}_t)_{c_t}",),
    symbols=head_symbols(
        Text("Hidden states, one row per position", "隐状态，每个位置一行"),
        Text("One column per class", "每个类别一列"),
    ),
    patterns=(Returned(scores(unpooled(GIVEN), "num_labels")),),
    class_patterns=(
        # Queries of a detector are no positions of its input.
        All((Implements((SLUG,)), NotFits(Implements(("set-prediction-detection",))))),
        Calls(concepts=(SLUG,), returned=True),
    ),
    output="output",
    reference=linear,
    matches=(MODEL.format(name="Model", size="c.num_labels", body=EVERY),),
    rejects=(
        MODEL.format(name="TokenClassifier", size="c.num_labels", body=FIRST),
        MODEL.format(name="TokenClassifier", size="c.num_labels", body=AVERAGE),
        MODEL.format(name="TokenClassifier", size="c.num_labels", body=LAST),
        MODEL.format(name="TokenClassifier", size="c.num_labels", body=SPAN),
        MODEL.format(name="TokenClassifier", size="c.vocab_size", body=EVERY),
        MODEL.format(name="TokenClassifier", size="c.num_labels", body="return self.w(ids)"),
        MODEL.format(
            name="TokenClassifier",
            size="c.num_labels",
            body="h = self.m(ids)\n        return self.w(h), self.t(h).sigmoid()",
        ),
    ),
)
