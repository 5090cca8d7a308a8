"""The pooler on the first position."""

from typing import Any

from hfreader.concepts.model import Concept, Symbol, Text
from hfreader.concepts.papers import BERT
from hfreader.concepts.pattern import LINEAR, Activation, Anything, Bind, FirstPosition, Layer, OneOf, Op, Returned

FIRST = Bind("first", FirstPosition(Bind("x", Anything())))
DENSE = Layer(LINEAR, (FIRST,), "w")


def reference(x: Any, w: Any, phi: Any = None) -> dict[str, Any]:
    """phi(x_0 W + b), phi = tanh where the code names no other. Shapes: x (B, T, d), W (d, d)."""
    first = x[:, 0]
    dense = first @ w.weight if w.bias is None else first @ w.weight + w.bias
    return {"first": first, "output": dense.tanh() if phi is None else phi(dense)}


_POOLER = """
class {name}(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.a = nn.Linear(c.d, c.d)
        self.b = nn.Linear(c.d, c.n)
        self.t = nn.Tanh()

    def forward(self, h):
        return {body}
"""

CONCEPT = Concept(
    slug="first-token-pooler",
    name=Text("First-token pooler", "首词元池化"),
    explanation=Text(
        "One vector for the whole sequence: the hidden state of the first token, which stands for no word, through a "
        "linear map and tanh. BERT trains it with next-sentence prediction, and classifiers start from it.",
        "用一个向量表示整个序列：取第一个词元（它不代表任何词）的隐状态，经线性映射与 tanh。BERT 用下一句预测训练它，"
        "分类器由它出发。",
    ),
    citations=(BERT,),
    equations=(r"\sym{output}=\sym{phi}\!\left(\sym{first}\,\sym{w}+b\right),\quad\sym{first}=\sym{x}_{0}",),
    symbols=(
        Symbol("x", "h", Text("Hidden states, one row per position", "隐状态，每个位置一行")),
        Symbol("first", r"h_{\mathrm{[CLS]}}", Text("Hidden state of the first position", "第一个位置的隐状态")),
        Symbol("w", "W", Text("Learned linear map", "可学习的线性映射")),
        Symbol("phi", r"\tanh", Text("tanh, or the function that the config names", "tanh，或配置指定的函数")),
        Symbol("output", r"h_{\mathrm{pool}}", Text("The pooled vector", "池化后的向量")),
    ),
    patterns=(
        Returned(
            Bind(
                "output",
                OneOf((Op(("tanh",), (DENSE,)), Layer(("torch.nn.Tanh",), (DENSE,), "phi"), Activation(DENSE, "phi"))),
            )
        ),
    ),
    output="output",
    reference=reference,
    matches=(
        _POOLER.format(name="Head", body="self.t(self.a(h[:, 0]))"),
        _POOLER.format(name="LastToken", body="torch.tanh(self.a(h[:, 0, :]))"),
    ),
    rejects=(
        # The last token, a mean, a classification head with another linear map, no non-linearity, a batch element.
        _POOLER.format(name="Pooler", body="self.t(self.a(h[:, -1]))"),
        _POOLER.format(name="Pooler", body="self.t(self.a(h.mean(1)))"),
        _POOLER.format(name="Pooler", body="self.b(self.t(self.a(h[:, 0])))"),
        _POOLER.format(name="Pooler", body="self.a(h[:, 0])"),
        _POOLER.format(name="Pooler", body="self.t(self.a(h[0]))"),
    ),
)
