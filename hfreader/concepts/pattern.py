"""Patterns: small graphs that the matcher (`hfreader.analyzers.matching`) looks for in a dataflow graph.

How a pattern meets a graph: views, casts, dropout, phi nodes, inlined calls, unpacked tuples and attributes set in
`__init__` are looked through until a node fits; a pattern that names such an operation itself (`Op("transpose", ...)`)
sees it. Names of classes and variables are never evidence; torch's own operations and layers are.
"""

from dataclasses import dataclass

LINEAR = ("torch.nn.Linear", "transformers.pytorch_utils.Conv1D")
EMBEDDING = ("torch.nn.Embedding",)
LAYER_NORM = ("torch.nn.LayerNorm",)
TORCH_NORMS = ("torch.nn.LayerNorm", "torch.nn.RMSNorm")
CONVOLUTION = ("torch.nn.Conv1d", "torch.nn.Conv2d", "torch.nn.Conv3d")
TRANSPOSED_CONVOLUTION = ("torch.nn.ConvTranspose1d", "torch.nn.ConvTranspose2d", "torch.nn.ConvTranspose3d")


@dataclass(frozen=True)
class Anything:
    """Any value at all."""


@dataclass(frozen=True)
class Op:
    """An operation by canonical name (any of `names`), with its operands.

    operands     patterns for the leading operands in the order of torch's signature.
    keywords     patterns for further arguments by torch's name, however they are passed.
    optional     the same, for arguments that may be left out.
    commutative  the operands may stand in any order; always so for add and mul. Three operands or more are looked
                 for in the whole sum or product, whatever its brackets.
    closed       no match where further arguments may be passed that nobody lists (`**x`).
    """

    names: tuple[str, ...]
    operands: tuple["Pattern", ...] = ()
    keywords: tuple[tuple[str, "Pattern"], ...] = ()
    optional: tuple[tuple[str, "Pattern"], ...] = ()
    commutative: bool = False
    closed: bool = False


@dataclass(frozen=True)
class Layer:
    """A call of a submodule that is one of `classes` (qualified), with its operands. `symbol` names the module itself,
    so that its parameters can enter the equation. `outputs` is the config field that gives a linear map's number of
    outputs (`vocab_size`): these fields are the library's own vocabulary, the same in every model. `settings` are
    patterns for arguments of the constructor by torch's names (`kernel_size`), which must be given, and may bind
    symbols; `equal` are pairs of such arguments that are written alike (`in_channels` and `groups` of a depthwise
    convolution). A layer that may be left out (`nn.Identity()` in its place) is one still. `frozen`
    says whether its parameters are kept from learning (None: either)."""

    classes: tuple[str, ...]
    operands: tuple["Pattern", ...]
    symbol: str | None = None
    outputs: str | None = None
    settings: tuple[tuple[str, "Pattern"], ...] = ()
    equal: tuple[tuple[str, str], ...] = ()
    frozen: bool | None = None


@dataclass(frozen=True)
class Computes:
    """A call of a submodule of any class whose inlined body computes `pattern`. `symbol` names the module."""

    pattern: "Pattern"
    symbol: str | None = None


@dataclass(frozen=True)
class Activation:
    """A pointwise non-linearity of one operand: a torch or transformers activation, by function, by module, or
    chosen by the config (`ACT2FN[...]`). `symbol` names the function itself. Squashing functions (sigmoid, tanh),
    which serve as gates, are not meant."""

    operand: "Pattern"
    symbol: str | None = None


@dataclass(frozen=True)
class Number:
    """A constant with this value (relative tolerance 1e-6); False is 0, and True is 1."""

    value: float


@dataclass(frozen=True)
class Scalar:
    """A plain number that no tensor's content and no learned parameter takes part in: constants, config fields,
    sizes, arithmetic on them, and a parameter of the root function. A constant 1 is no scale and does not match."""


@dataclass(frozen=True)
class FirstPosition:
    """The element at index 0 of the second dimension of `operand`: `x[:, 0]`."""

    operand: "Pattern"


@dataclass(frozen=True)
class Element:
    """The element at a constant index of a tuple or of the first dimension: `q` in `q, k = x.split(n)`."""

    index: int
    operand: "Pattern"


@dataclass(frozen=True)
class Each:
    """A list that a loop or a comprehension fills: what it puts in, pass by pass, `pattern` matches."""

    pattern: "Pattern"


@dataclass(frozen=True)
class Slice:
    """A slice of the last dimension of `operand`, all else kept: `x[..., start:stop:step]`. What is None must be left
    out in the code (a start of 0 is one left out)."""

    operand: "Pattern"
    start: "Pattern | None" = None
    stop: "Pattern | None" = None
    step: "Pattern | None" = None


@dataclass(frozen=True)
class Select:
    """The entry at a constant index of one dimension of `operand`, all else kept: `x[..., 1, :]`, `x[:, 0]`."""

    index: int
    operand: "Pattern"


@dataclass(frozen=True)
class Differs:
    """A value that is not that of `symbol`, which is bound before; under a condition, where branches bring both."""

    symbol: str


@dataclass(frozen=True)
class Joined:
    """Two values side by side in the last dimension: by `cat`, or each written into its columns of a new tensor."""

    first: "Pattern"
    second: "Pattern"


@dataclass(frozen=True)
class Einsum:
    """`torch.einsum` with one of `equations`, up to the choice of letters and spaces, and its operands in order."""

    equations: tuple[str, ...]
    operands: tuple["Pattern", ...]


@dataclass(frozen=True)
class Equation:
    """A value that another concept computes: the output of a match of `concept` (a slug).

    where  patterns for symbols of that match, by their names in it; a match that lacks one of them does not fit.
    keep   symbols of that match that are bound here, too, under the same names, where it has them.
    """

    concept: str
    where: tuple[tuple[str, "Pattern"], ...] = ()
    keep: tuple[str, ...] = ()


@dataclass(frozen=True)
class Bind:
    """Whatever `pattern` matches, under the name of a symbol. A symbol bound twice must be the same value.

    The place captured is the use as it is written where the pattern meets it, before anything is looked through: of
    `matmul(probabilities, v)`, `Op(("matmul",), (Anything(), Bind("value", ...)))` captures `v`.
    """

    symbol: str
    pattern: "Pattern"


@dataclass(frozen=True)
class OneOf:
    """Any of several patterns; earlier ones are preferred."""

    options: tuple["Pattern", ...]


@dataclass(frozen=True)
class Both:
    """A value that both patterns match."""

    first: "Pattern"
    second: "Pattern"


@dataclass(frozen=True)
class Not:
    """A value that `pattern` does not match, however it is looked at."""

    pattern: "Pattern"


@dataclass(frozen=True)
class Itself:
    """A value that `pattern` matches, at the place where it is computed: what is looked through on the way there is
    left out of what is captured."""

    pattern: "Pattern"


@dataclass(frozen=True)
class Direct:
    """A value that `pattern` matches as it stands, with nothing looked through."""

    pattern: "Pattern"


@dataclass(frozen=True)
class Unshared:
    """A value that `pattern` matches and that nothing else uses."""

    pattern: "Pattern"


@dataclass(frozen=True)
class NotPartOf:
    """A value that `pattern` matches and that is no operand, in whatever form, of a value that `whole` matches."""

    pattern: "Pattern"
    whole: "Pattern"


@dataclass(frozen=True)
class Branch:
    """A value computed from another one by learned layers, or by a concept, taken as one black box.

    source    the value it starts from; symbols bound here or before are fixed for the rest of the pattern.
    contains  concepts of which one must have a match inside whose `inputs` (symbols) all come from `source`; none is
              asked for where this is empty.
    apart     further symbols of that match, which do not all come from `source`.
    without   concepts that must have no match inside.
    around    a symbol, already bound, from which the branch must take nothing except by way of `source`.
    applies   layers (qualified) and operations of which one must be on the way; any where this is empty.
    avoids    layers and operations of which none may be on the way.
    """

    source: "Pattern"
    contains: tuple[str, ...] = ()
    inputs: tuple[str, ...] = ()
    apart: tuple[str, ...] = ()
    without: tuple[str, ...] = ()
    around: str | None = None
    applies: tuple[str, ...] = ()
    avoids: tuple[str, ...] = ()


@dataclass(frozen=True)
class DerivedFrom:
    """A value that comes from an operation or layer in `names` by way of views, casts and the operations in `through`
    alone (through a sum or difference where exactly one side does, a product where one does, a choice by what is
    chosen, an assignment to a subscript also by what is written). The name `position` stands for a subscript that
    takes one position of each sequence; `difference` for positions less positions along another dimension; the name of
    a field, for that field of what a module returned."""

    names: tuple[str, ...]
    through: tuple[str, ...] = ()


@dataclass(frozen=True)
class Call:
    """A call of a library function that is not followed (any of the qualified `functions`), or of one that a table of
    such functions gives (the table's qualified name)."""

    functions: tuple[str, ...]
    keywords: tuple[tuple[str, "Pattern"], ...] = ()
    optional: tuple[tuple[str, "Pattern"], ...] = ()


@dataclass(frozen=True)
class Returned:
    """A value that the root function returns, alone or as an element of what it returns."""

    pattern: "Pattern"


Pattern = (
    Anything
    | Op
    | Layer
    | Computes
    | Activation
    | Number
    | Scalar
    | FirstPosition
    | Element
    | Each
    | Slice
    | Select
    | Differs
    | Joined
    | Einsum
    | Equation
    | Bind
    | OneOf
    | Both
    | Not
    | Itself
    | Direct
    | Unshared
    | NotPartOf
    | Branch
    | DerivedFrom
    | Call
    | Returned
)
