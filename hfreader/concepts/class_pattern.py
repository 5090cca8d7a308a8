"""Patterns over a whole class: what it is by its bases, and what its forward does with its submodules.

Submodules are told apart by their own concepts, never by names of classes or attributes; the library's shared classes
(`PreTrainedModel`, `ModelOutput`, the caches) and torch's are evidence.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class IsKind:
    """A class of one of these kinds: module, model (a PreTrainedModel), output (a ModelOutput), other."""

    kinds: tuple[str, ...]


@dataclass(frozen=True)
class Extends:
    """A class with one of these among its bases, at any distance. A name that ends with a dot stands for every class
    of that module."""

    bases: tuple[str, ...]


@dataclass(frozen=True)
class Has:
    """A class that has one of these methods, its own or inherited from a class whose source is read."""

    methods: tuple[str, ...]


@dataclass(frozen=True)
class Implements:
    """A class in which the equation of one of these concepts is found."""

    concepts: tuple[str, ...]


@dataclass(frozen=True)
class Calls:
    """A class whose method calls a submodule.

    concepts  one of which the submodule has (by match, role or inheritance); empty for any submodule.
    classes   or one of these library classes that it is.
    repeated  called in a loop, its result carried to the next pass.
    returned  what the class returns is the submodule's result, or holds it.
    after     concepts of another submodule from whose result its arguments are computed.
    beside    an argument is computed from an earlier submodule of these concepts, and another one is not.
    child     what the submodule's own class fits.
    """

    concepts: tuple[str, ...] = ()
    classes: tuple[str, ...] = ()
    repeated: bool = False
    returned: bool = False
    after: tuple[str, ...] = ()
    beside: tuple[str, ...] = ()
    child: "ClassPattern | None" = None


@dataclass(frozen=True)
class Uses:
    """A class whose method contains one of these operations itself, by canonical name."""

    operations: tuple[str, ...]


@dataclass(frozen=True)
class Computes:
    """A class whose method contains tensor operations of its own."""


@dataclass(frozen=True)
class All:
    """A class that every pattern fits."""

    patterns: tuple["ClassPattern", ...]


@dataclass(frozen=True)
class Any:
    """A class that one of the patterns fits."""

    patterns: tuple["ClassPattern", ...]


@dataclass(frozen=True)
class Not:
    """A class that the pattern does not fit."""

    pattern: "ClassPattern"


ClassPattern = IsKind | Extends | Has | Implements | Calls | Uses | Computes | All | Any | Not
