"""What a pattern cannot do without: operations that must take part in a value, or the search need not begin.

The needs of a pattern are sets of features (`hfreader.analyzers.matching_features`), of each of which at least one must
be among those of all that a value is computed from.
"""

from collections.abc import Iterator, Mapping

from hfreader.analyzers.matching_features import bits
from hfreader.analyzers.matching_questions import ACTIVATIONS
from hfreader.concepts.model import Concept
from hfreader.concepts.pattern import (
    Activation,
    Bind,
    Both,
    Branch,
    Call,
    Computes,
    DerivedFrom,
    Direct,
    Each,
    Einsum,
    Element,
    Equation,
    FirstPosition,
    Joined,
    Layer,
    NotPartOf,
    OneOf,
    Op,
    Pattern,
    Returned,
    Select,
    Slice,
    Unshared,
)


class Needs:
    """The needs of every pattern that has been asked for, kept with the pattern itself."""

    def __init__(self) -> None:
        self._known: dict[int, tuple[Pattern, tuple[int, ...]]] = {}

    def of(self, pattern: Pattern) -> tuple[int, ...]:
        """Sets of features, at least one of each of which must take part in a value that `pattern` matches."""
        known = self._known.get(id(pattern))
        if known is None:
            needs = tuple(dict.fromkeys(self._of(pattern)))
            known = self._known[id(pattern)] = (pattern, needs)
        return known[1]

    def _of(self, pattern: Pattern) -> Iterator[int]:
        match pattern:
            case Bind(pattern=inner) | Returned(pattern=inner) | Direct(pattern=inner) | Unshared(pattern=inner):
                yield from self.of(inner)
            case NotPartOf(pattern=inner) | Each(pattern=inner):
                yield from self.of(inner)
            case Both(first=first, second=second):
                yield from (*self.of(first), *self.of(second))
            case OneOf(options=options):
                yield from self._of_any(options)
            case Branch(source=source):
                yield from self.of(source)
            case Computes(pattern=inner):
                yield from (bits(("module",)), *self.of(inner))
            case _:
                yield from self._of_operation(pattern)

    def _of_operation(self, pattern: Pattern) -> Iterator[int]:
        inner: tuple[Pattern, ...] = ()
        match pattern:
            case Op(names=names, operands=operands, keywords=keywords):
                yield bits(names)
                inner = (*operands, *(value for _, value in keywords))
            case Layer(classes=classes, operands=inner):
                yield bits(f"module {name}" for name in classes)
            case Activation(operand=operand):
                yield bits((*ACTIVATIONS, "module"))
                inner = (operand,)
            case Einsum(operands=inner):
                yield bits(("einsum",))
            case Joined(first=first, second=second):
                yield bits(("cat", "setitem"))
                inner = (first, second)
            case FirstPosition(operand=operand) | Slice(operand=operand) | Select(operand=operand):
                yield bits(("item",))
                inner = (operand,)
            case Element(operand=operand):
                yield bits(("item", "unpack"))
                inner = (operand,)
            case DerivedFrom(names=names):
                # A position is taken by a subscript, a field is read by an attribute.
                written = ("item", "attribute") if "position" in names else ("sub",) if "difference" in names else ()
                yield bits((*names, *(f"module {name}" for name in names), *written))
            case Call(functions=functions, keywords=keywords):
                yield bits(f"call {name}" for name in functions)
                inner = tuple(value for _, value in keywords)
            case _:
                pass
        for one in inner:
            yield from self.of(one)

    def _of_any(self, options: tuple[Pattern, ...]) -> Iterator[int]:
        """One of several patterns needs at least what the most telling need of each has in common: their union."""
        needs = [self.of(option) for option in options]
        if all(needs):
            total = 0
            for one in needs:
                total |= min(one, key=int.bit_count)
            yield total


NEEDS = Needs()


def first_operations(pattern: Pattern, concepts: Mapping[str, Concept] | None = None) -> frozenset[str] | None:
    """The operations that the outermost node of a pattern can have, None where it can be any (without `concepts`, also
    where it is the equation of one)."""
    match pattern:
        case Bind(pattern=inner) | Returned(pattern=inner) | Both(first=inner) | NotPartOf(pattern=inner):
            return first_operations(inner, concepts)
        case Direct(pattern=inner) | Unshared(pattern=inner):
            return first_operations(inner, concepts)
        case OneOf(options=options):
            return _any_first(options, concepts)
        case Equation(concept=slug) if concepts is not None:
            return _any_first(concepts[slug].patterns, concepts) if slug in concepts else frozenset()
        case Op(names=names):
            return frozenset(names)
        case Einsum():
            return frozenset({"einsum"})
        case Joined():
            return frozenset({"cat", "setitem"})
        case Activation():
            return ACTIVATIONS | {"module"}
        case Layer() | Computes():
            return frozenset({"module"})
        case FirstPosition() | Slice() | Select():
            return frozenset({"item"})
        case Element():
            return frozenset({"item", "unpack"})
        case Call():
            return frozenset({"call"})
        case _:
            return None


def _any_first(patterns: tuple[Pattern, ...], concepts: Mapping[str, Concept] | None) -> frozenset[str] | None:
    found = [first_operations(one, concepts) for one in patterns]
    known = [one for one in found if one is not None]
    return frozenset[str]().union(*known) if len(known) == len(found) else None
