"""The block whose attention and feed-forward network read the same stream, as in GPT-J and PaLM."""

from typing import Any

from hfreader.concepts.blocks import feeding, mixing, symbols
from hfreader.concepts.model import Concept, Text
from hfreader.concepts.norms import normalised
from hfreader.concepts.papers import GPT_NEOX, PALM, at
from hfreader.concepts.pattern import Anything, Bind, Op, Returned
from hfreader.concepts.post_norm_block import EXAMPLE, PARALLEL, POST, PRE, SANDWICH

ATTENDED = mixing(normalised("attention_input", "x", "norm_1"), "x")
FED = feeding(normalised("ffn_input", "x", "norm_2"), "x")


def reference(x: Any, norm_1: Any, attention: Any, norm_2: Any, ffn: Any) -> dict[str, Any]:
    """x + Attn(N_1(x)) + FFN(N_2(x)). The branches are taken as they were computed. N_1 and N_2 may be one norm.

    Shapes: all alike, (..., d)."""
    return {"attention_input": norm_1(x), "ffn_input": norm_2(x), "output": x + attention + ffn}


TWO = "h = self.n(x)\n        return x + self.a(h, h) + self.f(self.m(x))"

CONCEPT = Concept(
    slug="parallel-residual-block",
    kind="composition",
    name=Text("Parallel attention and feed-forward block", "并行残差块"),
    explanation=Text(
        "Attention and the feed-forward network read a norm of the same stream, and both are added to it at once. The "
        "two can be computed side by side, which is faster on large models.",
        "注意力与前馈网络读取同一主干的归一化结果，并同时加回主干。两者可以并行计算，在大模型上更快。",
    ),
    citations=(at(PALM, "§2"), GPT_NEOX),
    equations=(
        r"\sym{output}=\sym{x}+\sym{attention}(\sym{attention_input})+\sym{ffn}(\sym{ffn_input})",
        r"\sym{attention_input}=\sym{norm_1}(\sym{x}),\quad\sym{ffn_input}=\sym{norm_2}(\sym{x})",
    ),
    symbols=symbols("x", "norm_1", "attention_input", "attention", "norm_2", "ffn_input", "ffn", "output"),
    patterns=(
        Returned(Bind("output", Op(("add",), (Bind("x", Anything()), Bind("attention", ATTENDED), Bind("ffn", FED))))),
    ),
    output="output",
    reference=reference,
    matches=(EXAMPLE.format(name="PreNorm", body=PARALLEL), EXAMPLE.format(name="PreNorm", body=TWO)),
    rejects=tuple(EXAMPLE.format(name="Parallel", body=body) for body in (PRE, POST, SANDWICH)),
)
