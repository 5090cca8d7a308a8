"""The gated delta rule, one step of its recurrence."""

from typing import Any

from hfreader.concepts.model import Citation, Concept, Symbol, Text
from hfreader.concepts.papers import GATED_DELTA_NET, at
from hfreader.concepts.pattern import Anything, Bind, Number, OneOf, Op, Pattern

ROWS: tuple[tuple[str, Pattern], ...] = (("dim", Number(-2)),)


def named(symbol: str) -> Pattern:
    """A vector with or without a dimension added behind."""
    return OneOf((Bind(symbol, Anything()), Op(("item",), (Bind(symbol, Anything()),))))


KEY, QUERY = named("key"), named("query")
DECAYED = Op(("mul",), (Bind("state", Anything()), Bind("decay", Anything())))
RECALLED = Bind("recalled", Op(("sum",), (Op(("mul",), (DECAYED, KEY)),), keywords=ROWS))
CHANGE = Op(("mul",), (Op(("sub",), (Bind("value", Anything()), RECALLED)), Bind("beta", Anything())))
STATE = Op(("add",), (DECAYED, Op(("mul",), (KEY, CHANGE))))


def reference(state: Any, decay: Any, key: Any, value: Any, beta: Any, query: Any) -> Any:
    """o = S'^T q with S' = (I - beta k k^T) (alpha S) + beta k v^T, alpha a number, or one for each row of S.

    Shapes: S (B, heads, d_k, d_v), k and q (B, heads, d_k) or (B, heads, d_k, 1), v (B, heads, d_v),
    beta (B, heads, 1), alpha (B, heads, 1 or d_k, 1).
    """
    k, q = (one if one.dim() == state.dim() else one[..., None] for one in (key, query))
    kept = state * decay
    strength = beta[..., None]
    changed = kept - strength * (k @ (k.transpose(-1, -2) @ kept)) + strength * (k @ value[..., None, :])
    return {"output": (changed.transpose(-1, -2) @ q)[..., 0], "recalled": (kept.transpose(-1, -2) @ k)[..., 0]}


_STEPS = """
def {name}(q, k, v, g, b, s):
    y = torch.zeros_like(v)
    for i in range(q.shape[2]):
        q_t, k_t, v_t, b_t = q[:, :, i], k[:, :, i], v[:, :, i], b[:, :, i].unsqueeze(-1)
        s = s * g[:, :, i].exp()[..., None, None]
        {body}
        y[:, :, i] = (s * q_t.unsqueeze(-1)).sum(dim=-2)
    return y, s
"""

CONCEPT = Concept(
    slug="gated-delta-rule",
    name=Text("Gated delta rule", "门控增量规则"),
    explanation=Text(
        "A memory matrix maps keys to values. At each step it fades a little, what it holds under the new key is taken "
        "out to the degree of beta, and the new value is written in its place; the query reads it. Cost grows with the "
        "length of the text, not with its square.",
        "记忆矩阵把键映射到值。每一步它略微衰减，按 β 的程度抹去新键下原有的内容，写入新值；查询从中读取。"
        "代价随长度线性增长，而非平方。",
    ),
    citations=(
        at(GATED_DELTA_NET, "Eq. (10)"),
        Citation("Kimi Linear: An Expressive, Efficient Attention Architecture", "Kimi Team", 2025, "2510.26692"),
    ),
    equations=(
        r"S_t=(I-\sym{beta}_t\,\sym{key}_t\sym{key}_t^{\top})\,\sym{decay}_t\,\sym{state}"
        r"+\sym{beta}_t\,\sym{key}_t\sym{value}_t^{\top},\qquad\sym{output}_t=S_t^{\top}\sym{query}_t",
        r"\sym{recalled}_t=(\sym{decay}_t\,\sym{state})^{\top}\sym{key}_t",
    ),
    symbols=(
        Symbol("state", "S_{t-1}", Text("The memory before the step", "该步之前的记忆")),
        Symbol(
            "decay",
            r"\alpha",
            Text(
                "How much of it is kept: a number, or one for each key feature", "保留的比例：一个数，或每个键特征一个"
            ),
        ),
        Symbol("key", "k", Text("Under which the value is stored", "存放值所用的键")),
        Symbol("value", "v", Text("What is stored", "存放的值")),
        Symbol("beta", r"\beta", Text("How far the old value is replaced", "旧值被替换的程度")),
        Symbol("recalled", r"\bar v", Text("What the memory held under this key", "记忆中该键下原有的值")),
        Symbol("query", "q", Text("Under which the memory is read", "读取记忆所用的查询")),
        Symbol("output", "o", Text("What is read", "读出的结果")),
    ),
    patterns=(Bind("output", Op(("sum",), (Op(("mul",), (STATE, QUERY)),), keywords=ROWS)),),
    output="output",
    reference=reference,
    matches=(
        _STEPS.format(
            name="mamba",
            body="m = (s * k_t.unsqueeze(-1)).sum(dim=-2)\n"
            "        s = s + k_t.unsqueeze(-1) * ((v_t - m) * b_t).unsqueeze(-2)",
        ),
        _STEPS.format(
            name="linear",
            body="m = (s * k_t[..., None]).sum(dim=-2)\n        d = b_t * (v_t - m)\n"
            "        s = s + k_t.unsqueeze(-1) * d.unsqueeze(-2)",
        ),
    ),
    rejects=(
        # Nothing is taken out; taken out under another key; no strength; the sum over the other dimension.
        _STEPS.format(name="delta_rule", body="s = s + k_t.unsqueeze(-1) * (v_t * b_t).unsqueeze(-2)"),
        _STEPS.format(
            name="delta_rule",
            body="m = (s * q_t.unsqueeze(-1)).sum(dim=-2)\n"
            "        s = s + k_t.unsqueeze(-1) * ((v_t - m) * b_t).unsqueeze(-2)",
        ),
        _STEPS.format(
            name="delta_rule",
            body="m = (s * k_t.unsqueeze(-1)).sum(dim=-2)\n        s = s + k_t.unsqueeze(-1) * (v_t - m).unsqueeze(-2)",
        ),
        _STEPS.format(
            name="delta_rule",
            body="m = (s * k_t.unsqueeze(-1)).sum(dim=-1)\n"
            "        s = s + k_t.unsqueeze(-1) * ((v_t - m) * b_t).unsqueeze(-2)",
        ),
    ),
)
