"""Symbolic dimensions: run the class at several sizes, and name what explains each dimension in all of them.

The runs are real and tiny. A dimension gets a symbol only where one expression, the simplest, gives its value in each
run made for the purpose and in the run that is labelled; otherwise it stays a number.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import replace

from transformers import PreTrainedConfig

from hfreader.facts.traces import SymbolFact, TensorFact, Trace
from hfreader.trace.expressions import Atom, Explanations, Expression
from hfreader.trace.sizes import Assignment, Lengths, counts_heads, integers
from hfreader.trace.symbols_names import (
    BATCH,
    ENCODER,
    IMAGE,
    LENGTHS,
    PAST,
    TOKENS,
    head_width,
    patch_of,
    patches,
    symbol_of,
)
from hfreader.trace.symbols_records import Key, before_cache, general, is_cost, rewrite, shapes
from hfreader.trace.symbols_runs import Rerun, Run, Runs, Varied


def label(
    trace: Trace, config: PreTrainedConfig, lengths: Lengths, rerun: Rerun, varied: Varied | None = None
) -> Trace:
    """The trace with `symbols` on every tensor, and the legend of the symbols used.

    config, lengths  those of the trace. Where the class runs at no other sizes, every dimension is its number, and a
    note says so.

    varied  what other traces of the class have found; it is added to.
    """
    own = Run(Assignment(config, integers(config), lengths), shapes(trace))
    runs = Runs(config, lengths, rerun, {} if varied is None else varied)
    rounds = [_Names(config, free, own)] if (free := runs.free()) else []
    if not rounds or any(not rounds[0].knows(key) for key in own.shapes):
        rounds += [_Names(config, tied, own)] if (tied := runs.tied()) else []
    if not rounds:
        note = "dimensions are numbers: the class ran at no sizes but its own"
        return replace(rewrite(trace, _numbers), notes=(*trace.notes, note))

    filling = before_cache(trace) if lengths.past else frozenset()

    def name(key: Key, tensor: TensorFact) -> TensorFact:
        _, path, call, _, _ = key
        return next((each for each in rounds if each.knows(key)), rounds[0]).put(key, tensor, (path, call) in filling)

    labelled = rewrite(trace, name)
    used = {symbol: fact for each in reversed(rounds) for symbol, fact in each.legend.items() if symbol in each.used}
    order = {symbol: None for each in rounds for symbol in each.legend}
    return replace(labelled, symbols=tuple(used[symbol] for symbol in order if symbol in used))


def _numbers(key: Key, tensor: TensorFact) -> TensorFact:
    if is_cost(key):
        return tensor
    return replace(tensor, symbols=tuple(map(str, tensor.shape)), unexplained=tuple(range(len(tensor.shape))))


def _atoms(config: PreTrainedConfig, runs: list[Run]) -> tuple[list[Atom], dict[str, SymbolFact]]:
    """The sizes that expressions are made of, and what the legend says of each, by symbol."""
    atoms: list[Atom] = []
    legend: dict[str, SymbolFact] = {}

    def add(symbol: str, expression: str, values: tuple[int, ...], length: bool = False) -> None:
        atoms.append(Atom(symbol, values, length))
        legend[symbol] = SymbolFact(symbol, expression, values[-1])

    for symbol, read in _LENGTHS.items():
        counted = tuple(each for run in runs if (each := read(run.assignment.lengths)) is not None)
        if len(counted) == len(runs):
            add(symbol, LENGTHS[symbol], counted, length=True)
    for field, values in _fields(runs).items():
        symbol = symbol_of(config, field)
        add(field if symbol in legend else symbol, field, values)
    hidden = next((atom for atom in atoms if atom.name == "hidden"), None)
    for heads in [atom for atom in atoms if atom.name.endswith("heads") and not atom.name.endswith("kv_heads")]:
        name = head_width(heads.name)
        if hidden is None or name in legend or any(a % b for a, b in zip(hidden.values, heads.values, strict=True)):
            continue
        expression = f"{legend[hidden.name].expression} / {legend[heads.name].expression}"
        add(name, expression, tuple(a // b for a, b in zip(hidden.values, heads.values, strict=True)))
    for image, patch in _images(atoms):
        sides = tuple(a // b for a, b in zip(image.values, patch.values, strict=True))
        expression = f"({legend[image.name].expression} / {legend[patch.name].expression})**2"
        add(patches(image.name), expression, tuple(side**2 for side in sides))
    # `heads*head_dim`, not `head_dim*heads`: products are written in the order of the atoms.
    return sorted(atoms, key=lambda atom: atom.name.endswith("head_dim")), legend


def _images(atoms: list[Atom]) -> list[tuple[Atom, Atom]]:
    """Sides of images and of their patches, where these fill the images."""
    named = {atom.name: atom for atom in atoms}
    pairs = [(atom, named.get(patch_of(atom.name))) for atom in atoms if atom.name.endswith(IMAGE)]
    return [
        (image, patch)
        for image, patch in pairs
        if patch is not None and not any(a % b for a, b in zip(image.values, patch.values, strict=True))
    ]


_PAST = re.compile(rf"\b{PAST}\b")
_LENGTHS: dict[str, Callable[[Lengths], int | None]] = {
    BATCH: lambda lengths: lengths.batch,
    PAST: lambda lengths: lengths.past or None,
    TOKENS: lambda lengths: lengths.tokens,
    ENCODER: lambda lengths: lengths.encoder,
}


def _fields(runs: list[Run]) -> dict[str, tuple[int, ...]]:
    """The values in each run of the fields that all runs have.

    Of fields that are one by definition the one set; of head counts that are equal in all runs the first, which is
    that of the queries.
    """
    all_fields = [integers(run.assignment.config) for run in runs]
    common = [name for name in all_fields[-1] if all(name in fields for fields in all_fields)]
    chosen = runs[0].assignment.fields
    found: dict[str, tuple[int, ...]] = {}
    for name in sorted(common, key=lambda name: (name not in chosen, "kv" in name or "key_value" in name)):
        values = tuple(fields[name] for fields in all_fields)
        if values not in found.values() or (name in chosen and not counts_heads(name)):
            found[name] = values
    return found


class _Names:
    """Puts symbols on tensors, and remembers which symbols it used."""

    def __init__(self, config: PreTrainedConfig, runs: tuple[Run, ...], own: Run) -> None:
        atoms, self.legend = _atoms(config, [*runs, own])
        self.used: set[str] = set()
        self._explanations = Explanations(atoms)
        self._seen: dict[Key, list[tuple[int, ...]]] = {}
        self._alike: dict[Key, list[Key]] = {}
        for key in runs[0].shapes:
            found = [run.shapes[key] for run in runs if key in run.shapes]
            if len(found) == len(runs) and len({len(shape) for shape in found}) == 1:
                self._seen[key] = list(zip(*found, strict=True))
                self._alike.setdefault(general(key), []).append(key)

    def knows(self, key: Key) -> bool:
        """Whether the runs recorded the same, or the same in another layer."""
        return key in self._seen or general(key) in self._alike

    def put(self, key: Key, tensor: TensorFact, filling: bool) -> TensorFact:
        """The tensor with a symbol, or else the number, for each dimension.

        filling  in the call that fills the cache the tokens of the call are those that are past in the next.
        """
        known = self._explained(key, tensor.shape)
        if is_cost(key) and not all(certain for certain, _ in known):
            return tensor  # a number in a formula says that nothing changes it
        found = [expression for _, expression in known]
        used = {name for expression in found if expression is not None for name in expression.atoms}
        self.used |= {TOKENS if filling and name == PAST else name for name in used}
        symbols = (
            str(size) if expression is None else _PAST.sub(TOKENS, expression.text) if filling else expression.text
            for size, expression in zip(tensor.shape, found, strict=True)
        )
        unexplained = tuple(axis for axis, (certain, _) in enumerate(known) if not certain)
        return replace(tensor, symbols=tuple(symbols), unexplained=unexplained)

    def _explained(self, key: Key, shape: tuple[int, ...]) -> list[tuple[bool, Expression | None]]:
        """Whether each dimension is understood, and what explains it: by the same record of the other runs, else by the
        alike ones that fit best.

        Where several of these fit equally well and disagree, nothing is certain and nothing is said.
        """
        fitting = [self._seen[each] for each in self._nearest(key) if len(self._seen[each]) == len(shape)]
        if not fitting:
            return [(False, None)] * len(shape)
        tries = [[self._find(*pair) for pair in zip(seen, shape, strict=True)] for seen in fitting]
        certain = [sum(known for known, _ in found) for found in tries]
        best = [found for found, known in zip(tries, certain, strict=True) if known == max(certain)]
        return [_agreed(said) for said in zip(*best, strict=True)]

    def _nearest(self, key: Key) -> list[Key]:
        """The same record of the other runs, else those at the same place inside alike values, else all alike ones."""
        if key in self._seen:
            return [key]
        alike = self._alike.get(general(key), [])
        return [each for each in alike if each[-1] == key[-1]] or alike

    def _find(self, seen: tuple[int, ...], size: int) -> tuple[bool, Expression | None]:
        """Whether a dimension is understood, and the expression for it if it is no constant."""
        if len(set(seen)) == 1:
            return seen[0] == size, None
        expression = self._explanations.find((*seen, size))
        return expression is not None, expression


def _agreed(said: Sequence[tuple[bool, Expression | None]]) -> tuple[bool, Expression | None]:
    """What all say; nothing where they differ."""
    texts = {None if expression is None else expression.text for _, expression in said}
    return said[0] if len(texts) == 1 else (False, None)
