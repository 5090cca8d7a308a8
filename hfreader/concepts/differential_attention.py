"""Differential attention: one attention less another, so that what both give to irrelevant words cancels."""

from typing import Any

from hfreader.concepts import attentions
from hfreader.concepts.attentions import DETAIL_SYMBOLS, DETAILS
from hfreader.concepts.model import Citation, Concept, Symbol, Text
from hfreader.concepts.pattern import Anything, Bind, Element, Equation, Op, Pattern

KEPT = tuple(one for one in DETAILS if one != "softmax")


def mixture(value: str, keep: tuple[str, ...] = ()) -> Pattern:
    """An attention of all heads over one half of the values."""
    parts = tuple((name, Bind(name, Anything())) for name in ("query", "key"))
    return Equation("scaled-dot-product-attention", where=(*parts, ("value", Bind(value, Anything()))), keep=keep)


def rate(index: int) -> Pattern:
    """exp(lambda_q . lambda_k) of two learned vectors."""
    vectors = tuple(Bind(f"{name}_{index}", Op(("learned",))) for name in ("lambda_q", "lambda_k"))
    return Op(("exp",), (Op(("sum",), (Op(("mul",), vectors),)),))


WHOLE = Op(("chunk",), (Op(("cat",), (mixture("value_1", KEPT), mixture("value_2"))),))
SHARE = Bind("share", Op(("add",), (Op(("sub",), (rate(1), rate(2))), Bind("initial", Anything()))))


def reference(
    query: Any,
    key: Any,
    value_1: Any,
    value_2: Any,
    lambda_q_1: Any,
    lambda_k_1: Any,
    lambda_q_2: Any,
    lambda_k_2: Any,
    initial: Any,
    mask: Any = None,
    bias: Any = None,
    visible: Any = None,
    forbidden: Any = None,
    is_causal: Any = False,
    scale: Any = None,
    softcap: Any = None,
    sinks: Any = None,
) -> dict[str, Any]:
    """(softmax(Q_1 K_1^T / sqrt(d)) - lambda softmax(Q_2 K_2^T / sqrt(d))) [V_1 V_2].

    Shapes: Q (B, h, T, d), K and both values (B, h, S, d) or with fewer heads; heads i and i + h/2 are a pair, of Q_1
    and Q_2; both see the values of both halves side by side. The result is (B, T, h/2, 2 d).
    """
    share = (lambda_q_1 * lambda_k_1).sum().exp() - (lambda_q_2 * lambda_k_2).sum().exp() + initial
    details = (mask, bias, visible, forbidden, is_causal, scale, softcap, sinks)
    kernel = [attentions.reference(query, key, value, *details)["output"] for value in (value_1, value_2)]
    pairs = [(one[:, : one.shape[1] // 2], one[:, one.shape[1] // 2 :]) for one in kernel]
    halves = [first - share * second for first, second in pairs]
    wide = halves[0].new_zeros(*halves[0].shape[:-1], 2 * halves[0].shape[-1])
    wide[..., : halves[0].shape[-1]], wide[..., halves[0].shape[-1] :] = halves
    return {"share": share, "output": wide.transpose(1, 2)}


def learned(name: str, index: int) -> Symbol:
    """One of the four vectors that make up the share."""
    return Symbol(
        f"lambda_{name}_{index}",
        rf"\lambda_{{{name}{index}}}",
        Text(f"A learned vector, one of pair {index} of the share", f"学习的向量，决定份额的第 {index} 对之一"),
    )


CONCEPT = Concept(
    slug="differential-attention",
    name=Text("Differential attention", "差分注意力"),
    explanation=Text(
        "Two attentions over the same values are computed and a learned share of the second is taken from the first. "
        "Weight that both give to words of no importance cancels, as noise does in a differential amplifier.",
        "对相同的值计算两个注意力，再从第一个中减去第二个的一个学习的份额。"
        "两者都分给无关词的权重因此抵消，如同差分放大器消除噪声。",
    ),
    citations=(Citation("Differential Transformer", "Ye et al.", 2024, "2410.05258", "§2.1, Eq. (1), (2)"),),
    equations=(
        r"\sym{output}=\left(\mathrm{softmax}\!\left(\frac{\sym{query}_1\,\sym{key}_1^{\top}}{\sym{scale}}\right)"
        r"-\sym{share}\,\mathrm{softmax}\!\left(\frac{\sym{query}_2\,\sym{key}_2^{\top}}{\sym{scale}}\right)\right)"
        r"[\sym{value_1}\,\sym{value_2}]",
        r"\sym{share}=\exp(\sym{lambda_q_1}\cdot\sym{lambda_k_1})-\exp(\sym{lambda_q_2}\cdot\sym{lambda_k_2})"
        r"+\sym{initial}",
    ),
    symbols=(
        Symbol("query", "Q", Text("Queries; those of the first half of the heads are Q_1", "查询；前一半头的为 Q_1")),
        Symbol("key", "K", Text("Keys, in the same halves", "键，同样分为两半")),
        Symbol("value_1", "V_1", Text("One half of the values of a pair of heads", "一对头的值的一半")),
        Symbol("value_2", "V_2", Text("The other half", "另一半")),
        learned("q", 1),
        learned("k", 1),
        learned("q", 2),
        learned("k", 2),
        Symbol(
            "initial",
            r"\lambda_{\mathrm{init}}",
            Text("The share before training, by depth", "训练前的份额，随深度而定"),
        ),
        Symbol("share", r"\lambda", Text("How much of the second attention is taken away", "减去第二个注意力的多少")),
        *DETAIL_SYMBOLS,
        Symbol("output", r"\mathrm{DiffAttn}", Text("The difference, one for each pair of heads", "每对头的差")),
    ),
    patterns=(Bind("output", Op(("sub",), (Element(0, WHOLE), Op(("mul",), (SHARE, Element(1, WHOLE)))))),),
    output="output",
    reference=reference,
    matches=(
        """
class Mixer(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.a, self.b = nn.Parameter(torch.zeros(c.d)), nn.Parameter(torch.zeros(c.d))
        self.e, self.f = nn.Parameter(torch.zeros(c.d)), nn.Parameter(torch.zeros(c.d))
        self.s, self.l = c.d ** -0.5, 0.8

    def forward(self, q, k, v, m):
        v, w = (one.repeat(1, 2, 1, 1) for one in v.chunk(2, dim=1))
        p = F.softmax(q @ k.transpose(2, 3) * self.s + m, dim=-1) @ v
        r = F.softmax(q @ k.transpose(2, 3) * self.s + m, dim=-1) @ w
        x, y = torch.cat([p.transpose(1, 2), r.transpose(1, 2)], dim=-1).chunk(2, dim=2)
        n = torch.exp(torch.sum(self.a * self.b, dim=-1)) - torch.exp(torch.sum(self.e * self.f, dim=-1)) + self.l
        return x - n * y
""",
    ),
    rejects=(
        # A share that is one learned number; no attention at all.
        """
class DiffAttention(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.lambda_full = nn.Parameter(torch.zeros(1))

    def forward(self, q, k, v, w, s):
        p = F.softmax(q @ k.transpose(2, 3) * s, dim=-1) @ v
        r = F.softmax(q @ k.transpose(2, 3) * s, dim=-1) @ w
        x, y = torch.cat([p.transpose(1, 2), r.transpose(1, 2)], dim=-1).chunk(2, dim=2)
        return x - self.lambda_full * y
""",
        """
class DiffAttention(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.lambda_q1, self.lambda_k1 = nn.Parameter(torch.zeros(c.d)), nn.Parameter(torch.zeros(c.d))
        self.lambda_q2, self.lambda_k2 = nn.Parameter(torch.zeros(c.d)), nn.Parameter(torch.zeros(c.d))

    def forward(self, h):
        x, y = h.chunk(2, dim=2)
        n = torch.exp(torch.sum(self.lambda_q1 * self.lambda_k1))
        return x - (n - torch.exp(torch.sum(self.lambda_q2 * self.lambda_k2)) + 0.8) * y
""",
    ),
    hints=frozenset({"scale"}),
)
