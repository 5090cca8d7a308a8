"""A bound on the scores of an attention, by a hyperbolic tangent."""

from typing import Any

from hfreader.concepts.attentions import scores
from hfreader.concepts.model import Citation, Concept, Symbol, Text
from hfreader.concepts.pattern import Anything, Bind, Op, Scalar

QUERY, KEY = Bind("query", Anything()), Bind("key", Anything())
CAP = Bind("softcap", Scalar())


def reference(scores: Any, softcap: Any) -> Any:
    """c tanh(s / c) of scores of any shape."""
    return softcap * (scores / softcap).tanh()


CONCEPT = Concept(
    slug="attention-logit-softcap",
    name=Text("Attention logit soft-capping", "注意力软上限"),
    explanation=Text(
        "The scores of an attention are squeezed smoothly into the range from minus c to c before the "
        "softmax, so that "
        "no single score can outgrow all others.",
        "在 softmax 之前，把注意力分数平滑地压缩到 -c 与 c 之间，使任何一个分数都不会远超其他分数。",
    ),
    citations=(
        Citation("Gemma 2: Improving Open Language Models at a Practical Size", "Gemma Team", 2024, "2408.00118", "§2"),
    ),
    equations=(r"\sym{output}=\sym{softcap}\,\tanh\!\left(\sym{scores}/\sym{softcap}\right)",),
    symbols=(
        Symbol("scores", "s", Text("Scores of queries and keys, scaled", "查询与键的分数，已缩放")),
        Symbol("softcap", "c", Text("The bound", "上限")),
        Symbol("query", "Q", Text("Queries", "查询")),
        Symbol("key", "K", Text("Keys", "键")),
        Symbol("scale", r"\sqrt{d_k}", Text("What the scores are divided by", "分数的除数")),
        Symbol("bias", "B", Text("A bias added to the scores", "加在分数上的偏置")),
        Symbol("output", r"\bar{s}", Text("Scores between minus c and c", "介于 -c 与 c 之间的分数")),
    ),
    patterns=(
        Bind(
            "output",
            Op(("mul",), (Op(("tanh",), (Op(("div",), (Bind("scores", scores(QUERY, KEY)), CAP)),)), CAP)),
        ),
    ),
    output="output",
    reference=reference,
    matches=(
        """
def kernel(q, k, v, s, c=None):
    w = torch.matmul(q, k.transpose(2, 3)) * s
    if c is not None:
        w = w / c
        w = torch.tanh(w)
        w = w * c
    return F.softmax(w, dim=-1) @ v
""",
    ),
    rejects=(
        # The logits of a language model, a gate, and a tangent that is not scaled back.
        """
class SoftCap(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.head = nn.Linear(c.d, c.v)
        self.cap = c.cap

    def forward(self, x):
        scores = self.head(x) / self.cap
        return torch.tanh(scores) * self.cap
""",
        """
def attention(q, k, v, s, softcap):
    w = torch.tanh(torch.matmul(q, k.transpose(2, 3)) * s / softcap)
    return F.softmax(w, dim=-1) @ v
""",
    ),
)
