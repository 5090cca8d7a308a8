"""Whether a question has an answer in the text: a small network over two states (XLNet)."""

from typing import Any

from hfreader.concepts.linear_maps import affine
from hfreader.concepts.model import Citation, Concept, Symbol, Text
from hfreader.concepts.pattern import LINEAR, Anything, Bind, Layer, OneOf, Op, Returned

BOTH = Op(("cat",), (Bind("start", Anything()), Bind("whole", Anything())))
INNER = Layer(LINEAR, (BOTH,), "w")
SQUASHED = OneOf((Op(("tanh",), (INNER,)), Layer(("torch.nn.Tanh",), (INNER,))))


def reference(start: Any, whole: Any, w: Any, v: Any, like: Any) -> Any:
    """tanh([s, c] W + b) v. Shapes: s and c (B, d), W (2 d, d), v (d, 1), the result (B,)."""
    size = start.shape[-1]
    inner = start @ w.weight[:size] + whole @ w.weight[size:]
    squashed = (inner if w.bias is None else inner + w.bias).tanh()
    return affine(squashed, v).reshape(like.shape)


_HEAD = """
class {name}(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.a, self.t, self.b = nn.Linear(2 * c.d, c.d), nn.Tanh(), nn.Linear(c.d, 1, bias=False)

    def forward(self, h, s, i):
        s = h.gather(1, s).squeeze(1)
        return {body}
"""

CONCEPT = Concept(
    slug="answerability-head",
    name=Text("Answerability head", "可回答性头"),
    explanation=Text(
        "The state where the answer begins and the state that stands for the whole text, side by side, go through a "
        "small network to one number: how sure it is that the text holds no answer.",
        "把答案起点的状态与代表全文的状态并排，经小网络得到一个数：文中没有答案的可能性有多大。",
    ),
    citations=(
        Citation(
            "XLNet: Generalized Autoregressive Pretraining for Language Understanding",
            "Yang, Dai, Yang, Carbonell, Salakhutdinov, Le",
            2019,
            "1906.08237",
        ),
    ),
    equations=(r"\sym{output}=\tanh\!\big([\sym{start},\sym{whole}]\,\sym{w}+b\big)\,\sym{v}",),
    symbols=(
        Symbol("start", "s", Text("The state where the answer begins", "答案起点的状态")),
        Symbol("whole", "c", Text("The state that stands for the whole text", "代表全文的状态")),
        Symbol("w", "W", Text("The first linear map", "第一个线性映射")),
        Symbol("v", "v", Text("The map to one number", "到一个数的映射")),
        Symbol("output", "z", Text("The score that there is no answer", "没有答案的分数")),
    ),
    patterns=(Returned(Bind("output", Layer(LINEAR, (SQUASHED,), "v"))),),
    output="output",
    reference=reference,
    matches=(
        _HEAD.format(name="Pooler", body="self.b(self.t(self.a(torch.cat([s, h[:, -1, :]], dim=-1)))).squeeze(-1)"),
        _HEAD.format(name="Pooler", body="self.b(torch.tanh(self.a(torch.cat([s, i], dim=-1))))"),
    ),
    rejects=(
        # One state; three; another function; a feed-forward network.
        _HEAD.format(name="AnswerClass", body="self.b(self.t(self.a(s)))"),
        _HEAD.format(name="AnswerClass", body="self.b(self.t(self.a(torch.cat([s, i, h[:, 0]], dim=-1))))"),
        _HEAD.format(name="AnswerClass", body="self.b(F.gelu(self.a(torch.cat([s, i], dim=-1))))"),
        _HEAD.format(name="AnswerClass", body="self.a(torch.cat([s, i], dim=-1))"),
    ),
)
