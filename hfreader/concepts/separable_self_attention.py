"""Separable self-attention: one score per token, one context vector for all."""

from typing import Any

from hfreader.concepts.attentions import LAST
from hfreader.concepts.model import Citation, Concept, Symbol, Text
from hfreader.concepts.pattern import Anything, Bind, Op

SHARE = Op(("softmax",), (Bind("query", Anything()),), keywords=(("dim", LAST),))
CONTEXT = Op(("sum",), (Op(("mul",), (Bind("key", Anything()), SHARE)),), keywords=(("dim", LAST),))
VALUE = Op(("relu",), (Bind("value", Anything()),))


def reference(query: Any, key: Any, value: Any) -> Any:
    """(sum over tokens i of softmax(q)_i k_i) * ReLU(v). Shapes: query (..., 1, n), key and value (..., d, n) with n
    tokens, other dimensions before them alike; the result as value."""
    shares = query.exp() / query.exp().sum(-1, keepdim=True)
    return (key * shares).sum(-1, keepdim=True) * value.relu()


CONCEPT = Concept(
    slug="separable-self-attention",
    name=Text("Separable self-attention", "可分离自注意力"),
    explanation=Text(
        "Each token gets one score; a softmax over the tokens turns the scores into weights, under which the keys are "
        "summed to a single context vector. Every rectified value is multiplied by that vector. The cost grows with "
        "the number of tokens, not with its square.",
        "每个词元只有一个分数；对词元做 softmax 得到权重，键按此加权求和成一个上下文向量，"
        "再与每个经 ReLU 的值逐元素相乘。代价随词元数线性增长，而非平方。",
    ),
    citations=(
        Citation(
            "Separable Self-attention for Mobile Vision Transformers", "Mehta, Rastegari", 2022, "2206.02680", "§3.2"
        ),
    ),
    equations=(
        r"\sym{output}=\Big(\sum_{i}\mathrm{softmax}(\sym{query})_i\,\sym{key}_i\Big)\odot\mathrm{ReLU}(\sym{value})",
    ),
    symbols=(
        Symbol("query", "xW_I", Text("One score per token", "每个词元一个分数")),
        Symbol("key", "xW_K", Text("Keys", "键")),
        Symbol("value", "xW_V", Text("Values", "值")),
        Symbol("output", "y", Text("One vector per token", "每个词元一个向量")),
    ),
    patterns=(Bind("output", Op(("mul",), (VALUE, CONTEXT))),),
    output="output",
    reference=reference,
    matches=(
        """
class Mixer(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.a, self.z, self.d = nn.Conv2d(c.d, 1 + 2 * c.d, 1), nn.Conv2d(c.d, c.d, 1), c.d

    def forward(self, x):
        q, k, v = torch.split(self.a(x), [1, self.d, self.d], dim=1)
        y = torch.sum(k * F.softmax(q, dim=-1), dim=-1, keepdim=True)
        return self.z(F.relu(v) * y.expand_as(v))
""",
    ),
    rejects=(
        # Squeeze and excitation: no softmax; a context that is added; an expert's share.
        """
class LinearSelfAttention(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.a = nn.Conv2d(c.d, c.d, 1)

    def forward(self, x):
        return F.relu(x) * torch.sum(x * torch.sigmoid(self.a(x)), dim=-1, keepdim=True)
""",
        """
def linear_self_attention(q, k, v):
    return F.relu(v) + torch.sum(k * F.softmax(q, dim=-1), dim=-1, keepdim=True)
""",
        """
def linear_self_attention(q, k, v):
    return v * torch.sum(k * F.softmax(q, dim=-1), dim=-1, keepdim=True)
""",
    ),
)
