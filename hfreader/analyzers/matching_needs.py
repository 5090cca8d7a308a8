"""What a pattern cannot do without: in a value that lacks it, the search need not begin.

Needs are sets of features (`hfreader.analyzers.matching_features`), of each of which a value must have one.
"""

from collections.abc import Iterable, Mapping
from functools import cached_property
from typing import NamedTuple

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
    Itself,
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

# Fields of configs that patterns name: the library's own vocabulary, the same in every model.
CONFIG_FIELDS = frozenset({"num_channels"})
# Parameters of torch's modules that patterns name.
PARAMETERS = frozenset({"weight"})


class Need(NamedTuple):
    """What a pattern needs of a value.

    shown   sets of what the value is, however it is looked at; `made_of` of all that it is computed from.
    """

    shown: tuple[int, ...] = ()
    made_of: tuple[int, ...] = ()


class Needs:
    """The needs of every pattern that has been asked for, kept with the pattern itself. Those of a concept's equation
    are found in `concepts`."""

    def __init__(self, concepts: Mapping[str, Concept]) -> None:
        self._concepts = concepts
        self._known: dict[int, tuple[Pattern, Need]] = {}
        self._of_concepts: dict[str, Need] = {}
        self._begins: dict[str, bool] = {}

    def of(self, pattern: Pattern) -> Need:
        """What `pattern` needs."""
        known = self._known.get(id(pattern))
        if known is None:
            need = self._of(pattern)
            known = self._known[id(pattern)] = (pattern, Need(_telling(need.shown), _telling(need.made_of)))
        return known[1]

    def begins_with_output(self, slug: str) -> bool:
        """Whether the outermost part of a concept's patterns is its output."""
        if slug not in self._begins:
            patterns = self._concepts[slug].patterns if slug in self._concepts else ()
            self._begins[slug] = all(map(_is_output, patterns))
        return self._begins[slug]

    def possible(self, features: int) -> list[str]:
        """The concepts of which some pattern can do with what a graph has."""
        return [
            slug for slug, needs in self._of_patterns.items() if any(all(map(features.__and__, one)) for one in needs)
        ]

    @cached_property
    def _of_patterns(self) -> dict[str, tuple[tuple[int, ...], ...]]:
        """What the patterns of each concept must be made of, what few graphs have first."""
        return {
            slug: tuple(tuple(sorted(self.of(pattern).made_of, key=int.bit_count)) for pattern in concept.patterns)
            for slug, concept in self._concepts.items()
        }

    def _of(self, pattern: Pattern) -> Need:
        match pattern:
            case Bind(pattern=inner) | Returned(pattern=inner) | Direct(pattern=inner) | Unshared(pattern=inner):
                return self.of(inner)
            case NotPartOf(pattern=inner) | Itself(pattern=inner):
                return self.of(inner)
            case Both(first=first, second=second):
                return _all_of((self.of(first), self.of(second)))
            case OneOf(options=options):
                return _one_of([self.of(option) for option in options])
            case Equation(concept=slug):
                return self._of_concept(slug)
            case Branch(source=source, contains=slugs, applies=names):
                applied = (bits((*names, *(f"module {name}" for name in names))),) if names else ()
                contained = _one_of([self._of_concept(slug) for slug in slugs]).made_of if slugs else ()
                return Need((), (*self.of(source).made_of, *contained, *applied))
            case DerivedFrom(names=names):
                # A position is taken by a subscript, a field is read by an attribute.
                written = ("item", "attribute") if "position" in names else ("sub",) if "difference" in names else ()
                read = not (CONFIG_FIELDS | PARAMETERS).isdisjoint(names)
                written = (*written, "attribute") if read else written
                return Need((), (bits((*names, *(f"module {name}" for name in names), *written)),))
            case _:
                outermost, inside = _operation(pattern)
                shown = () if outermost is None else (bits(outermost),)
                return Need(shown, (*shown, *_all_of(map(self.of, inside)).made_of))

    def _of_concept(self, slug: str) -> Need:
        """What the output of a concept needs; nothing where another part of its equation is the outermost."""
        if slug not in self._concepts:
            return Need((0,), (0,))
        if slug not in self._of_concepts:
            self._of_concepts[slug] = Need()  # for a concept that is part of itself
            if self.begins_with_output(slug):
                self._of_concepts[slug] = _one_of([self.of(pattern) for pattern in self._concepts[slug].patterns])
        return self._of_concepts[slug]


def _telling(needs: Iterable[int]) -> tuple[int, ...]:
    """Without what follows from the others."""
    distinct = dict.fromkeys(needs)
    return tuple(one for one in distinct if not any(other & one == other for other in distinct if other != one))


def _all_of(needs: Iterable[Need]) -> Need:
    known = list(needs)
    return Need(
        tuple(one for need in known for one in need.shown), tuple(one for need in known for one in need.made_of)
    )


def _one_of(needs: list[Need]) -> Need:
    return Need(_any(need.shown for need in needs), _any(need.made_of for need in needs))


def _any(needs: Iterable[tuple[int, ...]]) -> tuple[int, ...]:
    """One of several patterns needs at least what the most telling need of each has in common: their union."""
    known = list(needs)
    if not all(known):
        return ()
    total = 0
    for one in known:
        total |= min(one, key=int.bit_count)
    return (total,)


def _is_output(pattern: Pattern) -> bool:
    """Whether the outermost part of a pattern is the output."""
    match pattern:
        case Bind(symbol=symbol, pattern=inner):
            return symbol == "output" or _is_output(inner)
        case Returned(pattern=inner) | Direct(pattern=inner) | Unshared(pattern=inner) | NotPartOf(pattern=inner):
            return _is_output(inner)
        case Both(first=first, second=second):
            return _is_output(first) or _is_output(second)
        case OneOf(options=options):
            return all(map(_is_output, options))
        case _:
            return False


def _operation(pattern: Pattern) -> tuple[Iterable[str] | None, tuple[Pattern, ...]]:
    """The features of which a pattern's outermost operation has one (None where it can be any), and the patterns of
    what that is computed from."""
    match pattern:
        case Op(names=names, operands=operands, keywords=keywords):
            return names, (*operands, *(value for _, value in keywords))
        case Layer(classes=classes, operands=operands):
            return [f"module {name}" for name in classes], operands
        case Computes(pattern=inner):
            return ("module",), (inner,)
        case Activation(operand=operand):
            return (*ACTIVATIONS, "module"), (operand,)
        case Einsum(operands=operands):
            return ("einsum",), operands
        case FirstPosition(operand=operand) | Slice(operand=operand) | Select(operand=operand):
            return ("item",), (operand,)
        case Element(operand=operand):
            return ("item", "unpack"), (operand,)
        case Each(pattern=inner):
            return ("loop", "opaque"), (inner,)
        case Joined(first=first, second=second):
            return ("cat", "setitem"), (first, second)
        case Call(functions=functions, keywords=keywords):
            return [f"call {name}" for name in functions], tuple(value for _, value in keywords)
        case _:
            return None, ()
