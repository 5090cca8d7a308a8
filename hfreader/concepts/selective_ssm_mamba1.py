"""The selective state space model of Mamba, one step of its recurrence."""

from typing import Any

from hfreader.concepts.model import Citation, Concept, NotCovered, Symbol, Text
from hfreader.concepts.pattern import Anything, Bind, Both, Not, OneOf, Op, Pattern


def named(symbol: str) -> Pattern:
    """A value that may have dimensions added."""
    return OneOf((Op(("item",), (Bind(symbol, Anything()),)), Bind(symbol, Anything())))


def at_step(symbol: str, whole: Pattern) -> Pattern:
    """A value of all steps, at one of them."""
    return Bind(symbol, OneOf((Op(("item",), (whole,)), whole)))


def step(b: Pattern) -> Pattern:
    """What is read from the state after a step; `b` is how the input enters it."""
    decays = Bind("decays", Op(("exp",), (Op(("mul",), (named("a"), named("dt"))),)))
    inputs = Bind("inputs", Op(("mul",), (Op(("mul",), (named("dt"), b)), named("x"))))
    kept = Op(("mul",), (at_step("decay", decays), Bind("state", Anything())))
    return Op(("matmul",), (Op(("add",), (kept, at_step("input", inputs))), Bind("c", Anything())))


RATES = 2  # dimensions of A: (channels, n)
# One B for all channels: where heads share it in groups, it is Mamba-2's recurrence.
SHARED = Op(("expand",), (Anything(),))


def reference(decay: Any, state: Any, input: Any, c: Any, a: Any, dt: Any, b: Any, x: Any, decays: Any) -> Any:
    """C h' with h' = exp(dt A) h + dt B x, each channel with its own row of A; exp(dt A) and dt B x too.

    Shapes: A (channels, n); of one step dt and x (batch, channels), B (batch, n), h (batch, channels, n); of a sequence
    dt and x (batch, channels, T), B (batch, T, n). C (batch, n, 1).
    """
    if a.dim() != RATES:
        raise NotCovered("which of several heads the rates are taken from is not seen")
    if decays.dim() == 4:
        rates, drive = dt[..., None] * a[:, None, :], (dt * x)[..., None] * b[:, None]
    else:
        rates, drive = dt[..., None] * a, (dt * x)[..., None] * b[:, None]
    return {"output": (decay * state + input) @ c, "decays": rates.exp(), "inputs": drive}


_SCAN = """
def {name}(x, dt, A, B, C, D, T):
    B, C = B.transpose(1, 2), C.transpose(1, 2)
    a = torch.exp(A[None, :, None, :] * dt[:, :, :, None])
    b = dt[:, :, :, None] * B[:, None, :, :].float()
    u = b * x[:, :, :, None].float()
    h = torch.zeros(x.shape[0], x.shape[1], A.shape[-1])
    y = []
    for i in range(T):
        {body}
        y.append(o[:, :, 0])
    return torch.stack(y, dim=-1) + x * D[None, :, None]
"""

CONCEPT = Concept(
    slug="selective-ssm-mamba1",
    name=Text("Selective state space model (Mamba)", "选择性状态空间模型（Mamba）"),
    explanation=Text(
        "Each channel keeps a small state that decays and takes in the input at every step, at rates that depend on "
        "the input itself: a token can be let in or passed over. The output is read from the state; a step costs the "
        "same however long the text is. Eq. (4) of the paper discretises B like A, as (ΔA)⁻¹(exp(ΔA) - I)ΔB; the code "
        "takes ΔB, and that is what is shown and proven here.",
        "每个通道保持一个小状态，每一步衰减并接收输入，速率取决于输入本身：词元可以被吸收或略过。输出由状态读出，"
        "因而每步代价与文本长度无关。论文式 (4) 对 B 也做零阶保持离散化：(ΔA)⁻¹(exp(ΔA) - I)ΔB；代码直接取 ΔB，"
        "这里展示并证明的是代码的做法。",
    ),
    citations=(
        Citation(
            "Mamba: Linear-Time Sequence Modeling with Selective State Spaces",
            "Gu, Dao",
            2023,
            "2312.00752",
            "Eq. (2), (4), Algorithm 2",
        ),
    ),
    equations=(
        r"h_t=\sym{decay}\odot\sym{state}+\sym{input},\qquad\sym{output}=h_t\,\sym{c}",
        r"\sym{decays}=\exp(\sym{dt}\,\sym{a}),\qquad\sym{inputs}=\sym{dt}\,\sym{b}\,\sym{x}",
    ),
    symbols=(
        Symbol("x", "x", Text("The input of each channel", "各通道的输入")),
        Symbol("dt", r"\Delta", Text("The step size, from the input", "步长，由输入决定")),
        Symbol("a", "A", Text("Rates of decay, learned, one row for each channel", "可学习的衰减速率，每通道一行")),
        Symbol("b", "B", Text("How the input enters the state, from the input", "输入进入状态的方式，由输入决定")),
        Symbol("c", "C", Text("How the state is read, from the input", "读取状态的方式，由输入决定")),
        Symbol("decays", r"\bar A", Text("What is kept of the state at each step", "各步状态保留的比例")),
        Symbol("inputs", r"\bar B x", Text("What the state takes in at each step", "各步状态的输入")),
        Symbol("decay", r"\bar A_t", Text("What is kept of it at this step", "该步保留的比例")),
        Symbol("input", r"\bar B_t x_t", Text("What it takes in at this step", "该步的输入")),
        Symbol("state", "h_{t-1}", Text("The state before the step", "该步之前的状态")),
        Symbol("output", "y_t", Text("What is read from the state", "由状态读出的结果")),
    ),
    patterns=(Bind("output", step(Both(Not(SHARED), named("b")))),),
    output="output",
    reference=reference,
    matches=(
        _SCAN.format(
            name="scan",
            body="h = a[:, :, i] * h + u[:, :, i]\n        o = torch.matmul(h.to(x.dtype), C[:, i, :].unsqueeze(-1))",
        ),
        """
def update(h, x, dt, A, B, C):
    a = torch.exp(dt.float()[..., None] * A.float())
    u = dt.float()[..., None] * B.float()[:, None, :] * x.float()[..., None]
    h = h.float() * a + u
    return torch.matmul(h, C.unsqueeze(-1)).squeeze(-1)
""",
    ),
    rejects=(
        # Heads that share B in groups.
        """
def mamba(h, x, dt, A, B, C):
    dt = dt[..., None]
    B = B.reshape(2, 1, 1, 4).expand(2, 1, 3, 4).reshape(2, 3, 1, 4)
    h = h * torch.exp(dt * A) + (dt * B) * x[..., None]
    return torch.bmm(h.view(6, 5, 4), C.view(6, 4, 1))
""",
        # The state does not decay; decays by a constant; is not read; the input enters at full strength.
        _SCAN.format(name="mamba", body="h = h + u[:, :, i]\n        o = torch.matmul(h, C[:, i, :].unsqueeze(-1))"),
        _SCAN.format(
            name="mamba", body="h = 0.9 * h + u[:, :, i]\n        o = torch.matmul(h, C[:, i, :].unsqueeze(-1))"
        ),
        _SCAN.format(name="mamba", body="h = a[:, :, i] * h + u[:, :, i]\n        o = h"),
        _SCAN.format(
            name="mamba",
            body="h = a[:, :, i] * h + x[:, :, i, None]\n        o = torch.matmul(h, C[:, i, :].unsqueeze(-1))",
        ),
    ),
    hints=frozenset({"decays"}),
)
