"""The language model head of an encoder-decoder model."""

from hfreader.concepts.class_pattern import All, Any, Calls, Implements
from hfreader.concepts.encoder_decoder_model import ATTENDS, DECODER, SLUG, WHOLE
from hfreader.concepts.encoder_decoder_model import MODEL as PAIR
from hfreader.concepts.heads import EVERY, MODEL, H, head_symbols, linear, scores
from hfreader.concepts.model import Concept, Text
from hfreader.concepts.papers import TRANSFORMER, at

OWN = "seq2seq-lm-head"
DECODES = Any((Calls(concepts=(SLUG,)), Calls(concepts=WHOLE, beside=WHOLE, child=DECODER)))
WRITER = (
    PAIR.replace("{cross}", ATTENDS).format(name="Pair", body="return self.d(y, self.e(x))")
    + """
class Writer(PreTrainedModel):
    def __init__(self, c):
        super().__init__(c)
        self.m = Pair(c)
        self.w = nn.Linear(c.d, c.vocab_size, bias=False)

    def forward(self, x, y):
        return self.w(self.m(x, y))
"""
)

CONCEPT = Concept(
    slug="seq2seq-lm-head",
    kind="composition",
    name=Text("Sequence-to-sequence language model head", "序列到序列语言模型头"),
    explanation=Text(
        "The hidden state of each position of the decoder is compared with a vector for every word; a softmax "
        "of the scores "
        "is the probability of the next word of the output, given the whole input.",
        "解码器每个位置的隐状态与每个词的向量比较，对分数做 softmax 即在给定整个输入时输出的下一个词的概率。",
    ),
    citations=(at(TRANSFORMER, "§3.4"),),
    equations=(r"\sym{output}_t=\sym{h}_t\,\sym{w},\quad p(y_t\mid y_{<t},x)=\mathrm{softmax}(\sym{output}_t)",),
    symbols=head_symbols(
        Text("Hidden states of the decoder", "解码器的隐状态"),
        Text("One column per word, often the tied embeddings", "每个词一列，常与嵌入共享"),
    ),
    # As many scores as there are words, or rows in the table of embeddings.
    patterns=(scores(H, "vocab_size"), scores(H, "num_embeddings")),
    class_patterns=(All((Implements((OWN,)), DECODES)), Calls(concepts=(OWN,), returned=True)),
    output="output",
    reference=linear,
    matches=(WRITER,),
    rejects=(MODEL.format(name="Seq2Seq", size="c.vocab_size", body=EVERY),),
)
