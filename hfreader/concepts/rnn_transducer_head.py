"""The joint network of an RNN transducer."""

from typing import Any

from hfreader.concepts.model import Citation, Concept, Symbol, Text
from hfreader.concepts.pattern import LINEAR, Activation, Anything, Bind, Layer, Op

TRANSDUCER = Citation("Sequence Transduction with Recurrent Neural Networks", "Graves", 2012, "1211.3711", "§2")
SUM = Op(("add",), (Bind("f", Anything()), Bind("g", Anything())))


def reference(f: Any, g: Any, phi: Any, w: Any, total: Any = None) -> dict[str, Any]:
    """phi(f_t + g_u) W + b. Shapes: f (B, T, 1, d), g (B, 1, U, d), W (d, labels), the scores (B, T, U, labels)."""
    both = f + g
    scores = phi(both) @ w.weight
    return {"total": both, "output": scores if w.bias is None else scores + w.bias}


_JOINT = """
class {name}(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.w = nn.Linear(c.d, c.vocab_size)
        self.v = nn.Linear(c.d, c.d)
        self.f = ACT2FN[c.act]

    def forward(self, f, g):
        return {body}
"""

CONCEPT = Concept(
    slug="rnn-transducer-head",
    name=Text("Transducer joint network", "转导器联合网络"),
    explanation=Text(
        "What the encoder says of a moment of sound and what the prediction network says of the text so far are "
        "added, and one small network scores every next label. Softmax over the labels gives the probabilities.",
        "把编码器对某一时刻声音的表示与预测网络对已有文本的表示相加，由一个小网络给每个下一标签打分，"
        "再经 softmax 得到概率。",
    ),
    citations=(TRANSDUCER,),
    equations=(
        r"P(k\mid t,u)=\mathrm{softmax}(\sym{output}),\quad\sym{output}=\sym{w}\,\sym{phi}(\sym{total})+b",
        r"\sym{total}=\sym{f}_t+\sym{g}_u",
    ),
    symbols=(
        Symbol("f", "f", Text("The encoder's vectors, one per moment", "编码器向量，每个时刻一个")),
        Symbol(
            "g", "g", Text("The prediction network's vectors, one per label so far", "预测网络向量，每个已有标签一个")
        ),
        Symbol("total", "h", Text("Their sum, for every pair", "两者之和，每对一个")),
        Symbol("phi", r"\varphi", Text("Pointwise non-linearity", "逐元素非线性")),
        Symbol("w", "W", Text("Linear map to the labels", "到标签的线性映射")),
        Symbol("output", "s", Text("A score for each label", "每个标签的分数")),
    ),
    patterns=(Bind("output", Layer(LINEAR, (Activation(Bind("total", SUM), "phi"),), "w", outputs="vocab_size")),),
    output="output",
    reference=reference,
    matches=(_JOINT.format(name="Head", body="self.w(self.f(f + g))"),),
    rejects=(
        # No non-linearity, one input, a map to no vocabulary, a product.
        _JOINT.format(name="JointNetwork", body="self.w(f + g)"),
        _JOINT.format(name="JointNetwork", body="self.w(self.f(f))"),
        _JOINT.format(name="JointNetwork", body="self.v(self.f(f + g))"),
        _JOINT.format(name="JointNetwork", body="self.w(self.f(f * g))"),
    ),
)
