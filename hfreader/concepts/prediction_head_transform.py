"""The transform before the decoder of a masked language model."""

from typing import Any

from hfreader.concepts.heads import linear
from hfreader.concepts.masked_lm_head import _HEAD, TRANSFORMED
from hfreader.concepts.model import Concept, Symbol, Text
from hfreader.concepts.papers import BERT, at
from hfreader.concepts.pattern import Bind, Returned


def reference(h: Any, w: Any, phi: Any, norm: Any) -> Any:
    """LN(phi(h W + b)). Shapes: h (..., d), W (d, d)."""
    hidden = phi(linear(h, w))
    centred = hidden - hidden.mean(-1, keepdim=True)
    normalised = centred / ((centred**2).mean(-1, keepdim=True) + norm.eps) ** 0.5 * norm.weight
    return normalised if norm.bias is None else normalised + norm.bias


CONCEPT = Concept(
    slug="prediction-head-transform",
    name=Text("Transform of the masked language model head", "掩码语言模型头的变换"),
    explanation=Text(
        "A linear map, a non-linearity and a layer norm, through which hidden states go once more before they are "
        "compared with the word embeddings.",
        "线性映射、非线性和层归一化：隐状态在与词嵌入比较之前再经过这一变换。",
    ),
    citations=(at(BERT, "§3.1, Task #1"),),
    equations=(r"\sym{output}=\sym{norm}\!\left(\sym{phi}(\sym{h}\,\sym{w}+b)\right)",),
    symbols=(
        Symbol("h", "h", Text("Hidden states", "隐状态")),
        Symbol("w", "W", Text("Linear map", "线性映射")),
        Symbol("phi", r"\varphi", Text("Non-linearity", "非线性")),
        Symbol("norm", r"\mathrm{LN}", Text("Layer norm", "层归一化")),
        Symbol("output", "y", Text("What the decoder reads", "解码器读取的值")),
    ),
    patterns=(Returned(Bind("output", TRANSFORMED)),),
    output="output",
    reference=reference,
    matches=(
        _HEAD.format(size="vocab_size", name="Part", body="self.n(self.f(self.a(h)))"),
        _HEAD.format(size="vocab_size", name="Part", body="self.n(F.gelu(self.a(h)))"),
    ),
    rejects=(
        # The whole head; without the non-linearity; the norm first; a feed-forward network.
        _HEAD.format(size="vocab_size", name="Transform", body="self.z(self.n(self.f(self.a(h))))"),
        _HEAD.format(size="vocab_size", name="Transform", body="self.n(self.a(h))"),
        _HEAD.format(size="vocab_size", name="Transform", body="self.f(self.a(self.n(h)))"),
        _HEAD.format(size="vocab_size", name="Transform", body="self.z(self.f(self.a(h)))"),
    ),
)
