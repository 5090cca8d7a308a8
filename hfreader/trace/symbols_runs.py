"""The runs that tell sizes apart: the class at several sizes, as many of them different as it allows."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from transformers import PreTrainedConfig

from hfreader.facts.traces import Trace
from hfreader.trace.depth import shallow
from hfreader.trace.sizes import RUNS, Assignment, Lengths, assign, candidates, largest_set
from hfreader.trace.symbols_records import Key, shapes

Rerun = Callable[[PreTrainedConfig, Lengths], Trace]
"""Runs the same class, with random weights, for another configuration and other lengths."""
Varied = dict[tuple[str, ...], tuple[str, ...]]
"""What was found for classes of one family: of these fields, which cannot all vary, those that can do so together."""


@dataclass(frozen=True)
class Run:
    """One run at known sizes, and the shape of each tensor in it."""

    assignment: Assignment
    shapes: Mapping[Key, tuple[int, ...]]


class Runs:
    """Runs of one class at sizes other than its own; every field of a small configuration that may be a size varies."""

    def __init__(self, config: PreTrainedConfig, lengths: Lengths, rerun: Rerun, varied: Varied) -> None:
        self.config = shallow(config)
        self.lengths = lengths
        self.rerun = rerun
        self.names = candidates(self.config)
        self.varied = varied

    def free(self) -> tuple[Run, ...]:
        """Runs in which fields differ that are equal in the configuration; of fewer fields where not all can vary."""
        known = self.varied.get(self.names)
        if known is not None and (found := self._all(known, False)):
            return found
        return self._all(self.names, False) or self._all(self._some(), False)

    def tied(self) -> tuple[Run, ...]:
        """Runs in which what is equal in the configuration stays equal, so that the code takes the same branches."""
        return self._all(self.names, True)

    def _some(self) -> tuple[str, ...]:
        self.varied[self.names] = largest_set(self.names, lambda some: self._one(some, 0, False) is not None)
        return self.varied[self.names]

    def _all(self, chosen: tuple[str, ...], tied: bool) -> tuple[Run, ...]:
        runs: list[Run] = []
        for number in range(RUNS):
            run = self._one(chosen, number, tied)
            if run is None:
                return ()
            runs.append(run)
        return tuple(runs)

    def _one(self, chosen: tuple[str, ...], number: int, tied: bool) -> Run | None:
        try:
            assignment = assign(self.config, self.lengths, chosen, number, tied)
            return Run(assignment, shapes(self.rerun(assignment.config, assignment.lengths)))
        except Exception:  # sizes that a class refuses are expected: it raises what it likes
            return None
