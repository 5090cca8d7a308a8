"""A relative position bias that the content of the query opens and closes."""

from typing import Any

from hfreader.concepts.attention_heads import mapped
from hfreader.concepts.model import Citation, Concept, Symbol, Text
from hfreader.concepts.pattern import LINEAR, Anything, Bind, Element, Layer, Number, Op

GATES = Op(("sigmoid",), (Op(("sum",), (Layer(LINEAR, (Bind("x", Anything()),), "w"),)),))
PARTS = Op(("chunk", "split"), (GATES,))
RESET = Op(("sub",), (Op(("mul",), (Element(1, PARTS), Bind("scale", Op(("learned",))))), Number(1)))
GATE = Op(("add",), (Op(("mul",), (Element(0, PARTS), RESET)), Number(2)))


def reference(x: Any, w: Any, scale: Any, bias: Any, like: Any) -> Any:
    """B * (g_a (g_b s - 1) + 2), with the gates g = sigmoid of two halves of x W, each summed.

    Shapes: x (B, h, T, d), W (d, 8), scale (1, h, 1, 1), bias (B h, T, S); the result (B h, T, S).
    """
    both = mapped(x, w).unflatten(-1, (2, -1)).sum(-1).sigmoid()
    first, second = both[..., :1], both[..., 1:]
    gate = first * (second * scale - 1) + 2
    return (gate.flatten(0, 1) * bias).reshape(like.shape)


CONCEPT = Concept(
    slug="gated-relative-position-bias",
    name=Text("Gated relative position bias", "门控相对位置偏置"),
    explanation=Text(
        "The bias that a score gets for its distance is multiplied by a gate that the query's content computes, as the "
        "reset and update gates of a recurrent unit do. Silence and speech can thus weigh distance differently.",
        "分数因距离得到的偏置，乘以由查询内容计算的门，类似循环单元中的重置门和更新门。"
        "于是静音与语音可以对距离给予不同的重视。",
    ),
    citations=(
        Citation(
            "WavLM: Large-Scale Self-Supervised Pre-Training for Full Stack Speech Processing",
            "Chen et al.",
            2021,
            "2110.13900",
            "§3.1, gated relative position bias",
        ),
    ),
    equations=(
        r"\sym{output}_{ij}=\big(g^{(a)}_i(g^{(b)}_i\,\sym{scale}-1)+2\big)\,\sym{bias}_{ij},\quad"
        r"[g^{(a)};g^{(b)}]_i=\sigma(\sym{x}_i\,\sym{w})",
    ),
    symbols=(
        Symbol("x", "q", Text("The input of each head", "每个头的输入")),
        Symbol("w", r"[u;w]", Text("Projection to the two gates", "两个门的投影")),
        Symbol("scale", "s", Text("A learned number per head", "每个头一个学习的数")),
        Symbol("bias", "d", Text("The bias of each distance", "每种距离的偏置")),
        Symbol("output", "r", Text("What is added to the scores", "加在分数上的项")),
    ),
    patterns=(Bind("output", Op(("mul",), (GATE, Bind("bias", Anything())))),),
    output="output",
    reference=reference,
    matches=(
        """
class Mixer(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.w, self.s = nn.Linear(c.d // c.h, 8), nn.Parameter(torch.ones(1, c.h, 1, 1))

    def forward(self, x, b):
        y = x.view(*x.shape[:-1], self.s.shape[1], -1).permute(0, 2, 1, 3)
        p, q = torch.sigmoid(self.w(y).view(*y.shape[:-1], 2, 4).sum(-1)).chunk(2, dim=-1)
        g = p * (q * self.s - 1.0) + 2.0
        return g.view(-1, x.shape[1], 1) * b
""",
    ),
    rejects=(
        # One gate alone; a gate that does not start at 2.
        """
class GatedBias(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.gru_rel_pos_linear = nn.Linear(c.d, 8)

    def forward(self, x, b):
        return torch.sigmoid(self.gru_rel_pos_linear(x).sum(-1, keepdim=True)) * b
""",
        """
class GatedBias(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.gru_rel_pos_linear, self.s = nn.Linear(c.d, 8), nn.Parameter(torch.ones(1))

    def forward(self, x, b):
        p, q = torch.sigmoid(self.gru_rel_pos_linear(x).view(*x.shape[:-1], 2, 4).sum(-1)).chunk(2, dim=-1)
        return (p * (q * self.s - 1.0) + 1.0) * b
""",
    ),
)
