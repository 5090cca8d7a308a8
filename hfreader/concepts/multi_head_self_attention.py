"""Multi-head self-attention: several scaled dot-product attentions of projections of one input, side by side."""

from hfreader.concepts.attention_heads import HEAD_SYMBOLS, HINTS, ROTARY_SYMBOLS, heads, reference
from hfreader.concepts.model import Concept, Symbol, Text
from hfreader.concepts.papers import TRANSFORMER, at

CONCEPT = Concept(
    slug="multi-head-self-attention",
    name=Text("Multi-head self-attention", "多头自注意力"),
    explanation=Text(
        "Queries, keys and values are linear maps of the same input, cut into heads that attend independently of each "
        "other. The results of all heads stand side by side and, where W^O is part of the class, are mixed by it.",
        "查询、键、值是同一输入的线性映射，切分成若干个互相独立做注意力的头。"
        "所有头的结果并排拼接，若类中含有 W^O，则再由它混合。",
    ),
    citations=(at(TRANSFORMER, "§3.2.2"),),
    equations=(
        r"\sym{output}=\mathrm{Concat}(\mathrm{head}_1,\dots,\mathrm{head}_h)\,\sym{w_o}",
        r"\mathrm{head}_i=\mathrm{Attention}(\sym{x}\,\sym{w_query},\;\sym{x}\,\sym{w_key},\;\sym{x}\,\sym{w_value})",
    ),
    symbols=(
        *HEAD_SYMBOLS,
        *ROTARY_SYMBOLS,
        Symbol("output", r"\mathrm{MultiHead}(X)", Text("One vector per position", "每个位置一个向量")),
    ),
    patterns=heads(rotary=False, grouped=False),
    output="output",
    reference=reference,
    akin=("rope-multi-head-attention", "grouped-query-attention", "multi-head-cross-attention"),
    matches=(
        """
class Mixer(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.a, self.b = nn.Linear(c.d, c.d), nn.Linear(c.d, c.d)
        self.c = nn.Linear(c.d, c.d)
        self.z = nn.Linear(c.d, c.d)
        self.n = c.n

    def forward(self, query, m):
        s = (query.shape[0], query.shape[1], self.n, -1)
        q, k = (self.a(query).view(s).transpose(1, 2), self.b(query).view(s).transpose(1, 2))
        w = F.softmax(q @ k.transpose(-1, -2) / math.sqrt(q.shape[-1]) + m, dim=-1)
        y = w @ self.c(query).view(s).transpose(1, 2)
        return self.z(y.transpose(1, 2).reshape(query.shape))
""",
        """
class Mlp(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.n = c.n
        self.up = nn.Linear(c.d, 3 * c.d)

    def forward(self, h):
        q, k, v = self.up(h).chunk(3, dim=-1)
        q, k, v = (q.unflatten(-1, (self.n, -1)).transpose(1, 2), k.unflatten(-1, (self.n, -1)).transpose(1, 2),
                   v.unflatten(-1, (self.n, -1)).transpose(1, 2))
        return F.scaled_dot_product_attention(q, k, v).transpose(1, 2).flatten(2)
""",
    ),
    rejects=(
        # Without a softmax; keys and values of another sequence; keys that serve several heads of queries.
        """
class MultiHeadAttention(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.query = nn.Linear(c.d, c.d)
        self.key = nn.Linear(c.d, c.d)
        self.value = nn.Linear(c.d, c.d)
        self.scale = c.d ** -0.5

    def forward(self, x):
        w = self.query(x) @ self.key(x).transpose(-1, -2) * self.scale
        return (w @ self.value(x)).reshape(x.shape)
""",
        """
class SelfAttention(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.query = nn.Linear(c.d, c.d)
        self.key = nn.Linear(c.d, c.d)
        self.value = nn.Linear(c.d, c.d)

    def forward(self, x, memory):
        k, v = self.key(memory), self.value(memory)
        return F.scaled_dot_product_attention(self.query(x), k, v).reshape(x.shape)
""",
        """
class SelfAttention(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.query = nn.Linear(c.d, c.d)
        self.key = nn.Linear(c.d, c.e)
        self.value = nn.Linear(c.d, c.e)
        self.s = c.s

    def forward(self, x):
        q = self.query(x).view(*self.s).transpose(1, 2)
        k = self.key(x).view(*self.s).transpose(1, 2).repeat_interleave(4, dim=1)
        v = self.value(x).view(*self.s).transpose(1, 2).repeat_interleave(4, dim=1)
        return F.scaled_dot_product_attention(q, k, v).reshape(x.shape)
""",
    ),
    hints=HINTS,
)
