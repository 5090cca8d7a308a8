"""Queries and keys that are normalised before they are compared."""

from typing import Any

from hfreader.concepts.attention_heads import rotated
from hfreader.concepts.model import Citation, Concept, Symbol, Text
from hfreader.concepts.norms import norm
from hfreader.concepts.pattern import Anything, Bind, Equation, Itself, OneOf, Op, Pattern


def normalised(name: str, output: str) -> Pattern:
    """A query or key that is normalised by a submodule or a function, perhaps turned or scaled afterwards."""
    raw = Bind(f"{name}_raw", Anything())
    inner = Itself(
        Bind(
            output,
            OneOf(
                (norm(raw, f"{name}_norm"), Op(("rms_norm",), (raw,)), Bind(f"{name}_unit", Op(("normalize",), (raw,))))
            ),
        )
    )
    return OneOf((inner, rotated(inner)))


def reference(
    query_raw: Any,
    key_raw: Any,
    query_norm: Any = None,
    key_norm: Any = None,
    query_unit: Any = None,
    key_unit: Any = None,
) -> dict[str, Any]:
    """Norm(q) and Norm(k); where no module does it, q / |q| (`query_unit`) or q over its root mean square."""
    normed = (
        _normed(raw, module, unit is not None)
        for raw, module, unit in ((query_raw, query_norm, query_unit), (key_raw, key_norm, key_unit))
    )
    return dict(zip(("output", "key_normed"), normed, strict=True))


def _normed(raw: Any, module: Any, unit: bool) -> Any:
    if module is not None:
        return module(raw)
    return raw / (raw.square().sum(-1, keepdim=True) if unit else raw.square().mean(-1, keepdim=True)).sqrt()


CONCEPT = Concept(
    slug="qk-norm",
    name=Text("Query-key normalisation", "查询键归一化"),
    explanation=Text(
        "Queries and keys are normalised before their dot product, head by head or over all heads at "
        "once, so that the "
        "scores cannot grow with the length of the vectors.",
        "查询和键在做点积之前先归一化（逐头或对所有头一起），使分数不随向量长度增长。",
    ),
    citations=(
        Citation("Query-Key Normalization for Transformers", "Henry, Dachapally, Pawar, Chen", 2020, "2010.04245"),
        Citation("Qwen3 Technical Report", "Qwen Team", 2025, "2505.09388"),
    ),
    equations=(r"\sym{output}=\sym{query_norm}(\sym{query_raw}),\qquad\sym{key_normed}=\sym{key_norm}(\sym{key_raw})",),
    symbols=(
        Symbol("query_raw", "q", Text("Queries before", "归一化前的查询")),
        Symbol("key_raw", "k", Text("Keys before", "归一化前的键")),
        Symbol(
            "query_norm",
            r"\mathrm{Norm}_q",
            Text("A layer norm, an RMS norm or a division by the length", "层归一化、RMS 归一化或除以长度"),
            ("query_unit",),
        ),
        Symbol("key_norm", r"\mathrm{Norm}_k", Text("The same for keys", "键的归一化"), ("key_unit",)),
        Symbol("query_unit", r"q/\lVert q\rVert", Text("Queries of length 1", "长度为 1 的查询")),
        Symbol("key_unit", r"k/\lVert k\rVert", Text("Keys of length 1", "长度为 1 的键")),
        Symbol("key_normed", r"\hat k", Text("Normalised keys", "归一化后的键")),
        *(
            Symbol(name, latex, Text(f"{en} of the rotation, where there is one", f"旋转的{zh}（若有）"))
            for name, latex, en, zh in (
                ("cos", r"\cos m\Theta", "Cosines", "余弦"),
                ("sin", r"\sin m\Theta", "Sines", "正弦"),
            )
        ),
        Symbol("output", r"\hat q", Text("Normalised queries", "归一化后的查询")),
    ),
    patterns=(
        Equation(
            "scaled-dot-product-attention",
            where=(("query", normalised("query", "output")), ("key", normalised("key", "key_normed"))),
        ),
    ),
    output="output",
    reference=reference,
    matches=(
        """
class Mixer(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.a, self.b, self.c = nn.Linear(c.d, c.d), nn.Linear(c.d, c.d), nn.Linear(c.d, c.d)
        self.f, self.g = nn.RMSNorm(c.h), nn.RMSNorm(c.h)
        self.h = c.h

    def forward(self, x, c, s):
        q, k, v = (one.unflatten(-1, (-1, self.h)) for one in (self.a(x), self.b(x), self.c(x)))
        q, k = self.f(q).transpose(1, 2), self.g(k).transpose(1, 2)
        q = q * c + torch.cat((-q[..., self.h // 2 :], q[..., : self.h // 2]), dim=-1) * s
        k = k * c + torch.cat((-k[..., self.h // 2 :], k[..., : self.h // 2]), dim=-1) * s
        return F.scaled_dot_product_attention(q, k, v.transpose(1, 2))
""",
        """
def mixer(a, b, v):
    return F.scaled_dot_product_attention(F.normalize(a, dim=-1), F.normalize(b, dim=-1), v)
""",
    ),
    rejects=(
        # Queries alone; the input of both; a norm of a latent vector before a second projection.
        """
class Mixer(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.q_norm = nn.LayerNorm(c.d)

    def forward(self, q, k, v):
        return F.scaled_dot_product_attention(self.q_norm(q), k, v)
""",
        """
class Mixer(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.q_norm, self.k_norm = nn.LayerNorm(c.d), nn.LayerNorm(c.d)
        self.a, self.b = nn.Linear(c.d, c.d), nn.Linear(c.d, c.d)

    def forward(self, q, k, v):
        return F.scaled_dot_product_attention(self.a(self.q_norm(q)), self.b(self.k_norm(k)), v)
""",
    ),
    hints=frozenset({"query_unit", "key_unit"}),
)
