"""The experts of a mixture: feed-forward networks whose weights lie in one tensor."""

from typing import Any

from hfreader.concepts.gates import GATE_SYMBOLS, gated_value
from hfreader.concepts.gates import gated as gated_of
from hfreader.concepts.linear_maps import LEARNED, half
from hfreader.concepts.model import Citation, Concept, Symbol, Text
from hfreader.concepts.norms import norm as norm_of
from hfreader.concepts.papers import GLU_VARIANTS, MIXTRAL, at
from hfreader.concepts.pattern import (
    Activation,
    Anything,
    Bind,
    Element,
    Equation,
    Number,
    OneOf,
    Op,
    Pattern,
    Returned,
    Slice,
)

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
    by_columns = Op(("matmul",), (x, Bind(f"w_{name}", weight)))
    by_rows = Op(("linear",), (x, Bind(f"w_{name}_rows", weight)))
    # `linear` takes one matrix, never those of all experts.
    product = by_columns if weight is LEARNED else OneOf((by_rows, by_columns))
    return OneOf((Op(("add",), (product, Bind(f"b_{name}", ONE_EXPERT))), product))


def hidden(inner: Pattern) -> Pattern:
    """The inner layer of an expert, gated or not."""
    step = Number(2)
    even, odd = Bind("even", Slice(inner, step=step)), Bind("odd", Slice(inner, start=Number(1), step=step))
    pairs = ((half(0, inner), half(1, inner)), (Bind("second", half(1, inner)), half(0, inner)), (even, odd))
    return OneOf((Bind("gated", OneOf(tuple(gated_of(*pair) for pair in pairs))), Activation(inner, "phi")))


def expert(x: Pattern, weight: Pattern) -> Pattern:
    """One expert, or all of them, on the tokens given; gate and other factor have one matrix or two."""
    apart = Bind("gated", gated_of(expert_map(x, "gate", weight), expert_map(x, "up", weight)))
    inner = OneOf((hidden(expert_map(x, "in", weight)), apart))
    return expert_map(inner, "down", weight)


X = Bind("x", Anything())
LOOPED, ALL, GIVEN = (expert(X, weight) for weight in (ONE_EXPERT, LEARNED, Op(("parameter",))))
# Experts that are modules of their own.
MODULE = Bind("expert", OneOf((Equation("gated-ffn", (("x", X),)), Equation("position-wise-ffn", (("x", X),)))))
NORMED = norm_of(OneOf((LOOPED, Op(("mul",), (LOOPED, Anything())))), "norm")


def parted(x: Pattern) -> Pattern:
    """Tokens in the order of their experts, cut into one part for each, mapped by its matrix and joined again."""
    one = Op(("linear",), (Op(("item",), (Op(("split",), (x,)),)), ONE_EXPERT))
    return Op(("cat",), (Op(("loop",), (Anything(), Op(("tuple",), (Anything(), one)))),))


INNER = parted(X)
PARTED = Bind("expert", parted(gated_of(Element(0, Op(("chunk",), (INNER,))), Element(1, Op(("chunk",), (INNER,))))))
EXPERT = OneOf((LOOPED, NORMED, MODULE, PARTED))
WEIGHTED = Bind("output", Op(("mul",), (EXPERT, Bind("g", Anything()))))


def _map(x: Any, matrix: Any, rows: Any, offset: Any) -> Any:
    result = x @ (matrix if rows is None else rows.transpose(-1, -2))
    return result if offset is None else result + offset


def reference(
    x: Any,
    phi: Any = None,
    w_in: Any = None,
    w_in_rows: Any = None,
    b_in: Any = None,
    w_gate: Any = None,
    w_gate_rows: Any = None,
    w_up: Any = None,
    w_up_rows: Any = None,
    w_down: Any = None,
    w_down_rows: Any = None,
    b_down: Any = None,
    g: Any = None,
    gated: Any = None,
    second: Any = None,
    even: Any = None,
    norm: Any = None,
    expert: Any = None,
    alpha: Any = None,
    gate_limit: Any = None,
    up_limit: Any = None,
    activation_limit: Any = None,
    gate_scale: Any = None,
    gate_cap: Any = None,
    up_cap: Any = None,
) -> Any:
    """g * (phi(x W_g) * x W_u) W_2 of one expert, or of all. Gate and other factor are the halves of x W (the gate the
    second where that is bound), or its even and odd columns, or have matrices of their own. An expert that is a module,
    or that is given its part of all tokens, is taken as it was computed.

    Shapes: x (tokens, d), W (d, 2 d_ff), W_2 (d_ff, d), g (tokens, 1); names in `_rows` have their matrix transposed.
    """
    if expert is not None:
        return expert * g
    limits = (alpha, gate_limit, up_limit, activation_limit, gate_scale, gate_cap, up_cap)
    if w_up is not None or w_up_rows is not None:
        gate, up = _map(x, w_gate, w_gate_rows, None), _map(x, w_up, w_up_rows, None)
        result = gated_value(gate, up, phi, *limits)
    else:
        inner = _map(x, w_in, w_in_rows, b_in)
        one, two = (inner[..., ::2], inner[..., 1::2]) if even is not None else inner.chunk(2, -1)
        gate, up = (one, two) if second is None else (two, one)
        result = phi(inner) if gated is None else gated_value(gate, up, phi, *limits)
    result = _map(result, w_down, w_down_rows, b_down)
    result = result if norm is None else norm(result)
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
        "混合专家的各个专家是形状相同的前馈网络，权重合存在一个带专家维的张量里。每个专家只计算送给它的词元，"
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
        Symbol("w_in_rows", "W^{(i)T}", Text("The same, transposed", "同上，转置"), ("w_in",)),
        Symbol("b_in", "b^{(i)}", Text("Its offset, if any", "它的偏置（若有）")),
        Symbol("gated", "h", Text("The inner layer, where it is a product", "内层（为乘积时）")),
        Symbol("second", "h_2", Text("Second half of x W, where it is the gate", "x W 的后一半（为门时）")),
        Symbol("even", "h_{0,2,\\dots}", Text("The even columns, where these are the gate", "偶数列（为门时）")),
        Symbol("odd", "h_{1,3,\\dots}", Text("The odd columns", "奇数列")),
        *GATE_SYMBOLS,
        Symbol("w_gate", "W_g^{(i)}", Text("The matrix of the gate alone, of expert i", "专家 i 的门的矩阵")),
        Symbol("w_gate_rows", "W_g^{(i)T}", Text("The same, transposed", "同上，转置"), ("w_gate",)),
        Symbol("w_up", "W_u^{(i)}", Text("The matrix of the other factor alone", "另一因子单独的矩阵")),
        Symbol("w_up_rows", "W_u^{(i)T}", Text("The same, transposed", "同上，转置"), ("w_up",)),
        Symbol("b_gate", "b_g^{(i)}", Text("Its offset, if any", "它的偏置（若有）")),
        Symbol("b_up", "b_u^{(i)}", Text("Its offset, if any", "它的偏置（若有）")),
        Symbol("w_down", "W_2^{(i)}", Text("The map back, of expert i", "专家 i 回到模型维度的映射")),
        Symbol("w_down_rows", "W_2^{(i)T}", Text("The same, transposed", "同上，转置"), ("w_down",)),
        Symbol("b_down", "b_2^{(i)}", Text("Its offset, if any", "它的偏置（若有）")),
        Symbol(
            "norm", r"\mathrm{N}", Text("A norm of what the expert gives, in some models", "专家结果的归一化（若有）")
        ),
        Symbol(
            "expert", "E_i(x)", Text("What an expert gives that is a module of its own", "作为独立模块的专家的结果")
        ),
        Symbol("g", "g_i", Text("The router's weight of this expert for each token", "路由给该专家的权重")),
        Symbol("tokens", r"\mathcal{T}_i", Text("Which tokens these are", "这些词元的编号")),
        Symbol("output", r"g_iE_i(x)", Text("What the expert adds", "该专家加上的结果")),
    ),
    patterns=(
        Op(("index_add",), (Anything(),), keywords=(("index", Bind("tokens", Anything())), ("source", WEIGHTED))),
        Bind("output", ALL),
        Returned(Bind("output", GIVEN)),
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
            name="Held",
            body="g, u = F.linear(x[t], self.a[e]).chunk(2, dim=-1)\n"
            "            h = self.act(g).clamp(max=7.0) * u.clamp(min=-7.0, max=7.0)\n"
            "            y.index_add_(0, t, F.linear(h, self.b[e]) * w[t, k, None])",
        ),
        _EXPERTS.format(
            name="Apart",
            body="h = x[t]\n            h = (self.act(h @ self.b[e].T) * (h @ self.b[e])) @ self.a[e]\n"
            "            y.index_add_(0, t, h * w[t, k, None])",
        ),
        """
class Expert(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.a, self.b = nn.Linear(c.d, c.e), nn.Linear(c.e, c.d)

    def forward(self, x):
        return self.b(F.relu(self.a(x)))

class Separate(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.n = c.n
        self.e = nn.ModuleList([Expert(c) for _ in range(c.n)])

    def forward(self, x, index, w):
        y = torch.zeros_like(x)
        mask = F.one_hot(index, num_classes=self.n).permute(2, 1, 0)
        for e in range(self.n):
            k, t = torch.where(mask[e])
            y.index_add_(0, t, self.e[e](x[t]) * w[t, k, None])
        return y
""",
        """
class Given(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.act = ACT2FN[c.act]

    def forward(self, x, a, b, c):
        return (self.act(x.matmul(a.T)) * x.matmul(b.T)).matmul(c)
""",
        """
class Maps(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.n, self.w = c.n, nn.Parameter(torch.empty(c.n, c.d, c.e))

    def forward(self, x, sizes):
        parts, results = x.split(sizes, dim=0), []
        for i in range(self.n):
            results.append(F.linear(parts[i], self.w[i]))
        return torch.cat(results, dim=0)

class Sorted(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.a, self.b, self.act = Maps(c), Maps(c), ACT2FN[c.act]

    def forward(self, x, order, sizes, w):
        h = self.a(x[order], sizes).chunk(2, dim=-1)
        y = self.b(self.act(h[0]) * h[1], sizes) * w[:, None]
        return torch.zeros_like(x).index_add(0, order, y)
""",
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
        # One matrix for all tokens: a feed-forward network.
        """
class Experts(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.up, self.down = nn.Parameter(torch.zeros(c.e, c.d)), nn.Parameter(torch.zeros(c.d, c.e))

    def forward(self, x):
        return F.linear(F.gelu(F.linear(x, self.up)), self.down)
""",
        """
class Experts(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.a, self.b = nn.Parameter(torch.randn(c.n, c.d, c.e)), nn.Parameter(torch.randn(c.n, c.e, c.d))

    def forward(self, x):
        h = torch.matmul(x[:, :, None], self.a[None]).view(*x.shape[:2], 2, -1)
        return torch.matmul((F.silu(h[..., 0, :]) * h[..., 1, :])[:, :, None], self.b[None])
""",
        # Halves of a view; one network for all; no second map; not weighted by a router; not added to its tokens.
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
