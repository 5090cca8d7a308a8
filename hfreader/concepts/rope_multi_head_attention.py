"""Multi-head attention whose queries and keys are turned by their positions."""

from hfreader.concepts.attention_examples import PARTIAL_TURN, TURN, WHOLE_TURN, mixer
from hfreader.concepts.attention_heads import HEAD_SYMBOLS, HINTS, ROTARY_SYMBOLS, heads, reference
from hfreader.concepts.model import Concept, Symbol, Text
from hfreader.concepts.papers import ROFORMER, at

CONCEPT = Concept(
    slug="rope-multi-head-attention",
    name=Text("Multi-head attention with rotary embedding", "带旋转位置编码的多头注意力"),
    explanation=Text(
        (
            "Multi-head self-attention in which queries and keys, but not values, are turned by an angle "
            "that grows with their position. Their dot products then depend on the distance between two "
            "positions."
        ),
        "多头自注意力，其中查询和键（值除外）按随位置增大的角度旋转，因此两者的点积取决于两个位置之间的距离。",
    ),
    citations=(at(ROFORMER, "§3.2.2, Eq. (16)"),),
    equations=(
        (
            r"q_m=R^{d}_{\Theta,m}\,\sym{w_query}\,\sym{x}_m,\quad k_n=R^{d}_{\Theta,n}\,\sym{w_key}\,"
            r"\sym{x}_n,\quad v_n=\sym{w_value}\,\sym{x}_n"
        ),
        (
            r"\sym{output}_m=\sym{w_o}"
            r"\sum_n\sym{softmax}_n\!\left(\frac{q_m^{\top}k_n}{\sym{scale}}+\sym{mask}_{mn}\right)v_n"
        ),
    ),
    symbols=(
        *HEAD_SYMBOLS,
        *ROTARY_SYMBOLS,
        Symbol("output", r"\mathrm{MultiHead}(X)", Text("One vector per position", "每个位置一个向量")),
    ),
    patterns=heads(rotary=True, grouped=False),
    output="output",
    reference=reference,
    akin=("multi-head-self-attention", "rope-grouped-query-attention"),
    matches=(
        mixer(WHOLE_TURN),
        # The projections in one matrix, head by head.
        TURN
        + """
class Mixer(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.w = nn.Linear(c.d, 3 * c.d)
        self.z = nn.Linear(c.d, c.d)
        self.h = c.h

    def forward(self, x, c, s):
        q, k, v = self.w(x).view(*x.shape[:-1], -1, 3 * self.h).transpose(1, 2).chunk(3, dim=-1)
        q, k = q * c + other(q) * s, k * c + other(k) * s
        return self.z(F.scaled_dot_product_attention(q, k, v).transpose(1, 2).flatten(2))
""",
        # Only the first coordinates are turned.
        mixer(PARTIAL_TURN),
        # Normalised before they are turned.
        mixer(WHOLE_TURN, normed="before"),
    ),
    rejects=(
        # Without a turn; keys that serve several heads; an input that is turned before it is projected.
        mixer(),
        mixer(WHOLE_TURN, grouped=True),
        TURN
        + """
class RotaryAttention(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.a, self.b, self.c = nn.Linear(c.d, c.d), nn.Linear(c.d, c.d), nn.Linear(c.d, c.d)

    def forward(self, x, c, s):
        y = x * c + other(x) * s
        q, k, v = (one.unflatten(-1, (4, -1)).transpose(1, 2) for one in (self.a(y), self.b(y), self.c(x)))
        return F.scaled_dot_product_attention(q, k, v).transpose(1, 2).flatten(2)
""",
    ),
    hints=HINTS,
)
