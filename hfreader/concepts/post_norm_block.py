"""The post-norm Transformer block, as in the original paper and BERT."""

from typing import Any

from hfreader.concepts.blocks import ATTENTION, UNNORMED
from hfreader.concepts.model import Concept, Symbol, Text
from hfreader.concepts.norms import norm
from hfreader.concepts.papers import TRANSFORMER, at
from hfreader.concepts.pattern import Anything, Bind, Both, Branch, Op

X, MIDDLE = Bind("x", Anything()), Bind("middle", Anything())
ATTENDED = Both(UNNORMED, Branch(source=X, contains=ATTENTION, inputs=("query", "key", "value")))
FIRST = norm(Op(("add",), (X, Bind("attention", ATTENDED))), "norm_1")
FED = Both(UNNORMED, Branch(source=MIDDLE, without=ATTENTION))
SECOND = norm(Op(("add",), (Bind("middle", FIRST), Bind("ffn", FED))), "norm_2")


def reference(x: Any, attention: Any, norm_1: Any, ffn: Any, norm_2: Any) -> dict[str, Any]:
    """LN_2(y + FFN(y)) with y = LN_1(x + Attn(x)). The branches are taken as they were computed.

    Shapes: all alike, (..., d); the second sub-layer may have its positions flattened."""
    middle = norm_1(x + attention).reshape(ffn.shape)
    return {"middle": middle, "output": norm_2(middle + ffn)}


EXAMPLE = """
class Inner(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.q, self.k, self.v = nn.Linear(c.d, c.d), nn.Linear(c.d, c.d), nn.Linear(c.d, c.d)
        self.o = nn.Linear(c.d, c.d)

    def forward(self, h, m):
        w = F.softmax(self.q(h) @ self.k(m).transpose(-1, -2) / math.sqrt(h.shape[-1]), dim=-1)
        return self.o(w @ self.v(m))

class Rms(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.weight = nn.Parameter(torch.ones(c.d))

    def forward(self, h):
        return self.weight * (h * torch.rsqrt(h.pow(2).mean(-1, keepdim=True) + 1e-6))

class {name}(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.a = Inner(c)
        self.u, self.d = nn.Linear(c.d, c.e), nn.Linear(c.e, c.d)
        self.n, self.m, self.r = nn.LayerNorm(c.d), nn.LayerNorm(c.d), Rms(c)

    def forward(self, x, z=None):
        {body}

    def f(self, h):
        return self.d(F.gelu(self.u(h)))
"""
POST = "x = self.n(x + self.a(x, x))\n        return self.m(x + self.f(x))"
PRE = "h = self.n(x)\n        x = x + self.a(h, h)\n        return x + self.f(self.m(x))"
PRE_RMS = "h = self.r(x)\n        x = self.a(h, h) + x\n        return x + F.dropout(self.f(self.m(x)))"
OUTPUT = "x = x + self.n(self.a(x, x))\n        return x + self.m(self.f(x))"
SANDWICH = "h = self.n(x)\n        x = x + self.r(self.a(h, h))\n        return x + self.r(self.f(self.m(x)))"
PARALLEL = "h = self.n(x)\n        return x + self.a(h, h) + self.f(h)"
CROSS = "x = self.n(x + self.a(x, z))\n        return self.m(x + self.f(x))"
PRE_CROSS = "x = x + self.a(self.n(x), z)\n        return x + self.f(self.m(x))"

CONCEPT = Concept(
    slug="post-norm-block",
    kind="composition",
    name=Text("Post-norm Transformer block", "后置归一化 Transformer 块"),
    explanation=Text(
        "Self-attention and a feed-forward network in turn, each with a residual around it and a norm over the "
        "sum. This "
        "is the block of the original Transformer and of BERT; deep stacks of it need a learning-rate warm-up.",
        "依次是自注意力和前馈网络，每个外面有残差，再对和做归一化。这是原始 Transformer 与 BERT 的块，"
        "堆得很深时需要学习率预热。",
    ),
    citations=(at(TRANSFORMER, "§3.1"),),
    equations=(
        r"\sym{middle}=\sym{norm_1}(\sym{x}+\sym{attention})",
        r"\sym{output}=\sym{norm_2}(\sym{middle}+\sym{ffn})",
    ),
    symbols=(
        Symbol("x", "x", Text("The input of the block", "块的输入")),
        Symbol("attention", r"\mathrm{Attn}(x)", Text("Output of self-attention", "自注意力的输出")),
        Symbol("norm_1", r"\mathrm{LN}_1", Text("Norm after attention", "注意力之后的归一化")),
        Symbol("middle", "y", Text("Output of the first sub-layer", "第一个子层的输出")),
        Symbol("ffn", r"\mathrm{FFN}(y)", Text("Output of the feed-forward network", "前馈网络的输出")),
        Symbol("norm_2", r"\mathrm{LN}_2", Text("Norm after the feed-forward network", "前馈网络之后的归一化")),
        Symbol("output", "x'", Text("The output of the block", "块的输出")),
    ),
    patterns=(Bind("output", SECOND),),
    output="output",
    reference=reference,
    akin=("post-norm-cross-block", "pre-norm-block"),
    matches=(EXAMPLE.format(name="PreNorm", body=POST),),
    rejects=tuple(
        EXAMPLE.format(name="PostNorm", body=body) for body in (PRE, PRE_RMS, OUTPUT, SANDWICH, PARALLEL, CROSS)
    ),
)
