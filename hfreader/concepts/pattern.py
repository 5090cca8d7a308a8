"""Patterns: small graphs that the matcher (`hfreader.analyzers.matching`) looks for in a dataflow graph.

How a pattern meets a graph: views, casts, dropout, phi nodes and inlined calls are looked through until a node
fits; a pattern that names such an operation itself (`Op("transpose", ...)`) sees it. Names are never evidence.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Anything:
    """Any value at all."""


@dataclass(frozen=True)
class Op:
    """An operation by canonical name (any of `names`), with its operands.

    operands     patterns for the leading positional operands.
    keywords     patterns for arguments by name (`dim`); an argument given by position is found by its torch name.
    commutative  the operands may stand in either order (default for add and mul).
    """

    names: tuple[str, ...]
    operands: tuple["Pattern", ...] = ()
    keywords: tuple[tuple[str, "Pattern"], ...] = ()
    commutative: bool = False


@dataclass(frozen=True)
class Layer:
    """A call of a submodule that is one of `classes` (qualified), with its operands. `symbol` names the module
    itself, so that its parameters can enter the equation."""

    classes: tuple[str, ...]
    operands: tuple["Pattern", ...]
    symbol: str | None = None


@dataclass(frozen=True)
class Activation:
    """A pointwise non-linearity of one operand: a torch or transformers activation, by function, by module, or
    chosen by the config (`ACT2FN[...]`). `symbol` names the function itself."""

    operand: "Pattern"
    symbol: str | None = None


@dataclass(frozen=True)
class Number:
    """A constant with this value (relative tolerance 1e-6)."""

    value: float


@dataclass(frozen=True)
class Bind:
    """Whatever `pattern` matches, under the name of a symbol. A symbol bound twice must be the same value."""

    symbol: str
    pattern: "Pattern"


@dataclass(frozen=True)
class OneOf:
    """The first of several patterns that fits."""

    options: tuple["Pattern", ...]


@dataclass(frozen=True)
class Contains:
    """A submodule or inlined function call, taken as one black box, in whose inside the concept `concept` is
    found; `operand` must match one of its arguments. `symbol` names the box's output."""

    concept: str
    operand: "Pattern"


@dataclass(frozen=True)
class DerivedFrom:
    """A value that an operation named in `names` took part in computing, however far back."""

    names: tuple[str, ...]


Pattern = Anything | Op | Layer | Activation | Number | Bind | OneOf | Contains | DerivedFrom
