"""The time mixing of RWKV, one step of its recurrence."""

from typing import Any

from hfreader.concepts.model import Citation, Concept, Symbol, Text
from hfreader.concepts.pattern import Anything, Bind, Op

HIGHEST = Bind("highest", Anything())
BOOSTED = Op(("add",), (Bind("key", Anything()), Bind("bonus", Anything())))
TOP = Op(("maximum",), (HIGHEST, BOOSTED), commutative=True)
PAST = Op(("exp",), (Op(("sub",), (HIGHEST, TOP)),))
NOW = Op(("exp",), (Op(("sub",), (BOOSTED, TOP)),))
ABOVE = Op(
    ("add",),
    (
        Op(("mul",), (PAST, Bind("numerator", Anything()))),
        Op(("mul",), (NOW, Bind("value", Anything()))),
    ),
)
BELOW = Op(("add",), (Op(("mul",), (PAST, Bind("denominator", Anything()))), NOW))


def reference(key: Any, bonus: Any, value: Any, numerator: Any, denominator: Any, highest: Any) -> Any:
    """The mean of past values and this one, weighted by e^(key): numerator and denominator of the past are given
    divided by e^highest. Shapes: (B, d) each, bonus (d,)."""
    weight = (key + bonus - highest).sigmoid()
    other = 1 - weight
    return (other * numerator + weight * value) / (other * denominator + weight)


_STEPS = """
def {name}(w, u, k, v, n, d, m):
    y = torch.zeros_like(k)
    for i in range(k.size(1)):
        a, b = k[:, i].float(), v[:, i]
        {body}
    return y
"""

CONCEPT = Concept(
    slug="rwkv-wkv",
    name=Text("RWKV time mixing (WKV)", "RWKV 时间混合（WKV）"),
    explanation=Text(
        "Each feature is the weighted mean of all values so far; the weight of a value is the exponential of its key, "
        "faded with its age, and the current one has a bonus. Two running sums suffice; their scale is kept apart "
        "so that no exponential overflows.",
        "每个特征是至今所有值的加权平均，权重是键的指数并随时间衰减，当前值另有加成。只需两个滚动和；"
        "其量级单独保存，使指数不溢出。",
    ),
    citations=(Citation("RWKV: Reinventing RNNs for the Transformer Era", "Peng et al.", 2023, "2305.13048"),),
    equations=(
        r"\sym{output}_t=\frac{e^{\sym{highest}}\sym{numerator}+e^{\sym{bonus}+\sym{key}_t}\sym{value}_t}"
        r"{e^{\sym{highest}}\sym{denominator}+e^{\sym{bonus}+\sym{key}_t}}",
    ),
    symbols=(
        Symbol("key", "k", Text("The logarithm of a value's weight", "值的权重的对数")),
        Symbol("value", "v", Text("The value of this step", "该步的值")),
        Symbol("bonus", "u", Text("What the current value gains, learned", "当前值的加成，可学习")),
        Symbol("numerator", "a", Text("The faded sum of weighted past values", "衰减的加权值之和")),
        Symbol("denominator", "b", Text("The faded sum of past weights", "衰减的权重之和")),
        Symbol("highest", "p", Text("Their common exponent", "两者共同的指数")),
        Symbol("output", "wkv", Text("The weighted mean", "加权平均")),
    ),
    patterns=(Bind("output", Op(("div",), (ABOVE, BELOW))),),
    output="output",
    reference=reference,
    matches=(
        _STEPS.format(
            name="attention",
            body="t = torch.maximum(m, a + u)\n        e, f = torch.exp(m - t), torch.exp(a + u - t)\n"
            "        y[:, i] = ((e * n + f * b) / (e * d + f)).to(y.dtype)",
        ),
    ),
    rejects=(
        # No denominator; no bonus; the current value alone.
        _STEPS.format(
            name="wkv",
            body="t = torch.maximum(m, a + u)\n        y[:, i] = torch.exp(m - t) * n + torch.exp(a + u - t) * b",
        ),
        _STEPS.format(
            name="wkv",
            body="t = torch.maximum(m, a)\n        e, f = torch.exp(m - t), torch.exp(a - t)\n"
            "        y[:, i] = (e * n + f * b) / (e * d + f)",
        ),
        _STEPS.format(name="wkv", body="y[:, i] = torch.exp(a + u) * b / (torch.exp(a + u) + 1)"),
    ),
)
