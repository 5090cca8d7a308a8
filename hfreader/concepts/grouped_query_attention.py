"""Grouped-query attention without rotary positions: several heads of queries share one head of keys and values."""

from hfreader.concepts.attention_heads import HEAD_SYMBOLS, HINTS, MEMORY, ROTARY_SYMBOLS, heads, reference
from hfreader.concepts.model import Concept, Symbol, Text
from hfreader.concepts.papers import GQA, MULTI_QUERY, at

CONCEPT = Concept(
    slug="grouped-query-attention",
    name=Text("Grouped-query attention", "分组查询注意力"),
    explanation=Text(
        (
            "Heads of queries come in groups, and each group shares one head of keys and values. With one "
            "group for all it is multi-query attention, with as many groups as heads multi-head attention. "
            "Keys and values, which a cache must hold, become fewer."
        ),
        (
            "查询头分成若干组,每组共享一个键值头。只有一组时即多查询注意力,组数等于头数时即多头注意力。"
            "需要缓存的键和值因此变少。"
        ),
    ),
    citations=(
        at(GQA, "§2.2"),
        MULTI_QUERY,
    ),
    equations=(
        r"\sym{output}=\mathrm{Concat}(\mathrm{head}_1,\dots,\mathrm{head}_H)\,\sym{w_o}",
        (
            r"\mathrm{head}_i=\mathrm{Attention}(\sym{x}\,\sym{w_query},\;\sym{x}\,W_{g(i)}^{K},\;\sym{x}\,"
            r"W_{g(i)}^{V}),\quad g(i)=\lfloor iG/H\rfloor"
        ),
    ),
    symbols=(
        *HEAD_SYMBOLS,
        *ROTARY_SYMBOLS,
        Symbol("output", r"\mathrm{MultiHead}(X)", Text("One vector per position", "每个位置一个向量")),
    ),
    patterns=(*heads(rotary=False, grouped=True), *heads(rotary=False, grouped=True, source=MEMORY)),
    output="output",
    reference=reference,
    matches=(
        """
def rep(t, n):
    b, h, l, d = t.shape
    if n == 1:
        return t
    return t[:, :, None, :, :].expand(b, h, n, l, d).reshape(b, h * n, l, d)

class Mixer(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.a, self.b = nn.Linear(c.d, c.d), nn.Linear(c.d, c.e)
        self.c = nn.Linear(c.d, c.e)
        self.z = nn.Linear(c.d, c.d)
        self.h, self.g = c.h, c.g

    def forward(self, x, m):
        q = self.a(x).view(*x.shape[:-1], -1, self.h).transpose(1, 2)
        k = self.b(x).view(*x.shape[:-1], -1, self.h).transpose(1, 2)
        v = self.c(x).view(*x.shape[:-1], -1, self.h).transpose(1, 2)
        k, v = rep(k, self.g), rep(v, self.g)
        w = F.softmax(q @ k.transpose(-1, -2) * self.h ** -0.5 + m, dim=-1)
        return self.z((w @ v).transpose(1, 2).reshape(x.shape))
""",
        # Keys and values of another sequence.
        """
def rep(t, n):
    b, h, l, d = t.shape
    if n == 1:
        return t
    return t[:, :, None, :, :].expand(b, h, n, l, d).reshape(b, h * n, l, d)

class Mixer(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.a, self.b = nn.Linear(c.d, c.d), nn.Linear(c.d, c.e)
        self.c = nn.Linear(c.d, c.e)
        self.z = nn.Linear(c.d, c.d)
        self.h, self.g = c.h, c.g

    def forward(self, x, y, m):
        q = self.a(x).view(*x.shape[:-1], -1, self.h).transpose(1, 2)
        k = self.b(y).view(*y.shape[:-1], -1, self.h).transpose(1, 2)
        v = self.c(y).view(*y.shape[:-1], -1, self.h).transpose(1, 2)
        k, v = rep(k, self.g), rep(v, self.g)
        w = F.softmax(q @ k.transpose(-1, -2) * self.h ** -0.5 + m, dim=-1)
        return self.z((w @ v).transpose(1, 2).reshape(x.shape))
""",
    ),
    rejects=(
        # Without groups; with a turn.
        """
class Mixer(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.a, self.b = nn.Linear(c.d, c.d), nn.Linear(c.d, c.e)
        self.c = nn.Linear(c.d, c.e)
        self.z = nn.Linear(c.d, c.d)
        self.h, self.g = c.h, c.g

    def forward(self, x, m):
        q = self.a(x).view(*x.shape[:-1], -1, self.h).transpose(1, 2)
        k = self.b(x).view(*x.shape[:-1], -1, self.h).transpose(1, 2)
        v = self.c(x).view(*x.shape[:-1], -1, self.h).transpose(1, 2)
        w = F.softmax(q @ k.transpose(-1, -2) * self.h ** -0.5 + m, dim=-1)
        return self.z((w @ v).transpose(1, 2).reshape(x.shape))
""",
        """
def other(t):
    a, b = t[..., : t.shape[-1] // 2], t[..., t.shape[-1] // 2 :]
    return torch.cat((-b, a), dim=-1)

def rep(t, n):
    b, h, l, d = t.shape
    if n == 1:
        return t
    return t[:, :, None, :, :].expand(b, h, n, l, d).reshape(b, h * n, l, d)

class Mixer(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.a, self.b = nn.Linear(c.d, c.d), nn.Linear(c.d, c.e)
        self.c = nn.Linear(c.d, c.e)
        self.z = nn.Linear(c.d, c.d)
        self.h, self.g = c.h, c.g

    def forward(self, x, c, s, m):
        q = self.a(x).view(*x.shape[:-1], -1, self.h).transpose(1, 2)
        k = self.b(x).view(*x.shape[:-1], -1, self.h).transpose(1, 2)
        v = self.c(x).view(*x.shape[:-1], -1, self.h).transpose(1, 2)
        q, k = q * c + other(q) * s, k * c + other(k) * s
        k, v = rep(k, self.g), rep(v, self.g)
        w = F.softmax(q @ k.transpose(-1, -2) * self.h ** -0.5 + m, dim=-1)
        return self.z((w @ v).transpose(1, 2).reshape(x.shape))
""",
    ),
    hints=HINTS,
)
