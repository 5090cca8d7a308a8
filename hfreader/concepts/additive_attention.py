"""Additive attention, by a small network instead of a product."""

from typing import Any

from hfreader.concepts.linear_maps import affine
from hfreader.concepts.model import Citation, Concept, Symbol, Text
from hfreader.concepts.pattern import LINEAR, Anything, Bind, Layer, Op

H = Bind("h", Anything())
ENERGY = Op(("tanh",), (Op(("add",), (Layer(LINEAR, (H,), "w"), Layer(LINEAR, (Bind("s", Anything()),), "u"))),))
WEIGHTS = Bind("weights", Op(("softmax",), (Layer(LINEAR, (ENERGY,), "v"),)))


def reference(h: Any, s: Any, w: Any, u: Any, v: Any, like: Any) -> Any:
    """sum_j a_j h_j, a = softmax_j(tanh(h_j W + s U) v). Shapes: h (B, n, d), s (B, d'), the result (B, d)."""
    energy = (affine(h, w) + affine(s, u)[:, None]).tanh()
    weights = affine(energy, v).softmax(1)
    return (weights * h).sum(1).reshape(like.shape)


_CELL = """
class {name}(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.a, self.b, self.c = nn.Linear(c.d, c.e), nn.Linear(c.e, c.e), nn.Linear(c.e, 1, bias=False)

    def forward(self, h, s):
        {body}
"""

CONCEPT = Concept(
    slug="additive-attention",
    name=Text("Additive attention", "加性注意力"),
    explanation=Text(
        "A recurrent decoder asks at each step which positions of the input matter: a small network of its state and "
        "each position gives a score, a softmax makes weights of the scores, and the weighted mean of the positions "
        "is what it goes on with.",
        "循环解码器在每一步询问输入的哪些位置重要：由它的状态与各位置经小网络得到分数，softmax 得到权重，"
        "各位置的加权平均即为它继续使用的内容。",
    ),
    citations=(
        Citation(
            "Neural Machine Translation by Jointly Learning to Align and Translate",
            "Bahdanau, Cho, Bengio",
            2014,
            "1409.0473",
            "§3.1, Eq. (5), (6)",
        ),
    ),
    equations=(
        r"\sym{output}=\sum_j\sym{weights}_j\,\sym{h}_j,\qquad"
        r"\sym{weights}=\mathrm{softmax}_j\big(\tanh(\sym{h}_j\,\sym{w}+\sym{s}\,\sym{u})\,\sym{v}\big)",
    ),
    symbols=(
        Symbol("h", "h", Text("The positions of the input", "输入的各位置")),
        Symbol("s", "s", Text("The state of the decoder", "解码器的状态")),
        Symbol("w", "W", Text("The map of a position", "位置的映射")),
        Symbol("u", "U", Text("The map of the state", "状态的映射")),
        Symbol("v", "v", Text("The map to one score", "到一个分数的映射")),
        Symbol("weights", r"\alpha", Text("The weights", "权重")),
        Symbol("output", "c", Text("The weighted mean", "加权平均")),
    ),
    patterns=(Bind("output", Op(("matmul",), (WEIGHTS, H))),),
    output="output",
    reference=reference,
    matches=(
        _CELL.format(
            name="Gru",
            body="e = self.c(torch.tanh(self.a(h) + self.b(s).unsqueeze(1)))\n"
            "        return torch.matmul(F.softmax(e, dim=1).transpose(1, 2), h).squeeze(1)",
        ),
    ),
    rejects=(
        # Scores by a product; without the state; weights of something else.
        _CELL.format(
            name="AdditiveAttention",
            body="e = self.c(torch.tanh(self.a(h) * self.b(s).unsqueeze(1)))\n"
            "        return torch.matmul(F.softmax(e, dim=1).transpose(1, 2), h)",
        ),
        _CELL.format(
            name="AdditiveAttention",
            body="e = self.c(torch.tanh(self.a(h)))\n"
            "        return torch.matmul(F.softmax(e, dim=1).transpose(1, 2), h)",
        ),
        _CELL.format(
            name="AdditiveAttention",
            body="e = self.c(torch.tanh(self.a(h) + self.b(s).unsqueeze(1)))\n"
            "        return torch.matmul(F.softmax(e, dim=1).transpose(1, 2), self.b(s))",
        ),
    ),
)
