"""The head of causal language models."""

from typing import Any

from hfreader.concepts.heads import role
from hfreader.concepts.model import Concept, Symbol, Text
from hfreader.concepts.papers import GPT, TIED, at
from hfreader.concepts.pattern import LINEAR, Anything, Bind, Call, Layer, OneOf, Op, Returned

# Only models that write one token after another keep the last positions alone.
KEPT = OneOf(
    (
        Bind("h", Call(("slice_logits_to_keep",))),
        Bind("h", Op(("item",), (Anything(), Op(("tuple",), (Op(("slice",)), Op(("slice", "call"))))))),
    )
)


def reference(h: Any, decoder: Any) -> Any:
    """h W_e^T. Shapes: h (B, T, d), W_e^T (d, vocabulary)."""
    logits = h @ decoder.weight
    return logits if decoder.bias is None else logits + decoder.bias


_MODEL = """
class Output(ModelOutput):
    logits: torch.Tensor | None = None

class {name}(nn.Module):
    _tied_weights_keys = {{"d.weight": "e.weight"}}

    def __init__(self, c):
        super().__init__()
        self.e = nn.Embedding(c.vocab_size, c.d)
        self.m = nn.Linear(c.d, c.d)
        self.d = nn.Linear(c.d, c.{size}, bias=False)

    def forward(self, ids, keep=0):
        h = self.m(self.e(ids))
        {body}
"""

CONCEPT = Concept(
    slug="causal-lm-head",
    kind="composition",
    name=Text("Causal language model head", "因果语言模型头"),
    explanation=Text(
        "The hidden state of each position is compared with a vector for every word of the vocabulary; a softmax "
        "of these "
        "scores is the probability of the next word. The vectors are often the input embeddings themselves (tied "
        "weights).",
        "每个位置的隐状态与词表中每个词的向量比较，对这些分数做 softmax 即下一个词的概率。"
        "这些向量常常就是输入嵌入本身（权重共享）。",
    ),
    citations=(at(GPT, "§3.1, Eq. (2)"), TIED),
    equations=(
        r"\sym{output}=\sym{h}\,\sym{decoder}",
        r"P(u_{t+1}\mid u_{\le t})=\mathrm{softmax}(\sym{output}_t)",
    ),
    symbols=(
        Symbol("h", "h_n", Text("Hidden states of the positions that are asked for", "所需位置的隐状态")),
        Symbol(
            "decoder", r"W_e^{\top}", Text("One column per word, often the tied embeddings", "每个词一列，常与嵌入共享")
        ),
        Symbol("output", "z", Text("One score per position and word of the vocabulary", "每个位置、每个词一个分数")),
    ),
    patterns=(Returned(Bind("output", Layer(LINEAR, (KEPT,), "decoder", outputs="vocab_size"))),),
    class_patterns=role("causal-lm-head"),
    output="output",
    reference=reference,
    matches=(
        _MODEL.format(
            size="vocab_size", name="Encoder", body="return Output(logits=self.d(slice_logits_to_keep(h, keep)))"
        ),
        _MODEL.format(
            size="vocab_size",
            name="Classifier",
            body="s = slice(-keep, None) if isinstance(keep, int) else keep\n        return self.d(h[:, s, :])",
        ),
    ),
    rejects=(
        _MODEL.format(
            size="num_labels", name="CausalLM", body="return Output(logits=self.d(slice_logits_to_keep(h, keep)))"
        ),
        # Token classification: all positions; a classifier of the last one; what is not returned.
        _MODEL.format(size="vocab_size", name="CausalLM", body="return Output(logits=self.d(h))"),
        _MODEL.format(size="vocab_size", name="CausalLM", body="return Output(logits=self.d(h[:, -1]))"),
        _MODEL.format(size="vocab_size", name="CausalLM", body="return self.m(self.d(slice_logits_to_keep(h, keep)))"),
    ),
)
