"""Which expression of the model's sizes explains a number that was seen in several runs.

Products and quotients of one or two sizes are kept by the ratio of their values from run to run, so that a dimension
is found with whatever constant stands before it; longer forms are looked for by taking one part off the dimension and
finding the rest. Of all that fit the simplest is taken, and none where two are equally simple.
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import combinations, combinations_with_replacement, permutations, product

OFFSETS = (1, -1, 2, -2)
PLAIN_FACTORS, PLAIN_DIVISORS = frozenset({1, 2, 3, 4}), frozenset({1, 2})
PLAIN_PARTS, PLAIN_HALVES = frozenset({1, 2, 4, 8}), frozenset({1, 2, 4, 8, 16, 32, 64})
HALVINGS = 6
AXES_IN_PAIRS = 6  # time, height and width
USUAL, HALVED, ODD = range(3)
"""Constants: the most common, other powers of two, and all else."""


@dataclass(frozen=True)
class Atom:
    """A named size with its value in each run.

    length  counts rows or positions of the input (batch, tokens); otherwise a field of the configuration.
    side    pixels along a side, which layers halve again and again.
    head    the width of a head, which rotary positions along the axes of a video share out in pairs.
    made    the atoms of which this one is made; it does not stand beside them.
    """

    name: str
    values: tuple[int, ...]
    length: bool = False
    side: bool = False
    head: bool = False
    made: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Expression:
    """A candidate: its text, the atoms in it, its value in each run, how far-fetched it is, and how odd the constants
    in it are (`USUAL`, `HALVED` or `ODD`)."""

    text: str
    atoms: tuple[str, ...]
    values: tuple[int, ...]
    cost: int
    oddity: int = USUAL


@dataclass(frozen=True)
class _Product:
    """Atoms above and below the line, in order; `scale` times `ratio` are its values."""

    over: tuple[Atom, ...]
    under: tuple[Atom, ...]
    ratio: tuple[int, ...]
    scale: Fraction


class Explanations:
    """Finds the simplest expression over some atoms for the values of a dimension.

    The last run is the one to be explained; the runs before it were made to tell sizes apart. A size that is the same
    in all of those explains nothing.

    any_constant  what stands before a product need not be one of the usual small numbers: for runs of which some change
                  few sizes, so that what does not depend on a size is known.
    """

    def __init__(self, atoms: Sequence[Atom], any_constant: bool = False) -> None:
        self._any_constant = any_constant
        self._atoms = [atom for atom in atoms if len(set(atom.values[:-1])) > 1]
        self._made = {atom.name for atom in self._atoms if atom.made}
        self._sums = _sums_of_lengths(self._atoms)
        lengths = [atom for atom in self._atoms if atom.length]
        fields = [atom for atom in self._atoms if not atom.length]
        self._order = {atom.name: place for place, atom in enumerate([*lengths, *self._sums, *fields])}
        self._products: dict[tuple[int, ...], list[_Product]] = {}
        for each in _products(self._atoms, self._sums):
            self._products.setdefault(each.ratio, []).append(each)
        self._rounded = [each for atom in self._atoms if atom.side for each in _rounded(atom)]
        self._found: dict[tuple[int, ...], Expression | None] = {}

    def find(self, values: tuple[int, ...]) -> Expression | None:
        """The simplest expression with these values; None where there is none, or several are equally simple."""
        if values not in self._found:
            self._found[values] = self._simplest(values)
        return self._found[values]

    def _simplest(self, values: tuple[int, ...]) -> Expression | None:
        if min(values) < 0:
            return None
        looks = (
            (0, self._short),
            (2, self._with_sums),
            (3, self._long),
            (4, self._nested),
            (4, self._steps),
            (4, self._shares),
            (5, self._long_sums),
        )
        found: dict[str, Expression] = {}
        for least, look in looks if min(values) else ((0, self._shares),):  # only a share can be none
            best = min((each.cost for each in found.values()), default=math.inf)
            if best < least:
                break
            for each in look(values):
                if each.text not in found or each.cost < found[each.text].cost:
                    found[each.text] = each
        best = min((each.cost for each in found.values()), default=math.inf)
        simplest = [each for each in found.values() if each.cost == best]
        if len(simplest) > 1:  # of what is made of others it is not known that it counts here
            simplest = [each for each in simplest if self._made.isdisjoint(each.atoms)]
        return simplest[0] if len(simplest) == 1 else None

    def _short(self, values: tuple[int, ...]) -> Iterator[Expression]:
        """Products and quotients of one or two atoms."""
        ratio, scale = _ratio(values)
        for found in self._products.get(ratio, ()):
            yield from self._written(found.over, found.under, scale / found.scale, values)

    def _long(self, values: tuple[int, ...]) -> Iterator[Expression]:
        """Products and quotients of three."""
        for atom in [*self._atoms, *self._sums]:
            ratio, scale = _ratio(values, atom.values)
            for rest in self._products.get(ratio, ()):
                yield from self._written((*rest.over, atom), rest.under, scale / rest.scale, values)
            if not atom.length:
                ratio, scale = _ratio(tuple(a * b for a, b in zip(values, atom.values, strict=True)))
                for rest in self._products.get(ratio, ()):
                    yield from self._written(rest.over, (*rest.under, atom), scale / rest.scale, values)

    def _with_sums(self, values: tuple[int, ...]) -> Iterator[Expression]:
        """Sums of an atom or a product with a small constant, with another atom, or with both."""
        for offset in OFFSETS:
            for one in self._parts(values, (offset,) * len(values), HALVED if abs(offset) == 1 else USUAL):
                sign = "+" if offset > 0 else "-"
                yield Expression(f"{one.text} {sign} {abs(offset)}", one.atoms, values, one.cost + 2)
        for atom in self._atoms:
            for one in self._parts(values, atom.values):
                if atom.name not in one.atoms:
                    yield self._sum(one, atom, "", values)
            for one in self._parts(values, tuple(value + 1 for value in atom.values)):
                if atom.name not in one.atoms:
                    yield self._sum(one, atom, " + 1", values)

    def _long_sums(self, values: tuple[int, ...]) -> Iterator[Expression]:
        """Three atoms added up, and one more: what is looked for, patches, registers, the token of the whole."""
        if not self._any_constant:
            return
        for more, (one, other) in product((0, 1), combinations(self._atoms, 2)):
            rest = tuple(a - b - c - more for a, b, c in zip(values, one.values, other.values, strict=True))
            for third in self._atoms:
                if third.values == rest and self._order[third.name] > self._order[other.name]:
                    text = f"{one.name} + {other.name} + {third.name}" + " + 1" * more
                    yield Expression(text, (one.name, other.name, third.name), values, 5 + more)

    def _parts(self, values: tuple[int, ...], without: tuple[int, ...], oddity: int = USUAL) -> Iterator[Expression]:
        """What is left of a sum, where that is a short product with constants that are no odder."""
        rest = tuple(a - b for a, b in zip(values, without, strict=True))
        if min(rest) > 0:
            yield from (each for each in self._short(rest) if each.oddity <= oddity)

    def _sum(self, one: Expression, atom: Atom, more: str, values: tuple[int, ...]) -> Expression:
        first, last = atom.name, one.text
        if self._order[first] > self._order.get(last, len(self._order)):
            first, last = last, first
        return Expression(f"{first} + {last}{more}", (*one.atoms, atom.name), values, one.cost + 3 + bool(more))

    def _nested(self, values: tuple[int, ...]) -> Iterator[Expression]:
        """A sum times an atom."""
        for atom in self._atoms:
            if any(a % b for a, b in zip(values, atom.values, strict=True)):
                continue
            rest = tuple(a // b for a, b in zip(values, atom.values, strict=True))
            for one in self._with_sums(rest):
                if atom.name not in one.atoms:
                    text = f"{atom.name}*({one.text})" if atom.length else f"({one.text})*{atom.name}"
                    yield Expression(text, (atom.name, *one.atoms), values, one.cost + 1)

    def _steps(self, values: tuple[int, ...]) -> Iterator[Expression]:
        """A side halved and rounded, its square, what both are multiplied with, and one more."""
        for step, power, more in product(self._rounded, (1, 2), (0, 1, 2)):
            sizes = tuple(value**power for value in step.values)
            if any((a - more) % b or a == more for a, b in zip(values, sizes, strict=True)):
                continue
            rest = tuple((a - more) // b for a, b in zip(values, sizes, strict=True))
            text = step.text if power == 1 else f"{step.text}**2"
            added = f" + {more}" if more else ""
            cost = step.cost + power + 2 * bool(more)
            if set(rest) == {1}:
                yield Expression(f"{text}{added}", step.atoms, values, cost)
            for one in self._short(rest):
                if one.oddity == USUAL:
                    yield Expression(
                        f"{one.text}*{text}{added}", (*one.atoms, *step.atoms), values, one.cost + cost + 1
                    )

    def _shares(self, values: tuple[int, ...]) -> Iterator[Expression]:
        """The width of a head shared out among three axes in pairs of channels, and what is left over."""
        for atom in self._atoms if self._any_constant else ():
            if not atom.head:
                continue
            share = tuple(value // AXES_IN_PAIRS for value in atom.values)
            name = f"floor({atom.name}/{AXES_IN_PAIRS})"
            rest = tuple(value % AXES_IN_PAIRS for value in atom.values)
            for text, sizes, cost in (
                (name, share, 4),
                (f"2*{name}", tuple(2 * size for size in share), 5),
                (f"{atom.name} - {AXES_IN_PAIRS}*{name}", rest, 6),
            ):
                if sizes == values and len(set(sizes[:-1])) > 1 and any(rest):
                    yield Expression(text, (atom.name,), values, cost)

    def _written(
        self, over: tuple[Atom, ...], under: tuple[Atom, ...], constant: Fraction, values: tuple[int, ...]
    ) -> Iterator[Expression]:
        """A constant times a product, as it is read; nothing where the constant is too odd to be believed, or where
        something stands above and below the line."""
        factor, divisor = constant.numerator, constant.denominator
        divisors = PLAIN_DIVISORS
        if len(over) == 1 and not under:
            divisors = PLAIN_HALVES if over[0].side else PLAIN_PARTS
        plain = bool(over) and factor in PLAIN_FACTORS and divisor in divisors
        halved = _power_of_two(factor) and _power_of_two(divisor)
        widths = sum(not atom.side for atom in (*over, *under))
        oddity = USUAL if plain else HALVED if halved else ODD
        believed = plain or (self._any_constant and widths <= (2 if halved and over else 1))
        far_fetched = over and under and factor > max(PLAIN_HALVES)  # two sizes happen to have such a quotient
        if not believed or far_fetched or _overlap(over, under):
            return
        above = [str(factor)] * (factor != 1) + _powers(over, self._order)
        below = [str(divisor)] * (divisor != 1) + _powers(under, self._order)
        size = len(over) + len(under)
        if over and size == 1 and constant == 1:
            cost = int(over[0] in self._sums)
        else:
            cost = size + len(above) - len(_powers(over, self._order)) + (divisor != 1) + (bool(under) and size > 2)
            cost += oddity
        text = "*".join(above) or "1"
        if size == 1 and not below and text.startswith("(") and text.endswith(")"):
            text = text[1:-1]
        if below:
            text += f"/({'*'.join(below)})" if len(below) > 1 else f"/{below[0]}"
        names = dict.fromkeys(name for atom in (*over, *under) for name in _names(atom))
        yield Expression(text, tuple(names), values, cost, oddity)


def _overlap(over: tuple[Atom, ...], under: tuple[Atom, ...]) -> bool:
    """Whether something stands above and below the line, or beside what it is part of."""
    names = {atom.name for atom in (*over, *under)}
    above, below = {atom.name for atom in over}, {atom.name for atom in under}
    return bool(above & below) or any(atom.made & names for atom in (*over, *under))


def _products(atoms: Sequence[Atom], sums: Sequence[Atom]) -> Iterator[_Product]:
    fields = [atom for atom in atoms if not atom.length]
    for atom in (*atoms, *sums):
        yield _Product((atom,), (), *_ratio(atom.values))
    for atom in fields:
        yield _Product((), (atom,), *_ratio([1] * len(atom.values), atom.values))
    for one, other in combinations_with_replacement(atoms, 2):
        if one is not other or not one.length:
            yield _Product(
                (one, other), (), *_ratio(tuple(a * b for a, b in zip(one.values, other.values, strict=True)))
            )
    for over, under in permutations(fields, 2):
        yield _Product((over,), (under,), *_ratio(over.values, under.values))


def _sums_of_lengths(atoms: Sequence[Atom]) -> list[Atom]:
    lengths = [atom for atom in atoms if atom.length]
    return [
        Atom(f"({one.name} + {other.name})", tuple(map(sum, zip(one.values, other.values, strict=True))), length=True)
        for place, one in enumerate(lengths)
        for other in lengths[place + 1 :]
    ]


def _names(atom: Atom) -> list[str]:
    return atom.name.strip("()").split(" + ")


def _rounded(atom: Atom) -> Iterator[Expression]:
    """The side halved once or more, rounded up or down, where that is not the same in all runs."""
    for power in range(1, HALVINGS + 1):
        divisor = 2**power
        up = tuple(-(-value // divisor) for value in atom.values)
        down = tuple(value // divisor for value in atom.values)
        if up != down:
            yield Expression(f"ceil({atom.name}/{divisor})", (atom.name,), up, 3)
            if min(down) > 0:
                yield Expression(f"floor({atom.name}/{divisor})", (atom.name,), down, 3)


def _ratio(values: Sequence[int], under: Sequence[int] = ()) -> tuple[tuple[int, ...], Fraction]:
    """The smallest whole numbers in the same proportion as some values, or as their quotients, and what each of these
    was divided by."""
    common = math.lcm(*under)
    whole = [value * common // below for value, below in zip(values, under, strict=True)] if under else values
    divisor = math.gcd(*whole)
    return tuple(value // divisor for value in whole), Fraction(divisor, common)


def _powers(atoms: Sequence[Atom], order: dict[str, int]) -> list[str]:
    """The factors in the order of the atoms, what occurs twice as a square."""
    names = sorted((atom.name for atom in atoms), key=order.__getitem__)
    counts = {name: names.count(name) for name in names}
    return [name if count == 1 else f"{name}**{count}" for name, count in counts.items()]


def _power_of_two(number: int) -> bool:
    return number & (number - 1) == 0
