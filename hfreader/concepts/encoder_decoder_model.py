"""An encoder and a decoder that attends to what the encoder made."""

from hfreader.concepts.class_pattern import Any, Calls
from hfreader.concepts.model import Concept, Text
from hfreader.concepts.papers import TRANSFORMER, at
from hfreader.concepts.post_norm_block import EXAMPLE

SLUG = "encoder-decoder-model"
WHOLE = ("layer-stack", "model-assembly", SLUG)
CROSS = ("pre-norm-cross-block", "post-norm-cross-block")
CROSSES = Calls(concepts=("multi-head-cross-attention",))
# The cross-attention may stand in a sub-layer of its own, called as one of a list.
DECODER = Any((Calls(concepts=CROSS, repeated=True), Calls(repeated=True, child=Any((CROSSES, Calls(child=CROSSES))))))

MODEL = (
    EXAMPLE.replace("{name}", "Block").replace(
        "{body}", "x = self.n(x + self.a(x, x))\n        {cross}\n        return self.m(x + self.f(x))"
    )
    + """
class Stack(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.s = nn.ModuleList([Block(c) for _ in range(c.n)])

    def forward(self, x, z=None):
        for one in self.s:
            x = one(x, z)
        return x

class {name}(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.e, self.d = Stack(c), Stack(c)

    def forward(self, x, y):
        {body}
"""
)
ATTENDS = "x = self.n(x + self.a(x, z))"

CONCEPT = Concept(
    slug=SLUG,
    kind="composition",
    name=Text("Encoder-decoder model", "编码器-解码器模型"),
    explanation=Text(
        "An encoder reads the whole input; a decoder writes the output one token after another, and in each of its "
        "layers attends to what the encoder made.",
        "编码器读取整个输入;解码器逐个词元地写出输出,并在它的每一层中关注编码器的结果。",
    ),
    citations=(at(TRANSFORMER, "§3.1"),),
    equations=(r"p(y\mid x)=\prod_t p\!\left(y_t\mid y_{<t},\mathrm{Enc}(x)\right)",),
    class_patterns=(
        Calls(concepts=WHOLE, beside=WHOLE, child=DECODER),
        Calls(concepts=WHOLE, beside=WHOLE, child=Calls(child=DECODER)),
        Calls(concepts=(SLUG,), returned=True),
    ),
    matches=(MODEL.replace("{cross}", ATTENDS).format(name="Pair", body="return self.d(y, self.e(x))"),),
    rejects=(
        # Two stacks in turn; two stacks side by side; a second stack that looks at the first, but not by attention.
        MODEL.replace("{cross}", ATTENDS).format(name="EncoderDecoder", body="return self.d(self.e(x))"),
        MODEL.replace("{cross}", ATTENDS).format(name="EncoderDecoder", body="return self.e(x), self.d(y)"),
        MODEL.replace("{cross}", "x = x + z").format(name="EncoderDecoder", body="return self.d(y, self.e(x))"),
    ),
)
