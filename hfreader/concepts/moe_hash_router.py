"""A router that sends each word to experts fixed beforehand, and learns only how to weigh them."""

from typing import Any

from hfreader.concepts.model import Citation, Concept, Symbol, Text
from hfreader.concepts.moe_router_topk import SCORES, gathered, rescaled
from hfreader.concepts.pattern import Anything, Bind, OneOf, Op

LOOKED_UP = Op(("item",), (Bind("table", Op(("buffer",))), Bind("words", Anything())))
EXPERTS = Bind("experts", OneOf((LOOKED_UP, Op(("long",), (LOOKED_UP,)))))
CHOSEN = gathered(SCORES, EXPERTS)


def reference(
    x: Any,
    table: Any,
    words: Any,
    weight: Any,
    phi: Any = None,
    sigmoid: Any = None,
    multiplier: Any = 1.0,
    total: Any = None,
    eps: Any = 0.0,
    scale: Any = 1.0,
) -> dict[str, Any]:
    """phi(x W)_e, e = table[word], divided by their sum where `total` is bound; phi is the softmax, or the sigmoid
    where that is bound, where no phi is.

    Shapes: x (tokens, d), weight (experts, d), table (words, k), the result (tokens, k).
    """
    logits = x @ weight.t() * multiplier
    scores = phi(logits) if phi is not None else logits.softmax(-1) if sigmoid is None else logits.sigmoid()
    experts = table[words]
    chosen = scores.gather(-1, experts)
    chosen = chosen if total is None else chosen / (chosen.sum(-1, keepdim=True) + eps)
    return {"experts": experts, "output": chosen * scale}


_ROUTER = """
class {name}(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.s = c.s
        self.weight = nn.Parameter(torch.zeros(c.e, c.d))
        self.t = nn.Buffer(torch.zeros(c.v, c.k, dtype=torch.long))

    def forward(self, x, ids):
        z = F.linear(x, self.weight)
        {body}
"""

CONCEPT = Concept(
    slug="moe-hash-router",
    name=Text("Hash router", "哈希路由"),
    explanation=Text(
        "Which experts a token goes to is looked up by its word in a table that is made once and never learned, so "
        "that every expert gets its share from the start. Only the weights of these experts are computed from the "
        "hidden state.",
        "词元去往哪些专家，由其词号在一张预先生成、不再学习的表里查得，因而每个专家从一开始就分到应得的份额；"
        "只有这些专家的权重由隐状态计算。",
    ),
    citations=(
        Citation("Hash Layers For Large Sparse Models", "Roller, Sukhbaatar, Szlam, Weston", 2021, "2106.04426", "§3"),
    ),
    equations=(
        r"\sym{output}_i=\sym{scale}\,\frac{s_i}{\sym{total}+\sym{eps}},\quad i\in\sym{experts},\qquad"
        r"\sym{experts}=\sym{table}[\sym{words}],\qquad s=\sym{phi}(\sym{multiplier}\,\sym{x}\,\sym{weight}^{\top})",
    ),
    symbols=(
        Symbol("x", "x", Text("Tokens, one row each", "词元，每个一行")),
        Symbol("words", "w", Text("Their words", "它们的词号")),
        Symbol("table", "T", Text("The experts of each word", "每个词的专家")),
        Symbol("experts", r"\mathcal{T}", Text("The experts of these tokens", "这些词元的专家")),
        Symbol("weight", "W_r", Text("The scores' matrix, one row for each expert", "打分矩阵，每个专家一行")),
        Symbol("router", "W_r", Text("The same, as a layer", "同上，作为一层"), ("weight",)),
        Symbol("weight_transposed", "W_r^{T}", Text("The same, transposed", "同上，转置"), ("weight",)),
        Symbol("offset", "b_r", Text("Its bias, if any", "它的偏置（若有）"), ("weight",)),
        Symbol("phi", r"\varphi", Text("What makes scores of the numbers", "由分数得到权重的函数")),
        Symbol("softmax", r"\mathrm{softmax}", Text("A softmax in its place", "代之以 softmax"), ("phi",)),
        Symbol("sigmoid", r"\sigma", Text("A sigmoid in its place", "代之以 sigmoid"), ("phi",)),
        Symbol("multiplier", r"\mu", Text("A constant factor of the numbers, if any", "分数的常数倍数（若有）")),
        Symbol("total", r"\Sigma", Text("The sum of the chosen scores, where they are divided by it", "选中得分之和")),
        Symbol("eps", r"\epsilon", Text("A small number against division by zero, if any", "防止除以零的小数（若有）")),
        Symbol("scale", r"\gamma", Text("A constant factor, if any", "常数倍数（若有）")),
        Symbol("output", "g", Text("The weight of each expert", "各专家的权重")),
    ),
    patterns=(Bind("output", rescaled(CHOSEN)),),
    output="output",
    reference=reference,
    matches=(
        _ROUTER.format(
            name="Router",
            body="s = F.softplus(z)\n        i = self.t[ids.reshape(-1)].long()\n        w = s.gather(1, i)\n"
            "        return w / (w.sum(dim=-1, keepdim=True) + 1e-20) * self.s, i",
        ),
    ),
    rejects=(
        # Chosen by the scores; a table that is learned by rows of the matrix; no weights.
        _ROUTER.format(
            name="HashRouter", body="i = torch.topk(z, 2, dim=-1)[1]\n        return z.softmax(-1).gather(1, i), i"
        ),
        _ROUTER.format(name="HashRouter", body="return z.softmax(-1).gather(1, self.weight[ids].long())"),
        _ROUTER.format(name="HashRouter", body="return self.t[ids.reshape(-1)].long()"),
    ),
    hints=frozenset({"total", "softmax", "sigmoid"}),
)
