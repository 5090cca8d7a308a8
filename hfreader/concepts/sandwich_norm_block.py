"""The block with a norm before and after each branch, as in Gemma 2."""

from typing import Any

from hfreader.concepts.blocks import feeding, mixing, plus, symbols
from hfreader.concepts.model import Concept, Text
from hfreader.concepts.norms import norm, normalised
from hfreader.concepts.papers import COGVIEW, GEMMA_2, at
from hfreader.concepts.pattern import Anything, Bind
from hfreader.concepts.post_norm_block import EXAMPLE, OUTPUT, POST, PRE, PRE_RMS, SANDWICH

ATTENDED = norm(mixing(normalised("attention_input", "x", "norm_1"), "x"), "norm_2")
FED = norm(feeding(normalised("ffn_input", "middle", "norm_3"), "middle"), "norm_4")
MIDDLE = plus(Bind("x", Anything()), "attention", ATTENDED)


def reference(x: Any, norm_1: Any, attention: Any, norm_3: Any, ffn: Any) -> dict[str, Any]:
    """y + N_4(FFN(N_3(y))) with y = x + N_2(Attn(N_1(x))). The normed branches are taken as they were computed.

    Shapes: all alike, (..., d)."""
    middle = x + attention
    return {"attention_input": norm_1(x), "middle": middle, "ffn_input": norm_3(middle), "output": middle + ffn}


CONCEPT = Concept(
    slug="sandwich-norm-block",
    kind="composition",
    name=Text("Sandwich-norm block", "三明治归一化块"),
    explanation=Text(
        "Each branch reads a normed copy of the stream, and its output is normed again before it is added to the "
        "stream. The second norm keeps the size of what is added in check.",
        "每个分支读取主干的归一化副本，其输出再经一次归一化后才加回主干。第二次归一化控制了加入主干的值的大小。",
    ),
    citations=(COGVIEW, at(GEMMA_2, "§2")),
    equations=(
        r"\sym{middle}=\sym{x}+\sym{attention},\quad\sym{attention}=\sym{norm_2}(\mathrm{Attn}(\sym{attention_input})),"
        r"\quad\sym{attention_input}=\sym{norm_1}(\sym{x})",
        r"\sym{output}=\sym{middle}+\sym{ffn},\quad\sym{ffn}=\sym{norm_4}(\mathrm{FFN}(\sym{ffn_input})),"
        r"\quad\sym{ffn_input}=\sym{norm_3}(\sym{middle})",
    ),
    symbols=symbols(
        "x",
        "norm_1",
        "attention_input",
        "norm_2",
        "attention",
        "middle",
        "norm_3",
        "ffn_input",
        "norm_4",
        "ffn",
        "output",
    ),
    patterns=(Bind("output", plus(Bind("middle", MIDDLE), "ffn", FED)),),
    output="output",
    reference=reference,
    matches=(EXAMPLE.format(name="PreNorm", body=SANDWICH),),
    rejects=tuple(EXAMPLE.format(name="Sandwich", body=body) for body in (PRE, PRE_RMS, POST, OUTPUT)),
)
