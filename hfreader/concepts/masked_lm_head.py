"""The head of masked language models."""

from typing import Any

from hfreader.concepts.heads import role
from hfreader.concepts.model import Concept, Symbol, Text
from hfreader.concepts.papers import BERT, at
from hfreader.concepts.pattern import LAYER_NORM, LINEAR, Activation, Anything, Bind, Layer

TRANSFORMED = Layer(LAYER_NORM, (Activation(Layer(LINEAR, (Bind("h", Anything()),), "w"), "phi"),), "norm")


def reference(h: Any, w: Any, phi: Any, norm: Any, decoder: Any) -> Any:
    """LN(phi(h W + b)) E^T + c. Shapes: h (..., d), W (d, d), E^T (d, vocabulary)."""
    hidden = phi(h @ w.weight if w.bias is None else h @ w.weight + w.bias)
    centred = hidden - hidden.mean(-1, keepdim=True)
    normalised = centred / ((centred**2).mean(-1, keepdim=True) + norm.eps) ** 0.5 * norm.weight
    normalised = normalised if norm.bias is None else normalised + norm.bias
    logits = normalised @ decoder.weight
    return logits if decoder.bias is None else logits + decoder.bias


_HEAD = """
class {name}(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.a = nn.Linear(c.d, c.d)
        self.f = ACT2FN[c.act]
        self.n = nn.LayerNorm(c.d)
        self.z = nn.Linear(c.d, c.{size})

    def forward(self, h):
        return {body}
"""

CONCEPT = Concept(
    slug="masked-lm-head",
    kind="composition",
    name=Text("Masked language model head", "掩码语言模型头"),
    explanation=Text(
        "Hidden states are transformed once more (linear map, non-linearity, layer norm) and compared with the "
        "embedding "
        "of every word, with a bias per word. A softmax over the words gives the probability of what was masked.",
        "隐状态再变换一次（线性映射、非线性、层归一化），然后与每个词的嵌入比较，并加上每个词的偏置。"
        "对所有词做 softmax 得到被掩盖词的概率。",
    ),
    citations=(at(BERT, "§3.1, Task #1"),),
    equations=(
        r"\sym{output}=\sym{norm}\!\left(\sym{phi}(\sym{h}\,\sym{w}+b)\right)\sym{decoder}+c",
        r"p(x_i\mid\tilde{x})=\mathrm{softmax}(\sym{output}_i)",
    ),
    symbols=(
        Symbol("h", "h", Text("Hidden states", "隐状态")),
        Symbol("w", "W", Text("Linear map of the transform", "变换的线性映射")),
        Symbol("phi", r"\varphi", Text("Non-linearity", "非线性")),
        Symbol("norm", r"\mathrm{LN}", Text("Layer norm", "层归一化")),
        Symbol("decoder", r"E^{\top}", Text("Word embeddings, transposed, with a bias c", "转置的词嵌入，带偏置 c")),
        Symbol("output", "z", Text("One score per position and word", "每个位置、每个词一个分数")),
    ),
    patterns=(Bind("output", Layer(LINEAR, (TRANSFORMED,), "decoder", outputs="vocab_size")),),
    class_patterns=role("masked-lm-head"),
    output="output",
    reference=reference,
    matches=(
        _HEAD.format(size="vocab_size", name="Classifier", body="self.z(self.n(self.f(self.a(h))))"),
        _HEAD.format(size="vocab_size", name="Mlp", body="self.z(F.dropout(self.n(F.gelu(self.a(h)))))"),
    ),
    rejects=(
        # A classifier of two layers; without the norm, without the non-linearity, with the norm first.
        _HEAD.format(size="num_labels", name="LMHead", body="self.z(self.n(self.f(self.a(h))))"),
        _HEAD.format(size="vocab_size", name="LMHead", body="self.z(self.f(self.a(h)))"),
        _HEAD.format(size="vocab_size", name="LMHead", body="self.z(self.n(self.a(h)))"),
        _HEAD.format(size="vocab_size", name="LMHead", body="self.z(self.f(self.a(self.n(h))))"),
    ),
)
