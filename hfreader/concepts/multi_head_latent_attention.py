"""Multi-head latent attention: keys and values are expanded from one small latent vector per position."""

from typing import Any

from hfreader.concepts.attention_heads import FOLD, HINTS, ROTARY, ROTARY_SYMBOLS, mapped, rotate, with_past
from hfreader.concepts.attentions import DETAIL_SYMBOLS, DETAILS
from hfreader.concepts.attentions import reference as attention_reference
from hfreader.concepts.model import Citation, Concept, Symbol, Text
from hfreader.concepts.norms import norm
from hfreader.concepts.pattern import LINEAR, Anything, Bind, Element, Equation, Joined, Layer, OneOf, Op, Pattern

X = Bind("x", Anything())


def parts(whole: Pattern) -> tuple[Pattern, Pattern]:
    """Both parts of a vector that `split` cuts in two."""
    cut = Op(("split",), (whole,))
    return Element(0, cut), Element(1, cut)


def turned(one: Pattern, keep: tuple[str, ...] = ()) -> Pattern:
    """A part that is turned by its position, or that would be."""
    return OneOf((Equation("rotary-position-embedding", where=(("x", one),), keep=keep), one))


LATENT, SHARED_KEY = parts(Layer(LINEAR, (X,), "w_down"))
KEY, VALUE = parts(Layer(LINEAR, (norm(LATENT, "latent_norm"),), "w_up"))
FULL_QUERY = Layer(LINEAR, (X,), "w_query")
LOW_QUERY = Layer(LINEAR, (norm(Layer(LINEAR, (X,), "w_query_down"), "query_norm"),), "w_query_up")
QUERY_CONTENT, QUERY_POSITION = parts(OneOf((LOW_QUERY, FULL_QUERY)))
ATTENTION = Equation(
    "scaled-dot-product-attention",
    where=(
        ("key", Bind("key", Joined(KEY, turned(SHARED_KEY)))),
        ("query", Bind("query", Joined(QUERY_CONTENT, turned(QUERY_POSITION, ROTARY)))),
        ("value", Bind("value", VALUE)),
    ),
    keep=DETAILS,
)


def reference(
    x: Any,
    key: Any,
    value: Any,
    w_down: Any,
    latent_norm: Any,
    w_up: Any,
    w_o: Any,
    w_query: Any = None,
    w_query_down: Any = None,
    query_norm: Any = None,
    w_query_up: Any = None,
    cos: Any = None,
    sin: Any = None,
    freqs: Any = None,
    half_1: Any = None,
    even: Any = None,
    gathered: Any = None,
    mask: Any = None,
    scale: Any = None,
    sinks: Any = None,
) -> dict[str, Any]:
    """Keys [W^UK c; RoPE(W^KR x)] and values W^UV c of the latent c = Norm(W^DKV x); queries alike.

    Shapes: x (B, T, d_model); the captured `key` (B, h, S, d_c + d_r) and `value` (B, h, S, d_v) tell the sizes, and
    hold those of earlier positions where there is a cache.
    """
    rank, size = w_up.weight.shape[0], key.shape[-1]
    down = mapped(x, w_down)
    shared = down[..., rank:][:, None]
    content = size - shared.shape[-1]
    up = mapped(latent_norm(down[..., :rank]), w_up).unflatten(-1, (-1, content + value.shape[-1])).transpose(1, 2)
    low = w_query_up is not None
    wide = mapped(query_norm(mapped(x, w_query_down)), w_query_up) if low else mapped(x, w_query)
    query = wide.unflatten(-1, (-1, size)).transpose(1, 2)
    table = (cos, sin) if freqs is None else (freqs.real, freqs.imag)
    shared, turned_query = (
        one if table[0] is None else rotate(one, *table, shared.shape[-1], half_1 is not None, gathered is not None)
        for one in (shared, query[..., content:])
    )
    q, k = query.clone(), up.new_empty(*up.shape[:-1], size)
    q[..., content:], k[..., :content], k[..., content:] = turned_query, up[..., :content], shared
    k, v = with_past(k, key), with_past(up[..., content:], value)
    mixed = attention_reference(q, k, v, mask, scale=scale, sinks=sinks)["output"].transpose(1, 2).flatten(2)
    return {"key": k, "value": v, "output": mapped(mixed, w_o)}


CONCEPT = Concept(
    slug="multi-head-latent-attention",
    name=Text("Multi-head latent attention", "多头潜在注意力"),
    explanation=Text(
        "Each position is pressed into one small latent vector, from which the keys and values of all heads are "
        "expanded again, so that a cache need hold the latent alone. Positions enter by separate coordinates of "
        "queries and keys that are turned; the turned part of the key is shared by all heads.",
        "每个位置先压缩成一个小的潜在向量，再由它展开出所有头的键和值，因此缓存只需保存潜在向量。"
        "位置信息通过查询和键中另外的、经旋转的坐标进入；键的旋转部分由所有头共享。",
    ),
    citations=(
        Citation("DeepSeek-V2", "DeepSeek-AI", 2024, "2405.04434", "§2.1"),
        Citation("DeepSeek-V3 Technical Report", "DeepSeek-AI", 2024, "2412.19437", "§2.1.1, Eq. (1)-(11)"),
    ),
    equations=(
        r"[c_t;\,k_t^{R}]=\sym{w_down}\,\sym{x}_t,\qquad [k_{t}^{C};\,v_{t}^{C}]=\sym{w_up}\,\sym{latent_norm}(c_t)",
        r"q_t=\sym{w_query_up}\,\sym{query_norm}(\sym{w_query_down}\,\sym{x}_t)=[q_t^{C};\,q_t^{R}]",
        (
            r"\sym{key}_{t,i}=[k_{t,i}^{C};\,\mathrm{RoPE}(k_t^{R})],\qquad\sym{query}_{t,i}=[q_{t,i}^{C};\,"
            r"\mathrm{RoPE}(q_{t,i}^{R})]"
        ),
        (
            r"\sym{output}=\sym{w_o}\,\mathrm{Concat}_i\,\sym{softmax}\!\left(\frac{\sym{query}_i\,"
            r"\sym{key}_i^{\top}}{\sym{scale}}+\sym{mask}\right)\sym{value}_i"
        ),
    ),
    symbols=(
        Symbol("x", "h", Text("The input, one row per position", "输入，每个位置一行")),
        Symbol(
            "w_down",
            r"[W^{DKV};W^{KR}]",
            Text("Map to the latent and to the key's turned part", "到潜在向量及键的旋转部分的映射"),
        ),
        Symbol("latent_norm", r"\mathrm{Norm}", Text("Normalisation of the latent", "潜在向量的归一化")),
        Symbol("w_up", r"[W^{UK};W^{UV}]", Text("Map from the latent to keys and values", "由潜在向量到键和值的映射")),
        Symbol(
            "w_query", "W^{Q}", Text("Map to queries, where these have no latent", "查询的映射（查询无潜在向量时）")
        ),
        Symbol(
            "w_query_down", "W^{DQ}", Text("Map to the latent of the queries", "到查询潜在向量的映射"), ("w_query",)
        ),
        Symbol(
            "query_norm",
            r"\mathrm{Norm}_q",
            Text("Normalisation of the queries' latent", "查询潜在向量的归一化"),
            ("w_query",),
        ),
        Symbol("w_query_up", r"[W^{UQ};W^{QR}]", Text("Map from it to queries", "由其到查询的映射"), ("w_query",)),
        Symbol("query", "q", Text("Queries, in heads", "分头后的查询")),
        Symbol("key", "k", Text("Keys, in heads", "分头后的键")),
        Symbol("value", "v^{C}", Text("Values, in heads", "分头后的值")),
        *DETAIL_SYMBOLS,
        *ROTARY_SYMBOLS,
        Symbol("w_o", "W^O", Text("Output projection", "输出投影")),
        Symbol("output", "u", Text("One vector per position", "每个位置一个向量")),
    ),
    patterns=(Bind("output", Layer(LINEAR, (Op(FOLD, (ATTENTION,)),), "w_o")),),
    output="output",
    reference=reference,
    matches=(
        """
def other(t):
    a, b = t[..., : t.shape[-1] // 2], t[..., t.shape[-1] // 2 :]
    return torch.cat((-b, a), dim=-1)

class Mixer(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.a, self.n, self.b = nn.Linear(c.d, c.r + c.p), nn.RMSNorm(c.r), nn.Linear(c.r, c.h * (c.k + c.v))
        self.q, self.o = nn.Linear(c.d, c.h * (c.k + c.p)), nn.Linear(c.h * c.v, c.d)
        self.r, self.p, self.k, self.v = c.r, c.p, c.k, c.v

    def forward(self, x, cos, sin, m):
        q = self.q(x).view(*x.shape[:-1], -1, self.k + self.p).transpose(1, 2)
        q, e = torch.split(q, [self.k, self.p], dim=-1)
        c, f = torch.split(self.a(x), [self.r, self.p], dim=-1)
        f = f.view(x.shape[0], 1, x.shape[1], self.p)
        w = self.b(self.n(c)).view(*x.shape[:-1], -1, self.k + self.v).transpose(1, 2)
        k, v = torch.split(w, [self.k, self.v], dim=-1)
        e, f = e * cos + other(e) * sin, f * cos + other(f) * sin
        z = w.new_empty(*w.shape[:-1], self.k + self.p)
        z[..., : self.k].copy_(k)
        z[..., self.k :].copy_(f.expand(-1, k.shape[1], -1, -1))
        w = F.softmax(torch.cat((q, e), dim=-1) @ z.transpose(2, 3) * (self.k + self.p) ** -0.5 + m, dim=-1)
        return self.o((w @ v).transpose(1, 2).reshape(*x.shape[:-1], -1))
""",
    ),
    rejects=(
        # Projections of low rank, without a latent that keys and values share.
        """
class LatentAttention(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.q_a, self.q_b = nn.Linear(c.d, c.r), nn.Linear(c.r, c.d)
        self.k, self.v, self.o = nn.Linear(c.d, c.d), nn.Linear(c.d, c.d), nn.Linear(c.d, c.d)

    def forward(self, x):
        q, k, v = self.q_b(self.q_a(x)), self.k(x), self.v(x)
        return self.o(F.scaled_dot_product_attention(q, k, v).transpose(1, 2).flatten(2))
""",
    ),
    hints=HINTS,
)
