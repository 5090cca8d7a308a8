"""The prediction network of an RNN transducer."""

from typing import Any

from hfreader.concepts.linear_maps import affine
from hfreader.concepts.model import Concept, Symbol, Text
from hfreader.concepts.pattern import EMBEDDING, LINEAR, Anything, Bind, Element, Layer
from hfreader.concepts.rnn_transducer_head import TRANSDUCER

TOKEN = Bind("e", Layer(EMBEDDING, (Bind("y", Anything()),), "table"))
RECURRENT = Bind("h", Element(0, Layer(("torch.nn.LSTM",), (TOKEN,))))


def reference(y: Any, table: Any, h: Any, w: Any, e: Any = None) -> dict[str, Any]:
    """h W + b for the state h that the LSTM makes of the embedded tokens. Shapes: y (B, U), h (B, U, d), the result
    (B, U, d')."""
    found = {} if e is None else {"e": table.weight[y]}
    return {**found, "output": affine(h, w)}


_PREDICTOR = """
class {name}(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.t = nn.Embedding(c.vocab_size, c.d)
        self.l = nn.LSTM(c.d, c.d, batch_first=True)
        self.w = nn.Linear(c.d, c.e)

    def forward(self, y, s=None):
        {body}
"""

CONCEPT = Concept(
    slug="rnn-transducer-predictor",
    name=Text("RNN transducer prediction network", "RNN 转导器的预测网络"),
    explanation=Text(
        "The part of a transducer that knows what has been written so far, and nothing of the sound: an LSTM reads the "
        "tokens one by one, and a linear map brings its state to the width of the joint network.",
        "转导器中只了解已输出文本、不了解声音的部分：LSTM 逐个读入词元，再由线性映射把其状态变到联合网络的宽度。",
    ),
    citations=(TRANSDUCER,),
    equations=(
        r"\sym{output}_u=\sym{h}_u\,\sym{w}+b,\quad\sym{h}_u=\mathrm{LSTM}(\sym{e}_u,\sym{h}_{u-1}),\quad"
        r"\sym{e}_u=\sym{table}[\sym{y}_u]",
    ),
    symbols=(
        Symbol("y", "y", Text("The tokens written so far", "已输出的词元")),
        Symbol("table", "E", Text("Table of token vectors", "词元向量表")),
        Symbol("e", "e", Text("Vectors of the tokens", "词元的向量")),
        Symbol("h", "h", Text("State of the LSTM after each token", "每个词元之后 LSTM 的状态")),
        Symbol("w", "W", Text("Linear map", "线性映射")),
        Symbol("output", "g", Text("What the joint network gets", "交给联合网络的值")),
    ),
    patterns=(Bind("output", Layer(LINEAR, (RECURRENT,), "w")),),
    output="output",
    reference=reference,
    matches=(
        _PREDICTOR.format(name="Norm", body="return self.w(self.l(self.t(y))[0])"),
        _PREDICTOR.format(name="Other", body="h, (a, b) = self.l(self.t(y), s)\n        return self.w(h), a, b"),
    ),
    rejects=(
        # The last state; no tokens; no map.
        _PREDICTOR.format(name="Predictor", body="h, (a, b) = self.l(self.t(y), s)\n        return self.w(a)"),
        _PREDICTOR.format(name="Predictor", body="return self.w(self.l(y)[0])"),
        _PREDICTOR.format(name="Predictor", body="return self.l(self.t(y))[0]"),
    ),
)
