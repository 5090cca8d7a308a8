"""Which expression of the model's sizes explains a number that was seen in several runs.

Every candidate is evaluated once per run; a dimension seen in the same runs is then looked up by its values. Only
forms that shapes really take are candidates, so that a coincidence in all runs is next to impossible.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations, permutations, product

MULTIPLES = (2, 3, 4)
OFFSETS = (-2, -1, 1, 2)


@dataclass(frozen=True)
class Atom:
    """A named size with its value in each run.

    length  counts rows or positions of the input (batch, tokens); otherwise a field of the configuration.
    """

    name: str
    values: tuple[int, ...]
    length: bool = False


@dataclass(frozen=True)
class Expression:
    """A candidate: its text, the atoms in it, its value in each run, and how far-fetched it is."""

    text: str
    atoms: tuple[str, ...]
    values: tuple[int, ...]
    cost: int


class Explanations:
    """All candidate expressions over some atoms, found by their values.

    The last run is the one to be explained; the runs before it were made to tell sizes apart. A size that is the same
    in all of those explains nothing.
    """

    def __init__(self, atoms: Sequence[Atom]) -> None:
        varied = [atom for atom in atoms if len(set(atom.values[:-1])) > 1]
        self._by_values: dict[tuple[int, ...], list[Expression]] = {}
        for expression in _candidates(varied):
            self._by_values.setdefault(expression.values, []).append(expression)

    def find(self, values: tuple[int, ...]) -> Expression | None:
        """The simplest expression with these values; None where there is none, or several are equally simple."""
        found = self._by_values.get(values, [])
        least = min((each.cost for each in found), default=0)
        simplest = {each.text: each for each in found if each.cost == least}
        return next(iter(simplest.values())) if len(simplest) == 1 else None


def _candidates(atoms: Sequence[Atom]) -> Iterator[Expression]:
    fields = [atom for atom in atoms if not atom.length]
    lengths = [atom for atom in atoms if atom.length]
    for atom in atoms:
        yield Expression(atom.name, (atom.name,), atom.values, 0)
    yield from _sums(lengths, cost=1)
    yield from _products(atoms, 2, cost=2)
    for over, under in permutations(fields, 2):
        yield from _quotient([over], under, cost=2)
    yield from _scaled_and_shifted(atoms)
    yield from _products(atoms, 3, cost=3)
    yield from _sums(fields, cost=3)
    yield from _sums_with_one_more(fields)
    yield from _mixed(fields, lengths)


def _sums(atoms: Sequence[Atom], cost: int) -> Iterator[Expression]:
    for one, other in combinations(atoms, 2):
        yield _expression(f"{one.name} + {other.name}", (one, other), _added(one.values, other.values), cost)


def _sums_with_one_more(atoms: Sequence[Atom]) -> Iterator[Expression]:
    """Patches, tokens that are learnt, and the one that stands for the whole."""
    for one, other in combinations(atoms, 2):
        values = tuple(value + 1 for value in _added(one.values, other.values))
        yield _expression(f"{one.name} + {other.name} + 1", (one, other), values, 4)


def _products(atoms: Sequence[Atom], count: int, cost: int) -> Iterator[Expression]:
    for chosen in combinations(atoms, count):
        yield _expression("*".join(atom.name for atom in chosen), chosen, _multiplied(chosen), cost)


def _quotient(over: Sequence[Atom], under: Atom, cost: int) -> Iterator[Expression]:
    top = _multiplied(over)
    if all(below and above % below == 0 for above, below in zip(top, under.values, strict=True)):
        text = f"{'*'.join(atom.name for atom in over)}/{under.name}"
        yield _expression(text, (*over, under), tuple(a // b for a, b in zip(top, under.values, strict=True)), cost)


def _scaled_and_shifted(atoms: Sequence[Atom]) -> Iterator[Expression]:
    for atom in atoms:
        for factor in MULTIPLES:
            yield _expression(f"{factor}*{atom.name}", (atom,), tuple(factor * value for value in atom.values), 2)
        if all(value % 2 == 0 for value in atom.values):
            yield _expression(f"{atom.name}/2", (atom,), tuple(value // 2 for value in atom.values), 2)
        for offset in OFFSETS:
            yield _expression(_moved(atom, offset), (atom,), tuple(value + offset for value in atom.values), 2)


def _moved(atom: Atom, offset: int) -> str:
    return f"{atom.name} {'+' if offset > 0 else '-'} {abs(offset)}"


def _mixed(fields: Sequence[Atom], lengths: Sequence[Atom]) -> Iterator[Expression]:
    """Flattened sums of lengths, and of patches with the token that stands for the whole; fused projections; products
    divided by a field."""
    for batch in lengths:
        for atom, offset in product(fields, OFFSETS):
            moved = Atom(_moved(atom, offset), tuple(value + offset for value in atom.values))
            yield _expression(f"{batch.name}*({moved.name})", (batch, atom), _multiplied((batch, moved)), 4)
        for one, other in combinations([atom for atom in lengths if atom is not batch], 2):
            total = Atom(f"({one.name} + {other.name})", _added(one.values, other.values))
            yield _expression(f"{batch.name}*{total.name}", (batch, one, other), _multiplied((batch, total)), 3)
    for one, other in combinations(fields, 2):
        for factor in MULTIPLES:
            yield _expression(
                f"{factor}*{one.name}*{other.name}",
                (one, other),
                tuple(factor * value for value in _multiplied((one, other))),
                3,
            )
        for under in fields:
            if under is not one and under is not other:
                yield from _quotient((one, other), under, cost=4)
    for one, other, third in permutations(fields, 3):
        doubled = tuple(2 * value for value in other.values)
        total = Atom(f"({one.name} + 2*{other.name})", _added(one.values, doubled))
        yield _expression(f"{total.name}*{third.name}", (one, other, third), _multiplied((total, third)), 4)


def _expression(text: str, atoms: Iterable[Atom], values: tuple[int, ...], cost: int) -> Expression:
    return Expression(text, tuple(atom.name for atom in atoms), values, cost)


def _added(left: Sequence[int], right: Sequence[int]) -> tuple[int, ...]:
    return tuple(a + b for a, b in zip(left, right, strict=True))


def _multiplied(atoms: Sequence[Atom]) -> tuple[int, ...]:
    values = [1] * len(atoms[0].values)
    for atom in atoms:
        values = [value * factor for value, factor in zip(values, atom.values, strict=True)]
    return tuple(values)
