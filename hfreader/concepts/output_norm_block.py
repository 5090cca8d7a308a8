"""The block that norms the output of each branch alone, as in OLMo 2 and Swin v2."""

from typing import Any

from hfreader.concepts.blocks import feeding, mixing, plus, symbols, value
from hfreader.concepts.model import Concept, Text
from hfreader.concepts.norms import norm
from hfreader.concepts.papers import OLMO_2, SWIN_V2, at
from hfreader.concepts.pattern import Anything, Bind, Both, Not
from hfreader.concepts.post_norm_block import EXAMPLE, OUTPUT, POST, PRE, PRE_RMS, SANDWICH

RAW = Not(norm(Anything()))
ATTENDED = Both(Not(norm(mixing(norm(value("x"))))), norm(mixing(value("x")), "norm_1"))
FED = Both(Not(norm(feeding(norm(value("middle"))))), norm(feeding(value("middle")), "norm_2"))
MIDDLE = plus(Bind("x", RAW), "attention", ATTENDED)


def reference(x: Any, attention: Any, ffn: Any) -> dict[str, Any]:
    """y + N_2(FFN(y)) with y = x + N_1(Attn(x)). The normed branches are taken as they were computed.

    Shapes: all alike, (..., d)."""
    middle = x + attention
    return {"middle": middle, "output": middle + ffn}


CONCEPT = Concept(
    slug="output-norm-block",
    kind="composition",
    name=Text("Output-norm block", "输出归一化块"),
    explanation=Text(
        "Each branch reads the stream as it is, and its output is normed before it is added to the stream. The stream "
        "itself is never normed, and what each branch adds has a known size.",
        "每个分支直接读取主干，其输出经归一化后加回主干。主干本身从不归一化，而每个分支加入的值大小可控。",
    ),
    citations=(OLMO_2, at(SWIN_V2, "§3.2")),
    equations=(
        r"\sym{middle}=\sym{x}+\sym{attention},\quad\sym{attention}=\sym{norm_1}(\mathrm{Attn}(\sym{x}))",
        r"\sym{output}=\sym{middle}+\sym{ffn},\quad\sym{ffn}=\sym{norm_2}(\mathrm{FFN}(\sym{middle}))",
    ),
    symbols=symbols("x", "norm_1", "attention", "middle", "norm_2", "ffn", "output"),
    patterns=(Bind("output", plus(Bind("middle", MIDDLE), "ffn", FED)),),
    output="output",
    reference=reference,
    matches=(EXAMPLE.format(name="PostNorm", body=OUTPUT),),
    rejects=tuple(EXAMPLE.format(name="OutputNorm", body=body) for body in (PRE, PRE_RMS, POST, SANDWICH)),
)
