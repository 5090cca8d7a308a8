"""The post-norm decoder block with cross-attention."""

from typing import Any

from hfreader.concepts.blocks import crossing, feeding, mixing, plus, symbols, unnormed, value
from hfreader.concepts.model import Concept, Text
from hfreader.concepts.norms import norm
from hfreader.concepts.papers import TRANSFORMER, at
from hfreader.concepts.pattern import Bind
from hfreader.concepts.post_norm_block import CROSS, EXAMPLE, POST, PRE_CROSS

FIRST = norm(plus(value("x"), "attention", unnormed(mixing(value("x")))), "norm_1")
SECOND = norm(plus(Bind("middle", FIRST), "cross", unnormed(crossing(value("middle")))), "norm_2")
THIRD = norm(plus(Bind("second", SECOND), "ffn", unnormed(feeding(value("second")))), "norm_3")


def reference(x: Any, attention: Any, norm_1: Any, cross: Any, norm_2: Any, ffn: Any, norm_3: Any) -> dict[str, Any]:
    """LN_3(z + FFN(z)) with z = LN_2(y + Cross(y, m)) and y = LN_1(x + Attn(x)). The branches are taken as they were
    computed. Shapes: all alike, (..., d); the last sub-layer may have its positions flattened."""
    middle = norm_1(x + attention)
    second = norm_2(middle + cross)
    return {"middle": middle, "second": second, "output": norm_3(second.reshape(ffn.shape) + ffn)}


DECODER = "x = self.n(x + self.a(x, x))\n        x = self.n(x + self.a(x, z))\n        return self.m(x + self.f(x))"
PRE_DECODER = (
    "h = self.n(x)\n        x = x + self.a(h, h)\n        x = x + self.a(self.r(x), z)\n        "
    "return x + self.f(self.m(x))"
)
TWICE = "x = self.n(x + self.a(x, x))\n        x = self.n(x + self.a(x, x))\n        return self.m(x + self.f(x))"

CONCEPT = Concept(
    slug="post-norm-cross-block",
    kind="composition",
    name=Text("Post-norm decoder block with cross-attention", "后置归一化交叉注意力块"),
    explanation=Text(
        "Self-attention, attention to the encoder's output, and a feed-forward network in turn, each with a residual "
        "around it and a norm over the sum: the decoder block of the original Transformer.",
        "依次是自注意力、对编码器输出的注意力、前馈网络，每个外面有残差，再对和做归一化：原始 Transformer 的解码器块。",
    ),
    citations=(at(TRANSFORMER, "§3.1"),),
    equations=(
        r"\sym{middle}=\sym{norm_1}(\sym{x}+\sym{attention}(\sym{x}))",
        r"\sym{second}=\sym{norm_2}(\sym{middle}+\sym{cross}(\sym{middle},m))",
        r"\sym{output}=\sym{norm_3}(\sym{second}+\sym{ffn}(\sym{second}))",
    ),
    symbols=symbols("x", "attention", "norm_1", "middle", "cross", "norm_2", "second", "ffn", "norm_3", "output"),
    patterns=(Bind("output", THIRD),),
    output="output",
    reference=reference,
    akin=("post-norm-block", "pre-norm-cross-block"),
    matches=(EXAMPLE.format(name="PreNorm", body=DECODER),),
    rejects=tuple(
        EXAMPLE.format(name="PostNormCross", body=body) for body in (POST, CROSS, PRE_CROSS, PRE_DECODER, TWICE)
    ),
)
