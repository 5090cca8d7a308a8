"""Scaled dot-product attention, equation (1) of the Transformer paper."""

from hfreader.concepts.attentions import DETAIL_SYMBOLS, attention, reference
from hfreader.concepts.model import Concept, Symbol, Text
from hfreader.concepts.papers import TRANSFORMER, at
from hfreader.concepts.pattern import Anything, Bind

CONCEPT = Concept(
    slug="scaled-dot-product-attention",
    name=Text("Scaled dot-product attention", "缩放点积注意力"),
    explanation=Text(
        "Every query is compared with every key by a dot product; a softmax over the keys turns the comparisons into "
        "weights, and the output is the average of the values under these weights. Dividing by the square root of the "
        "key dimension keeps the dot products from growing with it, where the softmax would hardly pass gradients.",
        "每个查询与每个键做点积比较，对键做 softmax 得到权重，输出是值按这些权重的平均。"
        "除以键维度的平方根，使点积不随维度增大，否则 softmax 的梯度会变得极小。",
    ),
    citations=(at(TRANSFORMER, "§3.2.1, Eq. (1); masking: §3.2.3"),),
    equations=(
        r"\sym{output}=\sym{softmax}\!\left(\frac{\sym{query}\,\sym{key}^{\top}}{\sym{scale}}"
        r"+\sym{mask}\right)\sym{value}",
    ),
    symbols=(
        Symbol("query", "Q", Text("Queries, one row per position that asks", "查询：每个提问位置一行")),
        Symbol("key", "K", Text("Keys, one row per position that is looked at", "键：每个被查看的位置一行")),
        Symbol("value", "V", Text("Values that are averaged", "被加权平均的值")),
        *DETAIL_SYMBOLS,
        Symbol(
            "output", r"\mathrm{Attention}(Q,K,V)", Text("One mixture of values per query", "每个查询得到的值的混合")
        ),
    ),
    patterns=(Bind("output", attention(*(Bind(name, Anything()) for name in ("query", "key", "value")))),),
    output="output",
    reference=reference,
    akin=("unscaled-dot-product-attention",),
    matches=(
        """
def route(a, b, c, m=None, s=None):
    if s is None:
        s = a.size(-1) ** -0.5
    w = torch.matmul(a, b.transpose(2, 3)) * s
    if m is not None:
        w = w + m
    w = F.dropout(F.softmax(w, dim=-1, dtype=torch.float32).to(a.dtype), p=0.1)
    return torch.matmul(w, c).transpose(1, 2), w
""",
        """
def value(values, keys, queries):
    return ((values / math.sqrt(values.shape[-1])) @ keys.transpose(-2, -1)).softmax(-1) @ queries
""",
        """
def kernel(q, k, v, m):
    return F.scaled_dot_product_attention(q, k, v, attn_mask=m)
""",
        # Grouped queries, capped scores, a sink; scores and bias in one call; a mask that blots out.
        """
def rep(t, n):
    b, h, l, d = t.shape
    if n == 1:
        return t
    return t[:, :, None, :, :].expand(b, h, n, l, d).reshape(b, h * n, l, d)

def kernel(module, a, b, c, m, scaling, cap=None):
    w = torch.matmul(a, rep(b, module.groups).transpose(2, 3)) * scaling
    if cap is not None:
        w = torch.tanh(w / cap) * cap
    if m is not None:
        w = w + m
    s = module.s.reshape(1, -1, 1, 1).expand(a.shape[0], -1, a.shape[-2], -1)
    w = torch.cat([w, s], dim=-1)
    w = w - w.max(dim=-1, keepdim=True).values
    p = F.softmax(w, dim=-1, dtype=w.dtype)[..., :-1]
    return torch.matmul(p, rep(c, module.groups)).transpose(1, 2), p
""",
        # Queries and keys are each divided by the root of the scale.
        """
def kernel(q, k, v, d):
    q, k = q / math.sqrt(math.sqrt(d)), k / math.sqrt(math.sqrt(d))
    return F.softmax(q @ k.transpose(-1, -2), dim=-1) @ v
""",
        """
def kernel(q, k, v, slopes, m, scaling):
    w = slopes.baddbmm(batch1=q, batch2=k.transpose(-1, -2), beta=1.0, alpha=scaling)
    return torch.bmm(F.softmax(torch.where(m, w, -1e4), dim=-1), v)
""",
    ),
    rejects=(
        # A router: a softmax over experts, no values.
        """
def attention(query, key, scaling):
    scores = F.softmax(torch.matmul(query, key.transpose(-1, -2)) * scaling, dim=-1)
    return torch.topk(scores, 2)
""",
        # Maps without values, a mask that is subtracted, no softmax, cosine attention with a learned temperature.
        """
def attention(query, key, m, s):
    return F.softmax(torch.matmul(query, key.transpose(-1, -2)) * s + m, dim=-1)
""",
        """
def attention(query, key, value, mask, s):
    return F.softmax(query @ key.transpose(-1, -2) * s - mask, dim=-1) @ value
""",
        """
def attention(query, key, value, s):
    return (query @ key.transpose(-1, -2) * s) @ value
""",
        """
class Attention(nn.Module):
    def __init__(self):
        super().__init__()
        self.scale = nn.Parameter(torch.ones(8, 1, 1))

    def forward(self, query, key, value):
        scores = F.normalize(query, dim=-1) @ F.normalize(key, dim=-1).transpose(-2, -1)
        return F.softmax(scores * self.scale.clamp(max=4.6).exp(), dim=-1) @ value
""",
        # A last key that is dropped after the softmax, but not one score more; a cap that is no cap.
        """
def attention(query, key, value, s):
    return F.softmax(query @ key.transpose(-1, -2) * s, dim=-1)[..., :-1] @ value
""",
        """
def attention(query, key, value, s, c):
    return F.softmax(torch.tanh(query @ key.transpose(-1, -2) * s / c) * s, dim=-1) @ value
""",
        # A softmax over the queries.
        """
def attention(query, key, value, s):
    return F.softmax(query @ key.transpose(-1, -2) * s, dim=-2) @ value
""",
    ),
    hints=frozenset({"scale"}),
)
