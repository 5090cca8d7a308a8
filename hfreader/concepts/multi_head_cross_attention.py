"""Multi-head cross-attention: keys and values come from another sequence than the queries."""

from hfreader.concepts.attention_examples import mixer
from hfreader.concepts.attention_heads import HEAD_SYMBOLS, HINTS, MEMORY, ROTARY_SYMBOLS, heads, reference
from hfreader.concepts.model import Concept, Symbol, Text
from hfreader.concepts.papers import TRANSFORMER, at

CONCEPT = Concept(
    slug="multi-head-cross-attention",
    name=Text("Multi-head cross-attention", "多头交叉注意力"),
    explanation=Text(
        (
            "Queries come from one sequence, keys and values from another one, so that every position of the "
            "first can take in what it needs from the second: a decoder from its encoder, a text from an "
            "image."
        ),
        (
            "查询来自一个序列，键和值来自另一个序列，使前者的每个位置都能从后者取得所需信息："
            "如解码器读取编码器、文本读取图像。"
        ),
    ),
    citations=(at(TRANSFORMER, "§3.2.3"),),
    equations=(
        r"\sym{output}=\mathrm{Concat}(\mathrm{head}_1,\dots,\mathrm{head}_h)\,\sym{w_o}",
        (
            r"\mathrm{head}_i=\mathrm{Attention}(\sym{x}\,\sym{w_query},\;\sym{memory}\,\sym{w_key},"
            r"\;\sym{memory}\,\sym{w_value})"
        ),
    ),
    symbols=(
        *HEAD_SYMBOLS,
        *ROTARY_SYMBOLS,
        Symbol("output", r"\mathrm{MultiHead}(X)", Text("One vector per position", "每个位置一个向量")),
    ),
    patterns=heads(rotary=False, grouped=False, source=MEMORY),
    output="output",
    reference=reference,
    akin=("multi-head-self-attention",),
    matches=(
        mixer(read="y"),
        # Self-attention where no other sequence is given.
        """
class Mixer(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.a, self.b, self.c = nn.Linear(c.d, c.d), nn.Linear(c.d, c.d), nn.Linear(c.d, c.d)
        self.z = nn.Linear(c.d, c.d)
        self.h = c.h

    def forward(self, x, y=None):
        e = x if y is None else y
        q = self.a(x).view(*x.shape[:-1], -1, self.h).transpose(1, 2) * self.h ** -0.5
        k = self.b(e).view(*e.shape[:-1], -1, self.h).transpose(1, 2)
        v = self.c(e).view(*e.shape[:-1], -1, self.h).transpose(1, 2)
        return self.z((F.softmax(q @ k.transpose(2, 3), dim=-1) @ v).transpose(1, 2).flatten(2))
""",
    ),
    rejects=(
        # Self-attention alone, with a mask; keys of the other sequence, but values of this one.
        mixer(),
        """
class CrossAttention(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.a, self.b, self.c = nn.Linear(c.d, c.d), nn.Linear(c.d, c.d), nn.Linear(c.d, c.d)

    def forward(self, x, encoder_hidden_states):
        q, k, v = self.a(x), self.b(encoder_hidden_states), self.c(x)
        return F.scaled_dot_product_attention(q, k, v).transpose(1, 2).flatten(2)
""",
    ),
    hints=HINTS,
)
