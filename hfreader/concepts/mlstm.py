"""The mLSTM cell of xLSTM, one step of its recurrence."""

from typing import Any

from hfreader.concepts.model import Citation, Concept, Symbol, Text
from hfreader.concepts.pattern import Anything, Bind, Op, Pattern, Scalar

FORGET, INPUT = Bind("forget", Op(("exp",))), Bind("input", Op(("exp",)))
QUERY, KEY = Bind("query", Anything()), Bind("key", Anything())


def updated(before: str, new: Pattern) -> Pattern:
    """What was there, faded, and what comes in."""
    return Op(("add",), (Op(("mul",), (FORGET, Bind(before, Anything()))), Op(("mul",), (INPUT, new))))


MEMORY = updated("state", Op(("matmul",), (KEY, Bind("value", Anything()))))
READ = Op(("matmul",), (QUERY, MEMORY))
LENGTH = Op(("abs",), (Op(("matmul",), (QUERY, updated("normaliser", KEY))),))
FLOOR = Op(("exp",), (Op(("neg",), (Bind("stabiliser", Anything()),)),))
BELOW = Op(("add",), (Op(("maximum",), (LENGTH, FLOOR)), Bind("eps", Scalar())))


def reference(
    state: Any,
    normaliser: Any,
    stabiliser: Any,
    forget: Any,
    input: Any,
    query: Any,
    key: Any,
    value: Any,
    eps: Any = 0.0,
) -> Any:
    """C' q / (max(|n' q|, exp(-m)) + eps), C' = f C + i k v^T, n' = f n + i k.

    Shapes: C (B, heads, d, d_v), n (B, heads, d), m (B, heads, 1), f and i (B, heads, 1, 1), q (B, heads, 1, d),
    k (B, heads, d, 1), v (B, heads, 1, d_v)."""
    memory = forget * state + input * key * value
    kept = forget * normaliser[..., None] + input * key
    read = (query.transpose(-1, -2) * memory).sum(-2)
    length = (query.transpose(-1, -2) * kept).sum((-2, -1))[..., None].abs()
    return read / (length.maximum((-stabiliser).exp()) + eps)


_STEP = """
def {name}(q, k, v, i, f, c, n, m):
    f = F.logsigmoid(f)
    z = torch.max(f + m, i)
    f, i = torch.exp(f + m - z), torch.exp(i - z)
    c = f[:, :, :, None] * c + i[:, :, :, None] * (k[:, :, :, None] @ v[:, :, None, :])
    n = f * n + i * k
    a = (q[:, :, None, :] @ c).squeeze(2)
    b = (q[:, :, None, :] @ n[:, :, :, None]).squeeze(2)
    {body}
"""

CONCEPT = Concept(
    slug="mlstm",
    name=Text("mLSTM cell (xLSTM)", "mLSTM 单元（xLSTM）"),
    explanation=Text(
        "A long short-term memory whose cell is a matrix: at each step the forget gate fades it and the input gate "
        "writes the outer product of key and value into it. The query reads it, divided by how much of it was ever "
        "written. Gates are exponentials, kept in range by a running maximum.",
        "单元状态为矩阵的长短期记忆：每一步由遗忘门使其衰减，由输入门写入键与值的外积；查询从中读取，再除以写入的总量。"
        "门是指数函数，用运行中的最大值保持在可表示的范围内。",
    ),
    citations=(
        Citation("xLSTM: Extended Long Short-Term Memory", "Beck et al.", 2024, "2405.04517", "§2.3, Eq. (19)-(27)"),
    ),
    equations=(
        r"\sym{output}=\frac{C_t^{\top}\sym{query}}{\max\big(|n_t^{\top}\sym{query}|,\,e^{-\sym{stabiliser}}\big)"
        r"+\sym{eps}}",
        r"C_t=\sym{forget}\,\sym{state}+\sym{input}\,\sym{key}\,\sym{value}^{\top},\qquad "
        r"n_t=\sym{forget}\,\sym{normaliser}+\sym{input}\,\sym{key}",
    ),
    symbols=(
        Symbol("state", "C_{t-1}", Text("The memory before the step", "该步之前的记忆")),
        Symbol("normaliser", "n_{t-1}", Text("How much was written so far", "此前写入的总量")),
        Symbol("stabiliser", "m_t", Text("The running maximum of the gates' logarithms", "门的对数的运行最大值")),
        Symbol("forget", "f_t", Text("The forget gate: what is kept", "遗忘门：保留的比例")),
        Symbol("input", "i_t", Text("The input gate: how strongly is written", "输入门：写入的强度")),
        Symbol("query", "q_t", Text("Under which the memory is read", "读取记忆所用的查询")),
        Symbol("key", "k_t", Text("Under which the value is stored", "存放值所用的键")),
        Symbol("value", "v_t", Text("What is stored", "存放的值")),
        Symbol("eps", r"\epsilon", Text("A small number against division by zero", "防止除以零的小数")),
        Symbol("output", "h_t", Text("What is read", "读出的结果")),
    ),
    patterns=(Bind("output", Op(("div",), (READ, BELOW))),),
    output="output",
    reference=reference,
    matches=(
        _STEP.format(
            name="linear_attention", body="return a / (torch.maximum(b.abs(), torch.exp(-z)) + 1e-6), (c, n, z)"
        ),
    ),
    rejects=(
        # Not divided by what was written; by another floor; a sum in place of the maximum; read from another memory.
        _STEP.format(name="mlstm", body="return a / (torch.exp(-z) + 1e-6)"),
        _STEP.format(name="mlstm", body="return a / (torch.maximum(b.abs(), z) + 1e-6)"),
        _STEP.format(name="mlstm", body="return a / (b.abs() + torch.exp(-z) + 1e-6)"),
        _STEP.format(
            name="mlstm", body="return (q[:, :, None, :] @ v) / (torch.maximum(b.abs(), torch.exp(-z)) + 1e-6)"
        ),
    ),
)
