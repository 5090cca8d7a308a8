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
        "An encoder reads one input; the layers of a decoder attend to what the encoder made. A decoder of text writes "
        "one token after another; a decoder of queries, as in detection, answers all of them at once.",
        "编码器读取一个输入；解码器的各层关注编码器的结果。文本解码器逐个词元地写出输出；"
        "查询解码器（如目标检测）一次给出所有查询的结果。",
    ),
    citations=(at(TRANSFORMER, "§3.1"),),
    equations=(r"z=\mathrm{Dec}\!\left(y,\mathrm{Enc}(x)\right)",),
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
