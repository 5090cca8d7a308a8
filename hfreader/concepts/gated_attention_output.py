"""An attention whose result passes a sigmoid gate."""

from typing import Any

from hfreader.concepts.model import Citation, Concept, Symbol, Text
from hfreader.concepts.pattern import LINEAR, Anything, Bind, Element, Equation, Layer, OneOf, Op, Slice

ATTENTION = Bind("mixed", Equation("scaled-dot-product-attention"))
WHOLE = Layer(LINEAR, (Bind("x", Anything()),), "w_gate")
GATE = Bind("gate", OneOf((WHOLE, Element(1, Op(("chunk", "split"), (WHOLE,))), Slice(WHOLE, start=Anything()))))


def reference(mixed: Any, gate: Any, like: Any) -> Any:
    """SDPA(Q, K, V) * sigmoid(x W_theta), the gate of each coordinate or one for each head."""
    opening = gate.sigmoid()
    size = mixed.numel() // opening.numel()
    if size == 1:
        return mixed.reshape(like.shape) * opening.reshape(like.shape)
    return (
        mixed.reshape(*opening.shape[:2], -1, size).mul(opening.reshape(*opening.shape[:2], -1, 1)).reshape(like.shape)
    )


CONCEPT = Concept(
    slug="gated-attention-output",
    name=Text("Gated attention output", "门控注意力输出"),
    explanation=Text(
        "What an attention gives is multiplied by a gate between 0 and 1 that a linear map computes from its input, "
        "before the output projection mixes the heads.",
        "注意力的结果在输出投影混合各头之前，先乘以由其输入经线性映射得到的、介于 0 与 1 之间的门。",
    ),
    citations=(Citation("Gated Attention for Large Language Models", "Qiu et al.", 2025, "2505.06708"),),
    equations=(r"\sym{output}=\sym{mixed}\odot\sigma(\sym{gate}),\quad\sym{gate}=\sym{x}\,\sym{w_gate}",),
    symbols=(
        Symbol("x", "X", Text("The input of the attention", "注意力的输入")),
        Symbol(
            "w_gate",
            r"W_\theta",
            Text("The linear map that computes the gate, alone or with others", "计算门的线性映射，单独或与其他合并"),
        ),
        Symbol("gate", "G", Text("The gate before the sigmoid", "sigmoid 之前的门")),
        Symbol("mixed", r"\mathrm{SDPA}(Q,K,V)", Text("What the attention gives", "注意力的结果")),
        Symbol("output", "Y", Text("The gated result", "经过门的结果")),
    ),
    patterns=(Bind("output", Op(("mul",), (ATTENTION, Op(("sigmoid",), (GATE,))))),),
    output="output",
    reference=reference,
    matches=(
        """
class Mixer(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.a, self.g, self.o = nn.Linear(c.d, 3 * c.d), nn.Linear(c.d, c.d), nn.Linear(c.d, c.d)
        self.h = c.h

    def forward(self, x):
        q, k, v = (one.unflatten(-1, (self.h, -1)).transpose(1, 2) for one in self.a(x).chunk(3, dim=-1))
        y = F.scaled_dot_product_attention(q, k, v).transpose(1, 2).reshape(x.shape)
        return self.o(y * torch.sigmoid(self.g(x)))
""",
        """
class Mixer(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.a, self.b = nn.Linear(c.d, 2 * c.d), nn.Linear(c.d, 2 * c.d)
        self.h = c.h

    def forward(self, x):
        q, g = torch.chunk(self.a(x).view(*x.shape[:-1], -1, self.h * 2), 2, dim=-1)
        k, v = (one.unflatten(-1, (-1, self.h)).transpose(1, 2) for one in self.b(x).chunk(2, dim=-1))
        y = F.scaled_dot_product_attention(q.transpose(1, 2), k, v).transpose(1, 2).reshape(x.shape)
        return y * torch.sigmoid(g.reshape(x.shape))
""",
    ),
    rejects=(
        # A gate on something else, a gate without a sigmoid, a sink.
        """
class Mixer(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.a, self.g = nn.Linear(c.d, c.d), nn.Linear(c.d, c.d)

    def forward(self, attention):
        return self.a(attention) * torch.sigmoid(self.g(attention))
""",
        """
class Mixer(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.g = nn.Linear(c.d, c.d)

    def forward(self, x):
        return F.scaled_dot_product_attention(x, x, x) * F.silu(self.g(x))
""",
    ),
)
