"""The runs that tell sizes apart: the class at several sizes, as many of them different as it allows."""

from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace

from transformers import PreTrainedConfig

from hfreader.errors import HfreaderError
from hfreader.facts.traces import Trace
from hfreader.trace.depth import shallow
from hfreader.trace.sizes import RUNS, Assignment, Lengths, assign, candidates, listed_candidates, sizes_of, with_sizes
from hfreader.trace.sizes_apart import EXTENT, Group, fewer_heads, groups, longer, ways
from hfreader.trace.symbols_records import Key, general, shapes

Rerun = Callable[[PreTrainedConfig, Lengths, int], Trace]
"""Runs the same class for another configuration and other lengths, with random weights of a seed."""
IDS = 2  # dimensions: rows and tokens
Varied = dict[tuple[str, ...], tuple[Group, ...]]
"""Found for classes of one family: of these fields, which cannot all vary at once, groups that can do so together."""


@dataclass(frozen=True)
class Run:
    """One run at known sizes, the shape of each tensor in it, and the lengths of its inputs."""

    assignment: Assignment
    shapes: Mapping[Key, tuple[int, ...]]
    lengths: Lengths


def run_of(trace: Trace, assignment: Assignment) -> Run:
    """What a trace is as a run at the sizes of an assignment."""
    return Run(assignment, shapes(trace), as_read(trace, assignment.lengths))


def as_read(trace: Trace, asked: Lengths) -> Lengths:
    """The lengths of a run as its inputs have them: beside the tokens asked for, a text can hold a place for each part
    of an image or of a sound."""
    given = {name: value.tensor for name, value in trace.inputs}
    ids = None if "decoder_input_ids" in given else given.get("input_ids")
    return asked if ids is None or len(ids.shape) != IDS else replace(asked, tokens=ids.shape[-1])


class Runs:
    """Runs of one class at sizes other than its own; every field of a small configuration that may be a size varies."""

    def __init__(self, config: PreTrainedConfig, lengths: Lengths, rerun: Rerun, varied: Varied) -> None:
        self.config = shallow(config)
        self.lengths = lengths
        self.rerun = rerun
        self.names = candidates(self.config)
        self.listed = listed_candidates(self.config)
        self.varied = varied

    def free(self) -> tuple[Run, ...]:
        """Runs in which fields differ that are equal in the configuration: the widths and counts all at once, or else a
        few at a time; what counts pixels or frames, and what stands in lists, apart from these.

        Which groups ran is remembered.
        """
        names = (*self.listed, *self.names)
        at_once = tuple(name for name in self.names if not EXTENT.search(name))
        known = self.varied.get(names)
        runs = () if known is not None and () in known else self._all(at_once, False)
        if known is None or not (runs or () in known):
            found = groups(name for name in names if not (runs and name in at_once))
            known = tuple(group for group in found if group or not runs)
        apart = self._apart(known)
        if runs or apart:  # one that runs at no other sizes says nothing of others
            self.varied[names] = tuple(apart)
        return (*runs, *apart.values())

    def tied(self) -> tuple[Run, ...]:
        """Runs in which what is equal in the configuration stays equal, so that the code takes the same branches."""
        return self._all(self.names, True)

    def stuck(self, runs: Iterable[Run]) -> list[str]:
        """The sizes that are no others in any of these runs, because the class does not run so: what a dimension has to
        do with them is not known."""
        own = sizes_of(self.config)
        others = {name for run in runs for name, value in run.assignment.fields.items() if value != own.get(name)}
        return [name for name in (*self.names, *self.listed) if name not in others]

    def by_values(self, run: Run) -> frozenset[tuple[Key, int]]:
        """The dimensions, of all layers that are alike, which other weights and inputs change at the sizes of a run:
        they follow from no size."""
        other = self._run(run.assignment, seed=1)
        found = other.shapes if other is not None else {}
        return frozenset(
            (general(key), place)
            for key, shape in run.shapes.items()
            for place, (size, again) in enumerate(zip(shape, found.get(key, shape), strict=False))
            if size != again
        )

    def _apart(self, groups: tuple[Group, ...]) -> dict[Group, Run]:
        """Runs of groups of fields, those that cannot change together halved."""
        runs: dict[Group, Run] = {}
        pending = list(reversed(groups))
        while pending:
            group = pending.pop()
            run = self._changed(group)
            if run is not None:
                runs[group] = run
            elif len(group) > 1:
                middle = len(group) // 2
                pending += [group[middle:], group[:middle]]
        return runs

    def _changed(self, group: Group) -> Run | None:
        if not group:
            return self._longer()
        for fields in ways(self.config, group):
            try:
                config = with_sizes(self.config, fields)
            except HfreaderError:
                continue
            run = self._run(Assignment(config, fields, self.lengths))
            if run is not None or not EXTENT.search(group[0]):
                return run
        return None

    def _longer(self) -> Run | None:
        """Other lengths, and fewer heads if the class can do with these: a product of heads and of what changes with
        them elsewhere is then told from what only happens to be as large."""
        fewer = fewer_heads(self.config, (*self.listed, *self.names))
        for fields in (fewer, {}) if fewer else ({},):
            with suppress(HfreaderError):
                config = with_sizes(self.config, fields) if fields else self.config
                run = self._run(Assignment(config, fields, longer(self.lengths)))
                if run is not None:
                    return run
        return None

    def _all(self, names: tuple[str, ...], tied: bool) -> tuple[Run, ...]:
        runs: list[Run] = []
        for number in range(RUNS):
            try:
                run = self._run(assign(self.config, self.lengths, names, number, tied))
            except HfreaderError:  # the configuration refuses these sizes
                return ()
            if run is None:
                return ()
            runs.append(run)
        return tuple(runs)

    def _run(self, assignment: Assignment, seed: int = 0) -> Run | None:
        try:
            return run_of(self.rerun(assignment.config, assignment.lengths, seed), assignment)
        except Exception:  # sizes that a class refuses are expected: it raises what it likes
            return None
