"""The mixture-of-experts layer: a router, its experts, and experts that every token goes through."""

from typing import Any

from hfreader.concepts.class_pattern import All, Calls, Implements
from hfreader.concepts.class_pattern import Any as AnyOf
from hfreader.concepts.model import Concept, Symbol, Text
from hfreader.concepts.moe_expert_bank import DEEPSEEK_MOE
from hfreader.concepts.papers import MIXTRAL
from hfreader.concepts.pattern import Bind, Branch, Op, Returned

BANK, ROUTER = "moe-expert-bank", "moe-router-topk"
X = Bind("x", Op(("parameter",)))
ROUTED = Bind("routed", Branch(source=X, contains=(BANK,)))
SHARED = Bind("shared", Branch(source=X, without=(BANK,)))


def reference(routed: Any, shared: Any) -> Any:
    """The routed experts plus the shared ones, both as they were computed. Shapes: alike, (..., d)."""
    return routed.reshape(shared.shape) + shared


_LAYER = """
class Router(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.k = c.k
        self.weight = nn.Parameter(torch.zeros(c.n, c.d))

    def forward(self, x):
        p = F.softmax(F.linear(x, self.weight), dim=-1)
        w, i = torch.topk(p, self.k, dim=-1)
        return w / w.sum(dim=-1, keepdim=True), i

class Bank(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.n, self.act = c.n, ACT2FN[c.act]
        self.a = nn.Parameter(torch.zeros(c.n, c.e, c.d))
        self.b = nn.Parameter(torch.empty(c.n, c.d, c.e))

    def forward(self, x, i, w):
        y = torch.zeros_like(x)
        m = F.one_hot(i, num_classes=self.n).permute(2, 1, 0)
        for e in range(self.n):
            k, t = torch.where(m[e])
            y.index_add_(0, t, F.linear(self.act(F.linear(x[t], self.a[e])), self.b[e]) * w[t, k, None])
        return y

class {name}(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.g, self.e = Router(c), Bank(c)
        self.u, self.d = nn.Linear(c.d, c.e), nn.Linear(c.e, c.d)

    def forward(self, x):
        {body}
"""

CONCEPT = Concept(
    slug="moe-layer",
    kind="composition",
    name=Text("Mixture-of-experts layer", "稀疏混合专家层"),
    explanation=Text(
        "A router sends each token to a few of many feed-forward networks and adds up what they return, weighted. "
        "Shared experts, where there are any, see every token.",
        "路由器把每个词元送到众多前馈网络中的少数几个，并把它们的结果加权求和。若有共享专家，则每个词元都会经过它们。",
    ),
    citations=(DEEPSEEK_MOE, MIXTRAL),
    equations=(
        r"\sym{output}=\sym{routed}+\sym{shared},\quad\sym{routed}=\sum_{i\in\mathcal{T}}g_i\,\mathrm{FFN}_i(\sym{x})",
    ),
    symbols=(
        Symbol("x", "u", Text("The input, one row per token", "输入，每个词元一行")),
        Symbol(
            "routed", r"h^{\mathrm{routed}}", Text("What the chosen experts return, weighted", "所选专家的加权结果")
        ),
        Symbol("shared", r"\mathrm{FFN}^{(s)}(u)", Text("What the shared experts return", "共享专家的结果")),
        Symbol("output", "h", Text("The output of the layer", "该层的输出")),
    ),
    patterns=(Returned(Bind("output", Op(("add",), (ROUTED, SHARED)))),),
    class_patterns=(
        AnyOf(
            (
                All((Calls(concepts=(BANK,)), Calls(concepts=(ROUTER,)))),
                All((Calls(concepts=(BANK,)), Implements((ROUTER,)))),
                All((Implements((BANK,)), Calls(concepts=(ROUTER,)))),
            )
        ),
    ),
    output="output",
    reference=reference,
    matches=(
        _LAYER.format(name="Mlp", body="w, i = self.g(x)\n        return self.e(x, i, w)"),
        _LAYER.format(name="Mlp", body="w, i = self.g(x)\n        return self.e(x, i, w) + self.d(F.silu(self.u(x)))"),
    ),
    rejects=(
        _LAYER.format(name="Moe", body="return self.d(F.silu(self.u(x)))"),
        _LAYER.format(name="Moe", body="return self.g(x)"),
    ),
)
