"""A stack of layers: an encoder, a decoder, a stage."""

from typing import Any as AnyValue

from hfreader.concepts.class_pattern import All, Any, Calls, Implements
from hfreader.concepts.model import Concept, Symbol, Text
from hfreader.concepts.norms import norm
from hfreader.concepts.papers import TRANSFORMER, at
from hfreader.concepts.pattern import Bind, Op, Returned

SLUG = "layer-stack"
LAYER = Calls(classes=("transformers.",), repeated=True)


def reference(last: AnyValue, norm: AnyValue) -> AnyValue:
    """N(h_L), the norm after the last layer. Shapes: h_L and the result (..., d)."""
    return norm(last)


LAYERS = """
class Layer(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.a, self.b = nn.Linear(c.d, c.e), nn.Linear(c.e, c.d)

    def forward(self, x):
        return x + self.b(F.gelu(self.a(x)))

class {name}(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.e = nn.Embedding(c.v, c.d)
        self.s = nn.ModuleList([Layer(c) for _ in range(c.n)])
        self.one, self.two = Layer(c), Layer(c)
        self.m = nn.ModuleList([nn.Linear(c.d, c.d) for _ in range(c.n)])
        self.n = nn.LayerNorm(c.d)

    def forward(self, x):
        h = self.e(x)
        {body}
"""

CONCEPT = Concept(
    slug=SLUG,
    kind="composition",
    name=Text("Layer stack", "层堆叠"),
    explanation=Text(
        "The same kind of layer applied again and again, each to the result of the one before: an encoder, a decoder "
        "or one stage of them. Often a norm follows the last layer.",
        "同一种层反复作用，每一层处理前一层的结果：即编码器、解码器或其中的一个阶段。最后一层之后常有一次归一化。",
    ),
    citations=(at(TRANSFORMER, "§3.1"),),
    equations=(
        r"h_0=E(x),\quad h_l=\mathrm{Layer}_l(h_{l-1}),\quad l=1,\dots,L",
        r"\sym{output}=\sym{norm}(\sym{last})",
    ),
    symbols=(
        Symbol("last", "h_L", Text("The result of the last layer", "最后一层的结果")),
        Symbol("norm", r"\mathrm{N}", Text("The norm after the last layer", "最后一层之后的归一化")),
        Symbol("output", "y", Text("The output of the stack", "堆叠的输出")),
    ),
    # What is returned lies behind the loop: a norm before a branch of the next layer is none of the stack's.
    patterns=(Returned(Bind("output", norm(Bind("last", Op(("loop",))), "norm"))),),
    class_patterns=(
        LAYER,
        # The norm may stand in the class that calls the stack.
        All((Implements((SLUG,)), Any((Calls(concepts=(SLUG,)), Calls(child=Calls(concepts=(SLUG,))))))),
    ),
    output="output",
    reference=reference,
    matches=(
        LAYERS.format(name="Loop", body="for one in self.s:\n            h = one(h)\n        return self.n(h)"),
        LAYERS.format(name="Model", body="for i in range(3):\n            h = self.s[i](h)\n        return (h,)"),
    ),
    rejects=(
        # Two layers in turn; a loop over linear maps; every layer on the same input.
        LAYERS.format(name="Encoder", body="return self.n(self.two(self.one(h)))"),
        LAYERS.format(name="Encoder", body="for one in self.m:\n            h = F.relu(one(h))\n        return h"),
        LAYERS.format(name="Encoder", body="return torch.stack([one(h) for one in self.s])"),
    ),
)
