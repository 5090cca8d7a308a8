"""The pre-norm Transformer block, as in GPT-2 and most models since."""

from typing import Any

from hfreader.concepts.blocks import ATTENTION, UNNORMED
from hfreader.concepts.model import Concept, Symbol, Text
from hfreader.concepts.norms import normalised
from hfreader.concepts.papers import GPT_2, PRE_NORM, at
from hfreader.concepts.pattern import Anything, Bind, Both, Branch, Op
from hfreader.concepts.post_norm_block import (
    CROSS,
    EXAMPLE,
    OUTPUT,
    PARALLEL,
    POST,
    PRE,
    PRE_CROSS,
    PRE_RMS,
    SANDWICH,
)

X = Bind("x", Anything())
ATTENDED = Branch(
    source=normalised("attention_input", "x", "norm_1"),
    contains=ATTENTION,
    inputs=("query", "key", "value"),
    around="x",
)
MIDDLE = Op(("add",), (X, Bind("attention", Both(UNNORMED, ATTENDED))))
FED = Branch(source=normalised("ffn_input", "middle", "norm_2"), without=ATTENTION, around="middle")


def reference(x: Any, norm_1: Any, attention: Any, norm_2: Any, ffn: Any) -> dict[str, Any]:
    """y + FFN(N_2(y)) with y = x + Attn(N_1(x)). The branches are taken as they were computed.

    Shapes: all alike, (..., d); the second sub-layer may have its positions flattened."""
    middle = (x + attention).reshape(ffn.shape)
    return {"attention_input": norm_1(x), "middle": middle, "ffn_input": norm_2(middle), "output": middle + ffn}


CONCEPT = Concept(
    slug="pre-norm-block",
    kind="composition",
    name=Text("Pre-norm Transformer block", "前置归一化 Transformer 块"),
    explanation=Text(
        "Self-attention and a feed-forward network in turn, each reading a normed copy of the stream and adding "
        "its output "
        "to the stream itself. Nothing stands on the residual path, so gradients reach all layers and deep "
        "stacks train well.",
        "依次是自注意力和前馈网络，每个读取主干的归一化副本，并把输出加回主干。残差通路上没有任何运算，"
        "梯度可达所有层，深层堆叠容易训练。",
    ),
    citations=(at(GPT_2, "§2.3"), PRE_NORM),
    equations=(
        r"\sym{middle}=\sym{x}+\sym{attention},\quad\sym{attention_input}=\sym{norm_1}(\sym{x})",
        r"\sym{output}=\sym{middle}+\sym{ffn},\quad\sym{ffn_input}=\sym{norm_2}(\sym{middle})",
    ),
    symbols=(
        Symbol("x", "x", Text("The input of the block", "块的输入")),
        Symbol("norm_1", r"\mathrm{N}_1", Text("Norm before attention", "注意力之前的归一化")),
        Symbol("attention_input", "u", Text("What attention reads", "注意力读取的值")),
        Symbol("attention", r"\mathrm{Attn}(u)", Text("Output of self-attention", "自注意力的输出")),
        Symbol("middle", "y", Text("The stream between the two sub-layers", "两个子层之间的主干")),
        Symbol("norm_2", r"\mathrm{N}_2", Text("Norm before the feed-forward network", "前馈网络之前的归一化")),
        Symbol("ffn_input", "w", Text("What the feed-forward network reads", "前馈网络读取的值")),
        Symbol("ffn", r"\mathrm{FFN}(w)", Text("Output of the feed-forward network", "前馈网络的输出")),
        Symbol("output", "x'", Text("The output of the block", "块的输出")),
    ),
    patterns=(Bind("output", Op(("add",), (Bind("middle", MIDDLE), Bind("ffn", Both(UNNORMED, FED))))),),
    output="output",
    reference=reference,
    akin=("pre-norm-cross-block", "post-norm-block"),
    matches=(
        EXAMPLE.format(name="PostNorm", body=PRE),
        EXAMPLE.format(name="Parallel", body=PRE_RMS),
        # Attention that nothing scales, as in T5.
        EXAMPLE.format(name="Other", body=PRE).replace(" / math.sqrt(h.shape[-1])", ""),
    ),
    rejects=tuple(
        EXAMPLE.format(name="PreNorm", body=body) for body in (POST, OUTPUT, SANDWICH, PARALLEL, CROSS, PRE_CROSS)
    ),
)
