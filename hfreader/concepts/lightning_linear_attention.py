"""Linear attention with a fixed decay, one step of its recurrence."""

from typing import Any

from hfreader.concepts.model import Citation, Concept, Symbol, Text
from hfreader.concepts.pattern import Anything, Bind, Op

DECAY = Bind("decay", Op(("exp",), (Op(("neg",)),)))
WRITTEN = Op(("matmul",), (Op(("transpose",), (Bind("key", Anything()),)), Bind("value", Anything())))
STATE = Op(("add",), (Op(("mul",), (DECAY, Bind("state", Anything()))), WRITTEN))


def reference(query: Any, key: Any, value: Any, state: Any, decay: Any) -> Any:
    """q (lambda S + k^T v). Shapes: q and k (B, heads, 1, d_k), v (B, heads, 1, d_v), S (B, heads, d_k, d_v)."""
    return decay * (query @ state) + (query * key).sum(-1, keepdim=True) * value


_STEP = """
def {name}(q, k, v, s, r, n):
    y = []
    f = torch.exp(-r)
    for i in range(n):
        a, b, c = q[:, :, i : i + 1], k[:, :, i : i + 1], v[:, :, i : i + 1]
        {body}
    return torch.cat(y, dim=-2)
"""

CONCEPT = Concept(
    slug="lightning-linear-attention",
    name=Text("Decayed linear attention (Lightning)", "带衰减的线性注意力（Lightning）"),
    explanation=Text(
        "Attention without softmax: keys and values are summed into one matrix, which fades by a fixed factor for each "
        "head at every step and which the query reads. Cost grows with the length of the text, not with its square.",
        "没有 softmax 的注意力：键与值累加进一个矩阵，"
        "每步按各头固定的系数衰减，由查询读取。代价随长度线性增长，而非平方。",
    ),
    citations=(
        Citation(
            "Lightning Attention-2: A Free Lunch for Handling Unlimited Sequence Lengths in Large Language Models",
            "Qin et al.",
            2024,
            "2401.04658",
        ),
        Citation("MiniMax-01: Scaling Foundation Models with Lightning Attention", "MiniMax", 2025, "2501.08313"),
        Citation("Transformers are RNNs", "Katharopoulos et al.", 2020, "2006.16236"),
    ),
    equations=(
        r"S_t=\sym{decay}\,\sym{state}+\sym{key}_t^{\top}\sym{value}_t,\qquad\sym{output}_t=\sym{query}_t\,S_t",
    ),
    symbols=(
        Symbol("query", "q", Text("What reads the memory", "读取记忆的查询")),
        Symbol("key", "k", Text("Under which the value is stored", "存放值所用的键")),
        Symbol("value", "v", Text("What is stored", "存放的值")),
        Symbol("state", "S_{t-1}", Text("The memory before the step", "该步之前的记忆")),
        Symbol("decay", r"\lambda", Text("What is kept of it, fixed for each head", "保留的比例，每头固定")),
        Symbol("output", "o", Text("What is read", "读出的结果")),
    ),
    patterns=(Bind("output", Op(("matmul",), (Bind("query", Anything()), STATE))),),
    output="output",
    reference=reference,
    matches=(
        _STEP.format(
            name="softmax",
            body="s = f * s + torch.matmul(b.transpose(-1, -2), c)\n        y.append(torch.matmul(a, s))",
        ),
    ),
    rejects=(
        # No decay; not read; the value is corrected first.
        _STEP.format(
            name="lightning", body="s = s + torch.matmul(b.transpose(-1, -2), c)\n        y.append(torch.matmul(a, s))"
        ),
        _STEP.format(name="lightning", body="s = f * s + torch.matmul(b.transpose(-1, -2), c)\n        y.append(s)"),
        _STEP.format(
            name="lightning", body="s = f * s + torch.matmul(b, c.transpose(-1, -2))\n        y.append(a * s)"
        ),
    ),
)
