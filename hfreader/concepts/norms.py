"""Patterns of normalisations, shared by the concepts of blocks."""

from hfreader.concepts.pattern import (
    TORCH_NORMS,
    Activation,
    Anything,
    Bind,
    Both,
    Computes,
    Layer,
    Not,
    Number,
    OneOf,
    Op,
    Pattern,
    Scalar,
)

LAST = (("dim", Number(-1)),)
LEARNED = Op(("learned",))
ONE_PLUS_LEARNED = Op(("add",), (Number(1), LEARNED))


def mean(of: Pattern) -> Pattern:
    """The mean over the last dimension."""
    return Op(("mean",), (of,), keywords=LAST)


def squared(of: Pattern) -> Pattern:
    """The square of a value."""
    return OneOf((Op(("pow",), (of, Number(2))), Op(("square",), (of,)), Op(("mul",), (of, of))))


def divided_by_root(numerator: Pattern, variance: Pattern, eps: Pattern) -> Pattern:
    """numerator / sqrt(variance + eps), however it is written."""
    total = Op(("add",), (variance, eps))
    root = OneOf((Op(("sqrt",), (total,)), Op(("pow",), (total, Number(0.5)))))
    inverse = OneOf((Op(("rsqrt",), (total,)), Op(("pow",), (total, Number(-0.5)))))
    return OneOf((Op(("mul",), (numerator, inverse)), Op(("div",), (numerator, root))))


def centred(x: Pattern, average: Pattern) -> Pattern:
    """A value minus its mean."""
    return Op(("sub",), (x, average))


def layer_normalised(x: Pattern, average: Pattern, eps: Pattern) -> Pattern:
    """(x - E[x]) / sqrt(Var[x] + eps), before scale and shift."""
    # By default torch divides by one less than the number of features.
    written = (Op(("var",), (x,), keywords=(*LAST, (name, Number(0)))) for name in ("unbiased", "correction"))
    variance = OneOf((mean(squared(centred(x, average))), *written))
    return divided_by_root(centred(x, average), variance, eps)


def root_mean_square_normalised(x: Pattern, average: Pattern | None = None, eps: Pattern | None = None) -> Pattern:
    """x / sqrt(E[x^2] + eps), before the scale."""
    return divided_by_root(x, average or mean(squared(x)), eps or Scalar())


def scaled(normed: Pattern, gamma: Pattern) -> Pattern:
    """A product with a learned vector."""
    return Op(("mul",), (normed, gamma))


def affine_of(normed: Pattern) -> Pattern:
    """A learned scale and a learned shift of each feature."""
    return Op(("add",), (Op(("mul",), (normed, LEARNED)), LEARNED))


def gated_by(value: Pattern, gate: Pattern, phi: str | None = None, sigmoid: str | None = None) -> Pattern:
    """A product with a non-linearity of `gate`: any activation, named `phi`, or a sigmoid, its value named
    `sigmoid`."""
    squashed: Pattern = Op(("sigmoid",), (gate,))
    return Op(("mul",), (value, OneOf((Activation(gate, phi), Bind(sigmoid, squashed) if sigmoid else squashed))))


def norm(x: Pattern, symbol: str | None = None) -> Pattern:
    """A call of a submodule that is a layer norm or an RMS norm of `x`, torch's own or one written out."""
    bare = OneOf((layer_normalised(x, mean(x), Scalar()), root_mean_square_normalised(x)))
    scaled = OneOf((Op(("mul",), (bare, Anything())), bare))
    functional = Op(("layer_norm", "rms_norm"), (x,))
    written = OneOf((Op(("add",), (scaled, Op(("attribute",)))), scaled, functional))
    return OneOf((Layer(TORCH_NORMS, (x,), symbol), Computes(written, symbol)))


def normalised(symbol: str, x: str, module: str) -> Pattern:
    """A norm of the value named `x`, its result and its module named."""
    return Bind(symbol, norm(Bind(x, Anything()), module))


# A norm of anything, before scale and shift.
BARE_NORM = OneOf(
    (
        layer_normalised(Anything(), mean(Anything()), Scalar()),
        root_mean_square_normalised(Anything()),
        Op(("layer_norm", "rms_norm", "group_norm")),
        Layer(TORCH_NORMS, (Anything(),)),
    )
)

# The input of an RMS norm that is neither gated (a gated norm) nor centred (a layer norm).
PLAIN_INPUT = Both(Not(OneOf((gated_by(Anything(), Anything()), centred(Anything(), mean(Anything()))))), Anything())
