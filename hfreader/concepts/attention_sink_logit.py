"""A learned score in the softmax of an attention that belongs to no key."""

from typing import Any

from hfreader.concepts.attentions import LAST, steadied
from hfreader.concepts.model import Citation, Concept, Symbol, Text
from hfreader.concepts.pattern import Anything, Bind, Number, Op, Slice

SCORES, SINKS = Bind("scores", Anything()), Bind("sinks", Anything())
LAST_DIM = (("dim", LAST),)
APPENDED = Op(("softmax",), (steadied(Op(("cat",), (SCORES, SINKS))),), keywords=LAST_DIM)
MIXED = Bind("mixed", Op(("matmul",), (Op(("softmax",), (SCORES,), keywords=LAST_DIM), Anything())))
SHARE = Op(("sigmoid",), (Op(("sub",), (Op(("logsumexp",), (SCORES,)), SINKS)),))


def reference(scores: Any, sinks: Any, mixed: Any = None) -> Any:
    """exp(s_ij) / (exp(b_h) + sum_k exp(s_ik)), or with `mixed`, the values averaged without the sink, times what the
    keys together weigh. Shapes: scores (B, h, T, S), sinks one per head or broadcast to (B, h, T, 1)."""
    total = scores.logsumexp(-1, keepdim=True)
    sink = sinks.reshape(1, -1, 1, 1) if sinks.numel() == scores.shape[1] else sinks.reshape(*sinks.shape[:3], 1)
    weights = (scores - total.logaddexp(sink.expand(total.shape))).exp()
    return weights if mixed is None else mixed * weights.sum(-1, keepdim=True)


CONCEPT = Concept(
    slug="attention-sink-logit",
    name=Text("Learned attention sink", "注意力汇点"),
    explanation=Text(
        "Each head has a learned score that joins the softmax but belongs to no key. It takes the weight that no key "
        "deserves, so that a head may attend to nothing.",
        "每个头有一个学习的分数参与 softmax，但不属于任何键。它吸收不该分给任何键的权重，使一个头可以什么也不关注。",
    ),
    citations=(
        Citation("gpt-oss-120b & gpt-oss-20b Model Card", "OpenAI", 2025, "2508.10925"),
        Citation(
            "Efficient Streaming Language Models with Attention Sinks",
            "Xiao, Tian, Chen, Han, Lewis",
            2023,
            "2309.17453",
        ),
    ),
    equations=(
        r"\sym{output}_{ij}=\frac{\exp(\sym{scores}_{ij})}{\exp(\sym{sinks})+\sum_k\exp(\sym{scores}_{ik})}",
        r"\sym{output}=\sigma\!\left(\log\sum_k\exp(\sym{scores}_{ik})-\sym{sinks}\right)\sym{mixed}",
    ),
    symbols=(
        Symbol("scores", "s", Text("Scores, scaled and masked", "分数，已缩放并加掩码")),
        Symbol("sinks", "b_h", Text("The learned score of each head", "每个头学习的分数")),
        Symbol("mixed", "a'V", Text("Values averaged as if there were no sink", "不计汇点时的加权平均")),
        Symbol("output", "a", Text("Weights of the keys, or the values under them", "键的权重，或其加权的值")),
    ),
    patterns=(
        Bind("output", Slice(APPENDED, stop=Number(-1))),
        Bind("output", Op(("mul",), (MIXED, SHARE))),
    ),
    output="output",
    reference=reference,
    matches=(
        """
class Mixer(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.b = nn.Parameter(torch.empty(c.h))

    def forward(self, q, k, v, m):
        w = q @ k.transpose(2, 3) * 0.25 + m
        w = torch.cat([w, self.b.reshape(1, -1, 1, 1).expand(*w.shape[:-1], 1)], dim=-1)
        w = w - w.max(dim=-1, keepdim=True).values
        return F.softmax(w, dim=-1)[..., :-1] @ v
""",
        """
class Mixer(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.b = nn.Parameter(torch.empty(c.h))

    def forward(self, q, k, v, m):
        w = q @ k.transpose(2, 3) * 0.25 + m
        share = (torch.logsumexp(w, dim=-1) - self.b.view(1, -1, 1)).sigmoid()
        return (F.softmax(w, dim=-1) @ v) * share.unsqueeze(-1)
""",
    ),
    rejects=(
        # A key that stays in the weights, a last key that is dropped, a gate.
        """
def attention(q, k, v, sinks):
    w = torch.cat([q @ k.transpose(2, 3), sinks], dim=-1)
    return F.softmax(w, dim=-1) @ v
""",
        """
def attention(q, k, v, sinks):
    return F.softmax(q @ k.transpose(2, 3), dim=-1)[..., :-1] @ v
""",
        """
def attention(q, k, v, sinks):
    w = q @ k.transpose(2, 3)
    return (F.softmax(w, dim=-1) @ v) * (q - sinks).sigmoid()
""",
    ),
)
