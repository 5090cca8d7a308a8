"""The experts of a mixture: feed-forward networks whose weights lie in one tensor."""

from typing import Any

from hfreader.concepts.linear_maps import LEARNED, clamped, half
from hfreader.concepts.model import Citation, Concept, Symbol, Text
from hfreader.concepts.papers import GLU_VARIANTS, MIXTRAL, at
from hfreader.concepts.pattern import Activation, Anything, Bind, Number, OneOf, Op, Pattern, Scalar

DEEPSEEK_MOE = Citation(
    "DeepSeekMoE: Towards Ultimate Expert Specialization in Mixture-of-Experts Language Models",
    "Dai et al.",
    2024,
    "2401.06066",
    "§2, Eq. (3)-(5)",
)

ONE_EXPERT = Op(("item",), (LEARNED,))


def expert_map(x: Pattern, name: str, weight: Pattern) -> Pattern:
    """A linear map by an expert's matrix, in either layout, with or without an offset."""
    product = OneOf(
        (
            Op(("linear",), (x, Bind(f"w_{name}_rows", weight))),
            Op(("matmul",), (x, Bind(f"w_{name}", weight))),
        )
    )
    return OneOf((Op(("add",), (product, Bind(f"b_{name}", ONE_EXPERT))), product))


def hidden(inner: Pattern) -> Pattern:
    """The inner layer of an expert, gated or not."""
    even, odd = Bind("even", Op(("item",), (inner,))), Bind("odd", Op(("item",), (inner,)))
    pairs = ((half(0, inner), half(1, inner)), (Bind("second", half(1, inner)), half(0, inner)), (even, odd))
    gated: list[Pattern] = []
    for gate, up in pairs:
        low, high = Bind("gate", clamped(gate, "gate_limit")), clamped(up, "up_limit")
        opened = Op(("sigmoid",), (Op(("mul",), (low, Bind("alpha", Scalar()))),))
        gated.append(Op(("mul",), (Activation(clamped(gate, "gate_limit"), "phi"), high)))
        gated.append(Op(("mul",), (Op(("add",), (high, Number(1))), Op(("mul",), (low, opened)))))
    return OneOf((Bind("gated", OneOf(tuple(gated))), Activation(inner, "phi")))


X = Bind("x", Anything())
LOOPED = expert_map(hidden(expert_map(X, "in", ONE_EXPERT)), "down", ONE_EXPERT)
ALL = expert_map(hidden(expert_map(X, "in", LEARNED)), "down", LEARNED)
WEIGHTED = Bind("output", Op(("mul",), (LOOPED, Bind("g", Anything()))))


def _map(x: Any, matrix: Any, rows: Any, offset: Any) -> Any:
    result = x @ (matrix if rows is None else rows.transpose(-1, -2))
    return result if offset is None else result + offset


def reference(
    x: Any,
    phi: Any = None,
    w_in: Any = None,
    w_in_rows: Any = None,
    b_in: Any = None,
    w_down: Any = None,
    w_down_rows: Any = None,
    b_down: Any = None,
    g: Any = None,
    gated: Any = None,
    second: Any = None,
    even: Any = None,
    alpha: Any = None,
    gate_limit: Any = None,
    up_limit: Any = None,
) -> Any:
    """g * (phi(x W_g) * x W_u) W_2 of one expert, or of all. Gate and other factor are the halves of x W (the gate the
    second where that is bound), or its even and odd columns. Shapes: x (tokens, d), W (d, 2 d_ff), W_2 (d_ff, d),
    g (tokens, 1); names in `_rows` have their matrix transposed."""
    inner = _map(x, w_in, w_in_rows, b_in)
    if gated is None:
        result = phi(inner)
    else:
        one, two = (inner[..., ::2], inner[..., 1::2]) if even is not None else inner.chunk(2, -1)
        gate, up = (one, two) if second is None else (two, one)
        gate = gate if gate_limit is None else gate.clamp(max=gate_limit)
        up = up if up_limit is None else up.clamp(-up_limit, up_limit)
        result = phi(gate) * up if alpha is None else (up + 1) * gate * (alpha * gate).sigmoid()
    result = _map(result, w_down, w_down_rows, b_down)
    return result if g is None else result * g


_EXPERTS = """
class {name}(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.n = c.n
        self.a = nn.Parameter(torch.empty(c.n, 2 * c.e, c.d))
        self.b = nn.Parameter(torch.empty(c.n, c.d, c.e))
        self.o = nn.Parameter(torch.empty(c.n, c.d))
        self.act = ACT2FN[c.act]

    def forward(self, x, index, w):
        y = torch.zeros_like(x)
        mask = F.one_hot(index, num_classes=self.n).permute(2, 1, 0)
        for e in mask.sum(dim=(-1, -2)).nonzero():
            e = e[0]
            k, t = torch.where(mask[e])
            {body}
        return y
"""

CONCEPT = Concept(
    slug="moe-expert-bank",
    name=Text("Expert bank", "专家组"),
    explanation=Text(
        "The experts of a mixture are feed-forward networks of one shape, so their weights are kept in one tensor with "
        "a dimension for the expert. Each expert computes the tokens sent to it, and what it gives, weighted by the "
        "router, is added to those tokens' sums.",
        "混合专家的各个专家是形状相同的前馈网络,权重合存在一个带专家维的张量里。每个专家只计算送给它的词元,"
        "结果按路由权重加到这些词元的和上。",
    ),
    citations=(at(MIXTRAL, "§2.1"), DEEPSEEK_MOE, at(GLU_VARIANTS, "§2, Eq. (5)")),
    equations=(
        r"\sym{output}=\sym{g}\,\big(\sym{phi}(\sym{x}W_g)\odot\sym{x}W_u\big)\,\sym{w_down},\qquad"
        r"[W_g,W_u]=\sym{w_in},\qquad y_{\sym{tokens}}\leftarrow y_{\sym{tokens}}+\sym{output}",
        r"\sym{phi}(\sym{gate})=\sym{gate}\,\sigma(\sym{alpha}\,\sym{gate}),\quad \sym{x}W_u+1"
        r"\text{ in place of }\sym{x}W_u\qquad\text{(gpt-oss)}",
    ),
    symbols=(
        Symbol("x", "x", Text("The tokens that one expert is given", "送给一个专家的词元")),
        Symbol(
            "w_in",
            "W^{(i)}",
            Text("Gate and other factor in one matrix, of expert i", "专家 i 的合成矩阵"),
        ),
        Symbol("w_in_rows", "W^{(i)T}", Text("The same, transposed", "同上,转置"), ("w_in",)),
        Symbol("b_in", "b^{(i)}", Text("Its offset, if any", "它的偏置(若有)")),
        Symbol("gated", "h", Text("The inner layer, where it is a product", "内层(为乘积时)")),
        Symbol("gate", "h_g", Text("The factor that opens and closes", "控制开合的因子")),
        Symbol("second", "h_2", Text("Second half of x W, where it is the gate", "x W 的后一半(为门时)")),
        Symbol("even", "h_{0,2,\\dots}", Text("The even columns, where these are the gate", "偶数列(为门时)")),
        Symbol("odd", "h_{1,3,\\dots}", Text("The odd columns", "奇数列")),
        Symbol("phi", r"\varphi", Text("Pointwise non-linearity", "逐元素非线性")),
        Symbol("alpha", r"\alpha", Text("How steep the gate is, if a constant says so", "门的陡度(若有常数)")),
        Symbol("gate_limit", "L", Text("Where the gate is cut off, in some models", "门的截断上限(某些模型)")),
        Symbol("up_limit", "L'", Text("Where the other factor is cut off", "另一因子的截断上限")),
        Symbol("w_down", "W_2^{(i)}", Text("The map back, of expert i", "专家 i 回到模型维度的映射")),
        Symbol("w_down_rows", "W_2^{(i)T}", Text("The same, transposed", "同上,转置"), ("w_down",)),
        Symbol("b_down", "b_2^{(i)}", Text("Its offset, if any", "它的偏置(若有)")),
        Symbol("g", "g_i", Text("The router's weight of this expert for each token", "路由给该专家的权重")),
        Symbol("tokens", r"\mathcal{T}_i", Text("Which tokens these are", "这些词元的编号")),
        Symbol("output", r"g_iE_i(x)", Text("What the expert adds", "该专家加上的结果")),
    ),
    patterns=(
        Op(("index_add",), (Anything(),), keywords=(("index", Bind("tokens", Anything())), ("source", WEIGHTED))),
        Bind("output", ALL),
    ),
    output="output",
    reference=reference,
    matches=(
        _EXPERTS.format(
            name="MLP",
            body="g, u = F.linear(x[t], self.a[e]).chunk(2, dim=-1)\n"
            "            h = F.linear(self.act(g) * u, self.b[e]) * w[t, k, None]\n"
            "            y.index_add_(0, t, h.to(y.dtype))",
        ),
        _EXPERTS.format(
            name="Interleaved",
            body="h = x[t] @ self.a[e] + self.o[e]\n            g, u = h[..., ::2].clamp(max=7.0), h[..., 1::2]\n"
            "            h = ((u + 1) * (g * torch.sigmoid(g * 1.702))) @ self.b[e]\n"
            "            y.index_add_(0, t, h * w[t, k, None])",
        ),
        _EXPERTS.format(
            name="Plain",
            body="y.index_add_(0, t, F.linear(self.act(F.linear(x[t], self.a[e])), self.b[e]) * w[t, k, None])",
        ),
        """
class Bank(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.n = c.n
        self.a = nn.Parameter(torch.zeros(c.n, c.d, 2 * c.e))
        self.b = nn.Parameter(torch.empty(c.n, c.e, c.d))

    def forward(self, x):
        g, u = torch.bmm(x.view(self.n, -1, 4), self.a).chunk(2, dim=-1)
        return torch.bmm(u * F.silu(g), self.b).view(-1, 4)
""",
    ),
    rejects=(
        # One network for all; no second map; not weighted by a router; not added to its tokens.
        """
class Experts(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.a, self.b, self.c = nn.Linear(c.d, c.e), nn.Linear(c.d, c.e), nn.Linear(c.e, c.d)

    def forward(self, x):
        return self.c(F.silu(self.a(x)) * self.b(x))
""",
        _EXPERTS.format(name="Experts", body="y.index_add_(0, t, self.act(F.linear(x[t], self.a[e])) * w[t, k, None])"),
        _EXPERTS.format(
            name="Experts", body="y.index_add_(0, t, F.linear(self.act(F.linear(x[t], self.a[e])), self.b[e]))"
        ),
        _EXPERTS.format(
            name="Experts", body="y = F.linear(self.act(F.linear(x[t], self.a[e])), self.b[e]) * w[t, k, None]"
        ),
    ),
    hints=frozenset({"gated", "second", "even"}),
)
