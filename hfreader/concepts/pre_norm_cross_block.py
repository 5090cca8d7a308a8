"""The pre-norm decoder block with cross-attention."""

from typing import Any

from hfreader.concepts.blocks import crossing, feeding, mixing, plus, symbols, unnormed
from hfreader.concepts.model import Concept, Text
from hfreader.concepts.norms import normalised
from hfreader.concepts.papers import TRANSFORMER, at
from hfreader.concepts.pattern import Anything, Bind
from hfreader.concepts.post_norm_block import EXAMPLE, POST, PRE, PRE_CROSS
from hfreader.concepts.post_norm_cross_block import DECODER, PRE_DECODER

ATTENDED = unnormed(mixing(normalised("attention_input", "x", "norm_1"), "x"))
CROSSED = unnormed(crossing(normalised("cross_input", "middle", "norm_2"), "middle"))
FED = unnormed(feeding(normalised("ffn_input", "second", "norm_3"), "second"))
MIDDLE = plus(Bind("x", Anything()), "attention", ATTENDED)
SECOND = plus(Bind("middle", MIDDLE), "cross", CROSSED)


def reference(x: Any, norm_1: Any, attention: Any, norm_2: Any, cross: Any, norm_3: Any, ffn: Any) -> dict[str, Any]:
    """z + FFN(N_3(z)) with z = y + Cross(N_2(y), m) and y = x + Attn(N_1(x)). The branches are taken as they were
    computed. Shapes: all alike, (..., d); the last sub-layer may have its positions flattened."""
    middle = x + attention
    second = middle + cross
    inputs = {"attention_input": norm_1(x), "cross_input": norm_2(middle), "ffn_input": norm_3(second)}
    return {**inputs, "middle": middle, "second": second, "output": second.reshape(ffn.shape) + ffn}


TWICE = "x = x + self.a(self.n(x), self.n(x))\n        x = x + self.f(self.r(x))\n        return x + self.f(self.m(x))"

CONCEPT = Concept(
    slug="pre-norm-cross-block",
    kind="composition",
    name=Text("Pre-norm decoder block with cross-attention", "前置归一化交叉注意力块"),
    explanation=Text(
        "Self-attention, attention to the encoder's output, and a feed-forward network in turn, each reading a normed "
        "copy of the stream and adding its output to the stream itself.",
        "依次是自注意力、对编码器输出的注意力、前馈网络，每个读取主干的归一化副本，并把输出加回主干。",
    ),
    citations=(at(TRANSFORMER, "§3.1, the order of the sub-layers"),),
    equations=(
        r"\sym{middle}=\sym{x}+\sym{attention}(\sym{attention_input}),\quad\sym{attention_input}=\sym{norm_1}(\sym{x})",
        r"\sym{second}=\sym{middle}+\sym{cross}(\sym{cross_input},m),\quad\sym{cross_input}=\sym{norm_2}(\sym{middle})",
        r"\sym{output}=\sym{second}+\sym{ffn}(\sym{ffn_input}),\quad\sym{ffn_input}=\sym{norm_3}(\sym{second})",
    ),
    symbols=symbols(
        "x",
        "norm_1",
        "attention_input",
        "attention",
        "middle",
        "norm_2",
        "cross_input",
        "cross",
        "second",
        "norm_3",
        "ffn_input",
        "ffn",
        "output",
    ),
    patterns=(Bind("output", plus(Bind("second", SECOND), "ffn", FED)),),
    output="output",
    reference=reference,
    akin=("pre-norm-block", "post-norm-cross-block"),
    matches=(EXAMPLE.format(name="PostNorm", body=PRE_DECODER),),
    rejects=tuple(EXAMPLE.format(name="PreNormCross", body=body) for body in (POST, PRE, PRE_CROSS, DECODER, TWICE)),
)
