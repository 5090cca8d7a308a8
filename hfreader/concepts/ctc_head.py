"""The head of connectionist temporal classification."""

from hfreader.concepts.class_pattern import All, Calls, Implements, Uses
from hfreader.concepts.heads import CTC, EVERY, FIRST, MODEL, H, head_symbols, linear, scores
from hfreader.concepts.model import Citation, Concept, Text
from hfreader.concepts.pattern import Returned

SLUG = "ctc-head"
CTC_PAPER = Citation(
    "Connectionist Temporal Classification: Labelling Unsegmented Sequence Data with Recurrent Neural Networks",
    "Graves, Fernández, Gomez, Schmidhuber",
    2006,
)

CONCEPT = Concept(
    slug="ctc-head",
    kind="composition",
    name=Text("CTC head", "CTC 头"),
    explanation=Text(
        "A score per frame for every symbol and for the blank. A labelling is as likely as all the paths "
        "through the frames "
        "that spell it, which the loss sums up.",
        "为每一帧给出每个符号和空白的分数。一个标注的概率是所有拼出它的逐帧路径的概率之和，由损失函数求和。",
    ),
    citations=(CTC_PAPER,),
    equations=(
        r"\sym{output}_t=\sym{h}_t\,\sym{w}+b,\quad p(l\mid "
        r"x)=\sum_{\pi\in\mathcal{B}^{-1}(l)}\prod_t\mathrm{softmax}(\sym{output}_t)_{\pi_t}",
    ),
    symbols=head_symbols(
        Text("Hidden states, one row per frame", "隐状态，每帧一行"),
        Text("One column per symbol, one for the blank", "每个符号一列，空白一列"),
    ),
    patterns=(Returned(scores(H, "vocab_size")),),
    class_patterns=(
        All((Implements((SLUG,)), Uses(("ctc_loss", "loss_function(blank_token_id)")))),
        Calls(concepts=(SLUG,), returned=True),
    ),
    output="output",
    reference=linear,
    matches=(MODEL.format(name="Model", size="c.vocab_size", body=CTC),),
    rejects=(
        MODEL.format(name="ForCTC", size="c.vocab_size", body=EVERY),
        MODEL.format(name="ForCTC", size="c.vocab_size", body=FIRST),
    ),
)
