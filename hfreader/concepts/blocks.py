"""What the concepts of Transformer blocks share: patterns of their branches, symbols, examples."""

from hfreader.concepts.class_pattern import All, ClassPattern, Implements
from hfreader.concepts.class_pattern import Not as NotClass
from hfreader.concepts.model import Symbol, Text
from hfreader.concepts.norms import norm
from hfreader.concepts.pattern import Anything, Bind, Both, Branch, Not, OneOf, Op, Pattern

SCALED = "scaled-dot-product-attention"
ATTENTION = (SCALED, "unscaled-dot-product-attention")
# What combines positions, where it is not the attention above; a router chooses experts and combines none.
COMBINING = ("matmul", "einsum", "softmax", "cumsum", "fft_fftn", "fftn", "fft")
CONVOLVING = ("avg_pool2d", "conv1d", "conv2d", "torch.nn.Conv1d", "torch.nn.Conv2d", "torch.nn.AvgPool2d")
ROUTING = ("topk",)
UNNORMED = Not(norm(Anything()))


def unnormed(pattern: Pattern) -> Pattern:
    """A branch whose result is no norm of something."""
    return Both(UNNORMED, pattern)


def value(symbol: str) -> Pattern:
    """Any value, named."""
    return Bind(symbol, Anything())


def mixing(source: Pattern, around: str | None = None) -> Pattern:
    """Self-attention over `source`, or another layer that combines its positions."""
    return OneOf(
        (
            Branch(source=source, contains=ATTENTION, inputs=("query", "key", "value"), around=around),
            # Unscaled attention, too, where its keys can be those of an earlier layer.
            Branch(source=source, without=(SCALED,), applies=(*COMBINING, *CONVOLVING), avoids=ROUTING, around=around),
        )
    )


def crossing(source: Pattern, around: str | None = None) -> Pattern:
    """Attention from `source` to something else."""
    return Branch(source=source, contains=ATTENTION, inputs=("query",), apart=("key",), around=around)


def feeding(source: Pattern, around: str | None = None) -> Pattern:
    """A feed-forward network, of one expert or many."""
    return Branch(source=source, without=ATTENTION, around=around)


def plus(stream: Pattern, symbol: str, branch: Pattern) -> Pattern:
    """The stream plus a named branch."""
    return Op(("add",), (stream, Bind(symbol, branch)))


BLOCKS = (
    "pre-norm-block",
    "post-norm-block",
    "pre-norm-cross-block",
    "post-norm-cross-block",
    "sandwich-norm-block",
    "output-norm-block",
    "parallel-residual-block",
    "conformer-macaron-block",
)


def half_of_a_block(slug: str) -> tuple[ClassPattern, ...]:
    """A class with the equation of a sub-layer that is no whole block."""
    return (All((Implements((slug,)), NotClass(Implements(BLOCKS)))),)


_MEANINGS = {
    "x": ("x", "The input of the block", "块的输入"),
    "attention_input": ("u", "What attention reads", "注意力读取的值"),
    "attention": (
        r"\mathrm{Attn}",
        "Output of self-attention, or of what mixes positions",
        "自注意力（或混合位置的层）的输出",
    ),
    "middle": ("y", "The stream after self-attention", "自注意力之后的主干"),
    "cross_input": ("v", "What cross-attention reads", "交叉注意力读取的值"),
    "cross": (r"\mathrm{Cross}", "Output of attention to the other sequence", "对另一序列的注意力的输出"),
    "second": ("z", "The stream after cross-attention", "交叉注意力之后的主干"),
    "ffn_input": ("w", "What the feed-forward network reads", "前馈网络读取的值"),
    "ffn": (r"\mathrm{FFN}", "Output of the feed-forward network", "前馈网络的输出"),
    "branch": (r"\mathcal{F}", "Output of the sub-layer", "子层的输出"),
    "normed": (r"\hat{x}", "The normed stream", "归一化后的主干"),
    "norm": (r"\mathrm{N}", "The norm", "归一化"),
    "norm_1": (r"\mathrm{N}_1", "First norm", "第一个归一化"),
    "norm_2": (r"\mathrm{N}_2", "Second norm", "第二个归一化"),
    "norm_3": (r"\mathrm{N}_3", "Third norm", "第三个归一化"),
    "norm_4": (r"\mathrm{N}_4", "Fourth norm", "第四个归一化"),
    "first_ffn": (r"\mathrm{FFN}_1", "Output of the first feed-forward network", "第一个前馈网络的输出"),
    "opened": (r"\tilde{x}", "The stream after the first half step", "第一个半步之后的主干"),
    "convolution": (r"\mathrm{Conv}", "Output of the convolution module", "卷积模块的输出"),
    "output": ("x'", "The output of the block", "块的输出"),
}


def symbols(*names: str) -> tuple[Symbol, ...]:
    """The symbols of a block by name."""
    return tuple(Symbol(name, latex, Text(en, zh)) for name in names for latex, en, zh in (_MEANINGS[name],))
