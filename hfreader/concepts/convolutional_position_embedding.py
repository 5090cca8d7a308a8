"""Positions from a wide convolution over the sequence."""

from typing import Any

from hfreader.concepts.model import Citation, Concept, Symbol, Text
from hfreader.concepts.pattern import Activation, Anything, Bind, Both, Layer, Not, Number, Op, Returned

GIVEN = Both(Not(Number(1)), Anything())
CONVOLVED = Layer(
    ("torch.nn.Conv1d",), (Bind("x", Anything()),), "conv", settings=(("groups", GIVEN), ("padding", Anything()))
)
# An even kernel gives one position too many, which is cut off.
TRIMMED = Op(("item",), (CONVOLVED,))


def reference(x: Any, conv: Any, phi: Any, like: Any) -> Any:
    """phi(conv(x)) without what a kernel of even width adds at the end. Shapes: x (B, d, T), the result alike."""
    return phi(conv(x)[..., : like.shape[-1]])


_CONV = """
class {name}(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.k = c.k
        self.a = nn.Conv1d(c.d, c.d, kernel_size=c.k, padding=c.k // 2, groups=c.g)
        self.b = nn.utils.parametrizations.weight_norm(self.a, name="weight", dim=2)
        self.p = nn.Conv1d(c.d, c.d, kernel_size=c.k, stride=c.s)
        self.act = ACT2FN[c.act]

    def forward(self, x):
        return {body}
"""

CONCEPT = Concept(
    slug="convolutional-position-embedding",
    name=Text("Convolutional position embedding", "卷积位置编码"),
    explanation=Text(
        "A wide grouped convolution over the sequence, added to its input, takes the place of position embeddings: "
        "what it gives depends on the neighbours and their distance, whatever the length.",
        "对序列作宽的分组卷积并加到输入上，代替位置编码：其结果取决于相邻位置及其距离，与长度无关。",
    ),
    citations=(
        Citation(
            "wav2vec 2.0: A Framework for Self-Supervised Learning of Speech Representations",
            "Baevski, Zhou, Mohamed, Auli",
            2020,
            "2006.11477",
            "§2",
        ),
    ),
    equations=(r"\sym{output}=\sym{phi}\big(\sym{conv}(\sym{x})\big),\qquad x\leftarrow x+\sym{output}",),
    symbols=(
        Symbol("x", "x", Text("The features of each position", "各位置的特征")),
        Symbol("conv", r"\mathrm{Conv}_{k,g}", Text("A wide convolution in groups of channels", "分组的宽卷积")),
        Symbol("phi", r"\varphi", Text("Pointwise non-linearity, GELU", "逐元素非线性（GELU）")),
        Symbol("output", "p", Text("What is added to the features", "加到特征上的结果")),
    ),
    patterns=(Bind("output", Returned(Activation(TRIMMED, "phi"))),),
    output="output",
    reference=reference,
    matches=(
        _CONV.format(name="Plain", body="self.act(self.a(x)[:, :, :-1])"),
        _CONV.format(name="Normed", body="self.act(self.b(x.transpose(1, 2))[:, :, :-1]).transpose(1, 2)"),
    ),
    rejects=(
        # A feature extractor; nothing cut off; no non-linearity.
        _CONV.format(name="PositionalConvEmbedding", body="self.act(self.p(x)[:, :, :-1])"),
        _CONV.format(name="PositionalConvEmbedding", body="self.act(self.a(x))"),
        _CONV.format(name="PositionalConvEmbedding", body="self.a(x)[:, :, :-1]"),
    ),
)
