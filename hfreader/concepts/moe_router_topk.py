"""The router of a mixture of experts: which experts a token goes to, and with what weight."""

from typing import Any

from hfreader.concepts.linear_maps import LEARNED, affine, learned_map
from hfreader.concepts.model import Citation, Concept, Symbol, Text
from hfreader.concepts.papers import MIXTRAL, at
from hfreader.concepts.pattern import (
    Activation,
    Anything,
    Bind,
    Both,
    Element,
    Not,
    Number,
    OneOf,
    Op,
    Pattern,
    Scalar,
    Slice,
)

SPARSE = Citation(
    "Outrageously Large Neural Networks: The Sparsely-Gated Mixture-of-Experts Layer",
    "Shazeer et al.",
    2017,
    "1701.06538",
)
DEEPSEEK_V3 = Citation("DeepSeek-V3 Technical Report", "DeepSeek-AI", 2024, "2412.19437")

# One number for each expert: scores of positions are a map to one number, its dimension squeezed away.
SQUEEZED = Op(("squeeze",), (Anything(),))
MAP = Both(Not(SQUEEZED), learned_map(Bind("x", Anything()), "router", "weight", "offset"))
LOGITS = OneOf((Op(("mul",), (MAP, Bind("multiplier", Scalar()))), MAP))
SCORES = OneOf(
    (
        Bind("softmax", Op(("softmax",), (LOGITS,))),
        Bind("sigmoid", Op(("sigmoid",), (LOGITS,))),
        Activation(LOGITS, "phi"),
    )
)
INDICES = Bind("indices", Element(1, Op(("topk",), (Bind("choice", Anything()),))))
LAST: tuple[tuple[str, Pattern], ...] = (("dim", Number(-1)),)
SECOND: tuple[tuple[str, Pattern], ...] = (("dim", Number(1)),)
THIRD: tuple[tuple[str, Pattern], ...] = (("dim", Number(2)),)


def gathered(scores: Pattern, index: Pattern) -> Pattern:
    """The scores of the chosen experts."""
    return OneOf(tuple(Op(("gather",), (scores,), keywords=(*dim, ("index", index))) for dim in (LAST, SECOND, THIRD)))


def rescaled(chosen: Pattern) -> Pattern:
    """Chosen scores that may be divided by their sum and multiplied by a constant."""
    sums = Bind("total", OneOf((Op(("sum",), (chosen,), keywords=LAST), Op(("sum",), (chosen,), keywords=SECOND))))
    total = OneOf((Op(("add",), (sums, Bind("eps", Scalar()))), Op(("clamp",), (sums,)), sums))
    normed = OneOf((Op(("div",), (chosen, total)), chosen))
    return OneOf((Op(("mul",), (normed, Bind("scale", Scalar()))), normed))


CHOSEN = OneOf(
    (
        gathered(SCORES, INDICES),
        Element(0, Op(("topk",), (SCORES,))),
        Op(("sigmoid",), (Bind("chosen_logits", gathered(LOGITS, INDICES)),)),
    )
)
# The experts that every token goes to take part in what the chosen weights are divided by (Inkling).
KEPT = Op(("gather",), (Slice(LOGITS, stop=Anything()),), keywords=(("index", INDICES),))
JOINED = Op(("cat",), (KEPT, Slice(LOGITS, start=Anything())))
LOGS = Op(("logsigmoid",), (Bind("joined", JOINED),))
SHARES = Op(("exp",), (Op(("sub",), (LOGS, Op(("logsumexp",), (LOGS,), keywords=LAST))),))
CHOSEN_FIRST = Element(0, Op(("topk",), (Bind("logits", LOGITS),)))


def reference(
    x: Any,
    like: Any,
    router: Any = None,
    weight: Any = None,
    weight_transposed: Any = None,
    offset: Any = None,
    sigmoid: Any = None,
    softmax: Any = None,
    phi: Any = None,
    multiplier: Any = 1.0,
    chosen_logits: Any = None,
    joined: Any = None,
    learned_scale: Any = 1.0,
    late: Any = None,
    choice: Any = None,
    indices: Any = None,
    total: Any = None,
    eps: Any = 0.0,
    scale: Any = 1.0,
) -> Any:
    """The scores of the k experts with the largest scores, or with the largest `choice`; divided by their sum where
    `total` is bound. Scores are the softmax of the logits, or phi of them, or their sigmoid where that or
    `chosen_logits` is bound; where `late` is, the softmax is over the k largest logits; where `joined` is, the sigmoids
    of these are divided by their sum. The equation does not say in which order they stand. Shapes: x (tokens, d),
    weight (experts, d), the result (tokens, k)."""
    if router is not None:
        logits = affine(x, router)
    else:
        logits = x @ (weight.t() if weight_transposed is None else weight_transposed)
        logits = logits if offset is None else logits + offset
    logits, count = logits * multiplier, like.shape[-1]
    if joined is not None:
        parts = joined.sigmoid()
        return parts / parts.sum(-1, keepdim=True) * scale * learned_scale
    if late is not None:
        return {"output": logits.topk(count).values.softmax(-1), "logits": logits}
    squashed = sigmoid is not None or chosen_logits is not None
    scores = phi(logits) if phi is not None else logits.sigmoid() if squashed else logits.softmax(-1)
    if indices is None:
        # Not every code asks for them in order: they are put in that of the code.
        places = (like * scale).argsort(-1).argsort(-1)
        chosen = scores.topk(count).values.sort(-1).values.gather(-1, places)
    else:
        own = choice.topk(count).indices
        same = bool((own.sort(-1).values == indices.sort(-1).values).all())
        chosen = scores.gather(-1, indices if same else own)
    if total is not None:
        chosen = chosen / (chosen.sum(-1, keepdim=True) + eps)
    return {"output": chosen * scale, "softmax": scores, "sigmoid": scores}


_ROUTER = """
class {name}(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.k, self.s, self.normed = c.k, c.s, c.normed
        self.weight = nn.Parameter(torch.zeros(c.e, c.d))
        self.b = nn.Buffer(torch.zeros(c.e))
        self.l = nn.Linear(c.d, c.e, bias=False)

    def forward(self, x):
        {body}
"""

CONCEPT = Concept(
    slug="moe-router-topk",
    name=Text("Top-k expert router", "Top-k 专家路由"),
    explanation=Text(
        "A linear map scores each token against every expert; the token goes to the k experts with the best scores, "
        "and their outputs are weighted by them. Models differ in the score (softmax before or after the choice, "
        "sigmoid), in whether the weights are made to sum to one, and in what else the choice depends on.",
        "线性映射给每个词元与每个专家打分，词元送往得分最高的 k 个专家，它们的输出按得分加权。各模型的差别在于："
        "得分函数（选择之前或之后的 softmax、sigmoid）、权重是否归一，以及选择还取决于什么。",
    ),
    citations=(
        at(SPARSE, "§2.1, Eq. (3)-(5)"),
        at(MIXTRAL, "§2.1"),
        at(DEEPSEEK_V3, "Eq. (12)-(16)"),
    ),
    equations=(
        r"s=\sym{softmax}(\sym{multiplier}\,\sym{x}\,\sym{router})\ \text{ or }\ s=\sym{sigmoid}(\cdot)\ \text{ or }\ "
        r"s=\sym{phi}(\cdot),\qquad\sym{indices}=\mathrm{TopK}(\sym{choice})",
        r"\sym{output}_i=\sym{scale}\,\frac{s_i}{\sym{total}+\sym{eps}},\quad i\in\sym{indices},\qquad"
        r"\sym{total}=\sum_{j\in\sym{indices}}s_j",
        r"\sym{output}=\sym{scale}\,\sym{learned_scale}\,\frac{\sigma(\sym{joined})}{\sum\sigma(\sym{joined})}"
        r"\qquad\text{(shared experts counted)}",
        r"\sym{output}=\sym{late}\big(\mathrm{TopK}(\sym{logits})\big),\qquad\sym{logits}=\sym{x}\,\sym{router}",
    ),
    symbols=(
        Symbol("x", "x", Text("Tokens, one row each", "词元，每个一行")),
        Symbol(
            "router",
            "W_r",
            Text("The map from a token to one number for each expert", "从词元到各专家分数的映射"),
            ("weight", "weight_transposed"),
        ),
        Symbol("weight", "W_r^{T}", Text("Its matrix, one row for each expert", "它的矩阵，每个专家一行"), ("router",)),
        Symbol("weight_transposed", "W_r", Text("Its matrix, as it is multiplied", "相乘时的矩阵"), ("router",)),
        Symbol("offset", "b_r", Text("Its bias, if any", "它的偏置（若有）"), ("router",)),
        Symbol("logits", "z", Text("The numbers, before any function of them", "未经函数的分数")),
        Symbol("softmax", r"\mathrm{softmax}", Text("Scores, as a softmax over all experts", "对全部专家的 softmax")),
        Symbol("sigmoid", r"\sigma", Text("The scores, each expert by itself", "各专家独立的 sigmoid")),
        Symbol("phi", r"\varphi", Text("Another function of each number, if any", "对各分数的其他函数（若有）")),
        Symbol("multiplier", r"\mu", Text("A constant factor of the numbers, if any", "分数的常数倍数（若有）")),
        Symbol("chosen_logits", r"z_{\mathcal{T}}", Text("The numbers of the chosen experts", "选中专家的分数")),
        Symbol(
            "joined", r"z_{\mathcal{T}\cup S}", Text("The numbers of the chosen and the shared", "选中与共享专家的分数")
        ),
        Symbol("learned_scale", r"\gamma'", Text("A learned factor, if any", "可学习的倍数（若有）")),
        Symbol("late", r"\mathrm{softmax}", Text("A softmax over the chosen experts alone", "只对选中专家的 softmax")),
        Symbol(
            "choice",
            "s'",
            Text(
                "What the choice goes by: the scores, or those with a correction that balances the load, or limited to "
                "some groups of experts",
                "选择的依据：得分，或加上均衡负载的修正，或限于若干专家组",
            ),
        ),
        Symbol("indices", r"\mathcal{T}", Text("The k chosen experts", "选中的 k 个专家")),
        Symbol("total", r"\Sigma", Text("The sum of the chosen scores, where they are divided by it", "选中得分之和")),
        Symbol("eps", r"\epsilon", Text("A small number against division by zero, if any", "防止除以零的小数（若有）")),
        Symbol("scale", r"\gamma", Text("A constant factor, if any", "常数倍数（若有）")),
        Symbol("output", "g", Text("The weight of each chosen expert", "各选中专家的权重")),
    ),
    patterns=(
        Bind("output", rescaled(CHOSEN)),
        Bind("output", Bind("late", Op(("softmax",), (CHOSEN_FIRST,)))),
        Bind("output", Op(("mul",), (SHARES, Bind("scale", Scalar()), Bind("learned_scale", LEARNED)))),
    ),
    output="output",
    reference=reference,
    matches=(
        _ROUTER.format(
            name="Attention",
            body="z = F.linear(x.view(-1, 8), self.weight)\n        p = F.softmax(z.float(), dim=-1)\n"
            "        v, i = torch.topk(p, self.k, dim=-1)\n        v /= v.sum(dim=-1, keepdim=True)\n"
            "        return z, v, i",
        ),
        _ROUTER.format(
            name="Gate",
            body="s = F.linear(x.float(), self.weight.float()).sigmoid()\n"
            "        i = torch.topk(s + self.b, k=self.k, dim=-1, sorted=False)[1]\n        w = s.gather(1, i)\n"
            "        if self.normed:\n            d = w.sum(dim=-1, keepdim=True) + 1e-20\n            w /= d\n"
            "        w = w * self.s\n        return w, i",
        ),
        _ROUTER.format(
            name="Late",
            body="z = self.l(x)\n        v, i = torch.topk(z, self.k, dim=-1)\n        return v.softmax(dim=1), i",
        ),
        _ROUTER.format(
            name="Other",
            body="s = F.softplus(F.linear(x, self.l.weight) * self.s)\n"
            "        i = torch.topk(s + self.b, self.k).indices\n"
            "        w = s.gather(1, i)\n        return w / (w.sum(dim=-1, keepdim=True) + 1e-20), i",
        ),
        _ROUTER.format(
            name="Afterwards",
            body="z = self.l(x)\n        i = torch.topk(z + self.b, self.k, dim=-1)[1]\n"
            "        return z.gather(1, i).sigmoid(), i",
        ),
    ),
    rejects=(
        # No choice; a choice without weights; weights that are no scores of it; an average of the best tokens.
        _ROUTER.format(name="TopKRouter", body="return F.softmax(F.linear(x, self.weight), dim=-1)"),
        _ROUTER.format(name="TopKRouter", body="return torch.topk(self.l(x).sigmoid(), self.k, dim=-1)[1]"),
        _ROUTER.format(
            name="TopKRouter",
            body="i = torch.topk(self.l(x).amax(-1), self.k, dim=1)[1]\n        return x.gather(1, i[..., None])",
        ),
        _ROUTER.format(name="TopKRouter", body="return torch.sigmoid(self.l(x)) * x"),
        _ROUTER.format(
            name="TopKRouter", body="return torch.topk(F.softmax(self.l(x).squeeze(-1), dim=-1), self.k, dim=-1)"
        ),
    ),
    hints=frozenset({"late", "total", "softmax", "sigmoid"}),
)
