"""Symbolic dimensions: run the class at several sizes, and name what explains each dimension in all of them.

The runs are real and tiny. A dimension gets a symbol only where one expression, the simplest, gives its value in each
run made for the purpose and in the run that is labelled; otherwise it stays a number.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import replace
from itertools import chain

from transformers import PreTrainedConfig

from hfreader.facts.traces import TensorFact, Trace
from hfreader.trace.expressions import Explanations, Expression
from hfreader.trace.sizes import RUNS, Assignment, Lengths
from hfreader.trace.symbols_atoms import Atoms
from hfreader.trace.symbols_names import PAST, TOKENS
from hfreader.trace.symbols_records import Key, before_cache, general, is_cost, rewrite
from hfreader.trace.symbols_runs import Rerun, Run, Runs, Varied, run_of


def label(
    trace: Trace, config: PreTrainedConfig, lengths: Lengths, rerun: Rerun, varied: Varied | None = None
) -> Trace:
    """The trace with `symbols` on every tensor, and the legend of the symbols used.

    config, lengths  those of the trace. Where the class runs at no other sizes, every dimension is its number, and a
    note says so.

    varied  what other traces of the class have found; it is added to.
    """
    own = run_of(trace, Assignment(config, {}, lengths))
    runs = Runs(config, lengths, rerun, {} if varied is None else varied)
    free = runs.free()
    tied: tuple[Run, ...] = ()
    rounds = [_Names(config, free, own)] if free else []
    if not rounds or any(not rounds[0].knows(key) for key in own.shapes):
        tied = runs.tied()
        rounds += [_Names(config, tied, own)] if tied else []
    if not rounds:
        return _unnamed(trace)

    filling = before_cache(trace) if lengths.past else frozenset()

    def name(key: Key, tensor: TensorFact) -> TensorFact:
        _, path, call, _, _ = key
        return next((each for each in rounds if each.knows(key)), rounds[0]).put(key, tensor, (path, call) in filling)

    labelled = rewrite(trace, name)
    if any(each.unexplained for each in rounds) and (settled := runs.by_values((free or tied)[0])):
        for each in rounds:
            each.by_values = settled
            each.used.clear()
        labelled = rewrite(trace, name)
    used = {symbol: fact for each in reversed(rounds) for symbol, fact in each.legend.items() if symbol in each.used}
    if not used:
        return _unnamed(trace)
    order = {symbol: None for each in rounds for symbol in each.legend}
    stuck = ", ".join(runs.stuck((*free, *tied)))
    note = (f"no run was possible with another {stuck}: a number can stand for it",) if stuck else ()
    symbols = tuple(used[symbol] for symbol in order if symbol in used)
    return replace(labelled, symbols=symbols, notes=(*labelled.notes, *note))


def _unnamed(trace: Trace) -> Trace:
    note = "dimensions are numbers: the class ran at no sizes but its own, or at too few"
    return replace(rewrite(trace, _numbers), notes=(*trace.notes, note))


def _numbers(key: Key, tensor: TensorFact) -> TensorFact:
    if is_cost(key):
        return tensor
    return replace(tensor, symbols=tuple(map(str, tensor.shape)), unexplained=tuple(range(len(tensor.shape))))


_PAST = re.compile(rf"\b{PAST}\b")
_Seen = tuple[tuple[int, ...], tuple[tuple[int, ...], ...]]
"""The runs that recorded a tensor, and each of its dimensions in them."""
_Said = tuple[bool, Expression | None]
"""Whether a dimension is understood, and the expression for it if it is no constant."""


class _Names:
    """Puts symbols on tensors, and remembers which symbols it used."""

    def __init__(self, config: PreTrainedConfig, runs: tuple[Run, ...], own: Run) -> None:
        found = Atoms(config, [*runs, own])
        self._atoms, self.legend = found.ordered, found.legend
        self.used: set[str] = set()
        self.unexplained = False
        self.by_values: frozenset[tuple[Key, int]] = frozenset()
        self._explanations: dict[tuple[int, ...], Explanations] = {}
        self._seen: dict[Key, _Seen] = {}
        self._alike: dict[Key, dict[object, dict[_Seen, None]]] = {}
        self._understood: dict[tuple[tuple[_Seen, ...], tuple[int, ...]], list[_Said]] = {}
        for key in dict.fromkeys(key for run in runs for key in run.shapes):
            ranks = {place: len(run.shapes[key]) for place, run in enumerate(runs) if key in run.shapes}
            usual = max(ranks.values(), key=list(ranks.values()).count)
            places = [place for place, rank in ranks.items() if rank == usual]
            if len(places) >= RUNS and 2 * len(places) > len(runs):
                columns = tuple(zip(*(runs[place].shapes[key] for place in places), strict=True))
                self._seen[key] = seen = (tuple(places), columns)
                self._alike.setdefault(general(key), {}).setdefault(key[-1], {})[seen] = None

    def knows(self, key: Key) -> bool:
        """Whether the runs recorded the same, or the same in another layer."""
        return key in self._seen or general(key) in self._alike

    def put(self, key: Key, tensor: TensorFact, filling: bool) -> TensorFact:
        """The tensor with a symbol, or else the number, for each dimension.

        filling  in the call that fills the cache the tokens of the call are those that are past in the next.
        """
        known = [
            (False, None) if (general(key), place) in self.by_values else each
            for place, each in enumerate(self._explained(key, tensor.shape))
        ]
        self.unexplained |= not all(certain for certain, _ in known)
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

    def _explained(self, key: Key, shape: tuple[int, ...]) -> list[_Said]:
        """Whether each dimension is understood, and what explains it: by the same record of the other runs, else by the
        alike ones that fit best.

        Where several of these fit equally well and disagree, nothing is certain and nothing is said.
        """
        fitting = tuple(each for each in self._nearest(key) if len(each[1]) == len(shape))
        if not fitting:
            return [(False, None)] * len(shape)
        if (fitting, shape) not in self._understood:
            tries = [
                [self._find(places, *pair) for pair in zip(columns, shape, strict=True)] for places, columns in fitting
            ]
            certain = [sum(known for known, _ in found) for found in tries]
            best = [found for found, known in zip(tries, certain, strict=True) if known == max(certain)]
            self._understood[fitting, shape] = [_agreed(said) for said in zip(*best, strict=True)]
        return self._understood[fitting, shape]

    def _nearest(self, key: Key) -> Iterable[_Seen]:
        """The same record of the other runs, else those at the same place inside alike values, else all alike ones."""
        if key in self._seen:
            return [self._seen[key]]
        alike = self._alike.get(general(key), {})
        return alike.get(key[-1]) or dict.fromkeys(chain.from_iterable(alike.values()))

    def _find(self, places: tuple[int, ...], seen: tuple[int, ...], size: int) -> _Said:
        """Whether a dimension is understood, and the expression for it if it is no constant.

        places  the runs in which it was seen.
        """
        if len(set(seen)) == 1:
            return seen[0] == size, None
        if places not in self._explanations:
            known = (
                replace(atom, values=(*(atom.values[place] for place in places), atom.values[-1]))
                for atom in self._atoms
            )
            self._explanations[places] = Explanations(list(known), len(places) > RUNS)
        expression = self._explanations[places].find((*seen, size))
        return expression is not None, expression


def _agreed(said: Sequence[_Said]) -> _Said:
    """What all say; nothing where they differ."""
    texts = {None if expression is None else expression.text for _, expression in said}
    return said[0] if len(texts) == 1 else (False, None)
