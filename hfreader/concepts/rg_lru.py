"""The real-gated linear recurrent unit (RG-LRU) of Griffin, one step of its recurrence."""

from typing import Any

from hfreader.concepts.linear_maps import HELD
from hfreader.concepts.model import Citation, Concept, Symbol, Text
from hfreader.concepts.pattern import Anything, Bind, OneOf, Op, Scalar

GATE = Bind("recurrence_gate", Op(("sigmoid",)))
RATE = Op(("softplus",), (Bind("rate", HELD),))
KEPT = Bind("decays", Op(("exp",), (Op(("mul",), (Bind("c", Scalar()), GATE, RATE)),)))
OPEN = Op(("mul",), (Bind("x", Anything()), Bind("input_gate", Op(("sigmoid",)))))
INPUTS = Bind("inputs", Op(("mul",), (OPEN, Bind("scale", Anything()))))
# What begins a sequence keeps nothing of what was before.
RESET = OneOf((KEPT, Op(("mul",), (KEPT, Anything()))))
DECAY, INPUT = Bind("decay", Op(("item",), (RESET,))), Bind("input", Op(("item",), (INPUTS,)))


def reference(
    state: Any,
    decay: Any,
    input: Any,
    recurrence_gate: Any,
    rate: Any,
    c: Any,
    x: Any,
    input_gate: Any,
    scale: Any,
) -> dict[str, Any]:
    """a_t h + x_t, with a = exp(c r softplus(Lambda)) and x_t = i x s over the sequence, c below zero.

    Shapes: h, a_t and x_t (B, d), the gates r and i, x and s (B, n, d), Lambda (d,)."""
    softplus = rate.clamp(min=0) + (1 + (-rate.abs()).exp()).log()
    decays = (c * recurrence_gate * softplus).exp()
    return {"output": decay * state + input, "decays": decays, "inputs": x * input_gate * scale}


_SCAN = """
class {name}(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.a, self.b = nn.Linear(c.d, c.d), nn.Linear(c.d, c.d)
        self.w = nn.Parameter(torch.zeros(c.d))

    def forward(self, x):
        i, r = torch.sigmoid(self.a(x)), torch.sigmoid(self.b(x))
        g = -8.0 * r * F.softplus(self.w)
        a = torch.exp(g)
        u = (x * i) * torch.sqrt(1 - torch.exp(2 * g))
        h, y = torch.zeros_like(x[:, 0]), torch.zeros_like(x)
        for t in range(x.shape[1]):
            {body}
            y[:, t] = h
        return y
"""

CONCEPT = Concept(
    slug="rg-lru",
    name=Text("Real-gated linear recurrent unit (RG-LRU)", "实值门控线性循环单元（RG-LRU）"),
    explanation=Text(
        "A state with one number for each feature fades and takes in the input, without any non-linearity between "
        "steps. A recurrence gate says how fast it fades, an input gate how much comes in, and the input is scaled "
        "so that the state keeps its size.",
        "每个特征一个数的状态逐步衰减并接收输入，步与步之间没有非线性。循环门决定衰减多快，输入门决定进入多少，"
        "输入经缩放，使状态的大小保持不变。",
    ),
    citations=(
        Citation(
            "Griffin: Mixing Gated Linear Recurrences with Local Attention for Efficient Language Models",
            "De et al.",
            2024,
            "2402.19427",
            "§2.4, Eq. (1)-(4)",
        ),
    ),
    equations=(
        r"\sym{output}=\sym{decay}\odot\sym{state}+\sym{input}",
        r"\sym{decays}=\exp\!\big(\sym{c}\,\sym{recurrence_gate}\odot\mathrm{softplus}(\sym{rate})\big),\qquad"
        r"\sym{inputs}=\sym{scale}\odot\sym{input_gate}\odot\sym{x},\quad \sym{scale}=\sqrt{1-\sym{decays}^2}",
    ),
    symbols=(
        Symbol("state", "h_{t-1}", Text("The state before the step", "该步之前的状态")),
        Symbol("decay", "a_t", Text("What is kept of it at this step", "该步保留的比例"), ("decays",)),
        Symbol("decays", "a", Text("What is kept at each step", "各步保留的比例")),
        Symbol("input", r"\tilde x_t", Text("What comes in at this step", "该步进入的输入"), ("inputs",)),
        Symbol("inputs", r"\tilde x", Text("What comes in at each step", "各步进入的输入")),
        Symbol("recurrence_gate", "r", Text("The recurrence gate", "循环门")),
        Symbol("rate", r"\Lambda", Text("The learned rate of each feature", "各特征可学习的速率")),
        Symbol("c", "-c", Text("A constant below zero", "小于零的常数")),
        Symbol("x", "x", Text("The input of the unit", "单元的输入")),
        Symbol("input_gate", "i", Text("The input gate", "输入门")),
        Symbol("scale", "s", Text("The scale that keeps the state's size", "保持状态大小的缩放")),
        Symbol("output", "h_t", Text("The state after the step", "该步之后的状态")),
    ),
    patterns=(Bind("output", Op(("add",), (Op(("mul",), (DECAY, Bind("state", Op(("loop",))))), INPUT))),),
    output="output",
    reference=reference,
    matches=(_SCAN.format(name="Lstm", body="h = a[:, t] * h + u[:, t]"),),
    rejects=(
        # The state does not fade; the input is not gated; the decay is not that of the step.
        _SCAN.format(name="Rglru", body="h = h + u[:, t]"),
        _SCAN.format(name="Rglru", body="h = a[:, t] * h + x[:, t]"),
        _SCAN.format(name="Rglru", body="h = i[:, t] * h + u[:, t]"),
    ),
)
