"""The state space model of Mamba-2, one step of its recurrence."""

from typing import Any

from hfreader.concepts.model import Concept, Symbol, Text
from hfreader.concepts.papers import MAMBA_2
from hfreader.concepts.pattern import Bind, Both
from hfreader.concepts.selective_ssm_mamba1 import SHARED, named, step


def reference(state: Any, a: Any, dt: Any, b: Any, x: Any, c: Any) -> Any:
    """H' C with H' = exp(dt a) H + dt x B^T for each head; also exp(dt a) and dt x B^T themselves.

    Shapes: H (batch, heads, p, n), a (heads, p, n) or with one number for each head, dt and x (batch, heads, p),
    B (batch, heads, 1, n), C (batch * heads, n, 1); the result is (batch * heads, p, 1).
    """
    rate = a.reshape(*a.shape, *[1] * (state.dim() - 1 - a.dim()))
    decays = (dt[..., None] * rate).exp().expand(state.shape)
    inputs = (dt * x)[..., None] * b
    after = decays * state + inputs
    return {"output": after.flatten(0, 1) @ c, "decays": decays, "inputs": inputs}


_STEP = """
def {name}(h, x, dt, A, B, C):
    n, k, p = x.shape
    dt = F.softplus(dt)[..., None]
    a = torch.exp(dt.float() * A.float())
    B = B.reshape(n, 1, 1, 4).expand(n, 1, k, 4).contiguous().reshape(n, k, 1, 4)
    u = (dt * B) * x[..., None]
    {body}
"""

CONCEPT = Concept(
    slug="ssd-mamba2",
    name=Text("State space duality (Mamba-2)", "状态空间对偶（Mamba-2）"),
    explanation=Text(
        "Mamba with heads: each head keeps a matrix that decays by one number a step and takes in the outer product of "
        "its input and B. Written out over a sequence it is attention without softmax under a mask of decays, which is "
        "how it is trained; this is the same, step by step.",
        "带头的 Mamba：每个头保持一个矩阵，每步按一个数衰减，并加入输入与 B 的外积。"
        "沿序列展开就是带衰减掩码、没有 softmax 的注意力，"
        "训练时即如此计算；这里是逐步的同一计算。",
    ),
    citations=(MAMBA_2,),
    equations=(
        r"H_t=\sym{decays}\,\sym{state}+\sym{inputs},\qquad\sym{output}=H_t\,\sym{c}",
        r"\sym{decays}=\exp(\sym{dt}\,\sym{a}),\qquad\sym{inputs}=\sym{dt}\,\sym{x}\,\sym{b}^{\top}",
    ),
    symbols=(
        Symbol("x", "x", Text("The input of each head", "各头的输入")),
        Symbol("dt", r"\Delta", Text("The step size of each head, from the input", "各头的步长，由输入决定")),
        Symbol("a", "A", Text("The rate of decay of each head, learned", "各头可学习的衰减速率")),
        Symbol("b", "B", Text("How the input enters, shared by groups of heads", "输入进入的方式，若干头共享")),
        Symbol("c", "C", Text("How the state is read, shared likewise", "读取状态的方式，同样共享")),
        Symbol("decays", r"\alpha_t", Text("What is kept of the state", "状态保留的比例")),
        Symbol("inputs", r"\bar B x^{\top}", Text("What the state takes in", "状态的输入")),
        Symbol("decay", r"\alpha_t", Text("What is kept of the state", "状态保留的比例"), ("decays",)),
        Symbol("input", r"\bar B x^{\top}", Text("What the state takes in", "状态的输入"), ("inputs",)),
        Symbol("state", "H_{t-1}", Text("The state before the step", "该步之前的状态")),
        Symbol("output", "y_t", Text("What is read from the state", "由状态读出的结果")),
    ),
    patterns=(Bind("output", step(Both(named("b"), SHARED))),),
    output="output",
    reference=reference,
    matches=(
        _STEP.format(
            name="mamba1", body="h = h * a + u\n    return torch.bmm(h.view(n * k, p, 4), C.view(n * k, 4, 1))"
        ),
    ),
    rejects=(
        # Not read; not decayed; one B for all channels.
        _STEP.format(name="mamba2", body="return h * a + u"),
        _STEP.format(name="mamba2", body="h = h + u\n    return torch.bmm(h.view(n * k, p, 4), C.view(n * k, 4, 1))"),
        """
def mamba2(h, x, dt, A, B, C):
    a = torch.exp(dt.float()[..., None] * A.float())
    h = h * a + dt[..., None] * B[:, None, :] * x[..., None]
    return torch.matmul(h, C.unsqueeze(-1)).squeeze(-1)
""",
    ),
)
