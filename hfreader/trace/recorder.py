"""Record what runs: the values on each line, the statements, the module calls.

recorder = Recorder(["models/bert/modeling_bert.py"], package)
with recorder.recording(model) as recording:
    model(**inputs)
recording.lines(), recording.executions(), recording.modules()
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType
from typing import Any

import torch
from torch import nn

from hfreader.facts.branches import Branch
from hfreader.facts.places import Place, Span
from hfreader.facts.traces import Execution, LineRecord, ModuleRecord
from hfreader.trace.branches import Conditions
from hfreader.trace.hooks import ModuleCall, ModuleStack, module_calls
from hfreader.trace.instrument import active, instrumented, rewrite_files
from hfreader.trace.rewrite_plan import Plan, Site
from hfreader.trace.statistics import Gauge
from hfreader.trace.values import ATOMS, Shot, safe_snapshot, value_of

_NOTHING = nullcontext()
ROW = 5
"""Entries of one record among `Recording.rows`."""


class Recorder:
    """Records runs of models whose code stands in `files`.

    files    source files relative to `package` (`models/bert/modeling_bert.py`).
    package  the folder `transformers` that is imported in this process.
    lines    record every parameter, assignment, loop variable and returned value.
    hits     record which statements ran.
    modules  record module calls with their inputs and outputs.
    operations  with `lines`: also the value of every call, operator and subscript (kind `expression`).
    branches  record how conditions come out.
    calls    by file the calls of which to tell what they called (`Recording.called`).

    Files are read and rewritten once; a recorder can be used for many recordings, one after the other.
    """

    def __init__(
        self,
        files: Sequence[str],
        package: Path,
        *,
        lines: bool = True,
        hits: bool = True,
        modules: bool = True,
        operations: bool = False,
        branches: bool = False,
        calls: Mapping[str, frozenset[Span]] = MappingProxyType({}),
    ) -> None:
        self.package, self.modules = package, modules
        plan = Plan(lines=lines, operations=operations, statements=hits, branches=branches)
        self.files = tuple(dict.fromkeys(files)) if lines or hits or branches or calls else ()
        plans = {file: replace(plan, calls=calls.get(file, frozenset())) for file in self.files}
        self.rewritten = rewrite_files(plans, package)
        self.kinds = [site.kind for file in self.rewritten for site in file.sites]

    @contextmanager
    def recording(self, model: nn.Module, statistics: bool = False) -> Iterator["Recording"]:
        """Record everything that this thread runs inside the block. Results are bit for bit those of a bare run.

        statistics  also note what the numbers of each recorded tensor are like.
        Other threads run undisturbed. HfreaderError where another recording is under way.
        """
        recording = Recording(self, model, statistics)
        with instrumented(self.rewritten, recording, _helpers(recording)), module_calls(recording.stack, recording):
            yield recording


class Recording:
    """What one block recorded; complete when the block has ended."""

    def __init__(self, recorder: Recorder, model: nn.Module, statistics: bool) -> None:
        self.recorder, self.statistics = recorder, statistics
        self.stack = ModuleStack(model, recorder.modules)
        # Flat, so that a record leaves nothing for the garbage collector to look at: site, module call, then shape,
        # dtype and device of a tensor, or a snapshot, None and None.
        self.rows: list[Any] = []
        self.marks = bytearray(sum(len(file.statements) for file in recorder.rewritten))
        self.callees: dict[int, Callable[..., Any]] = {}
        self.conditions = Conditions(self.stack)
        self.gauge = Gauge()

    def lines(self) -> tuple[LineRecord, ...]:
        """Every recorded value, in the order of execution."""
        sites = self._sites()
        places = [Place(file, site.span) for file, _, site in sites]
        functions = [f"{module}.{site.function}" for _, module, site in sites]
        statistics = self.gauge.facts(len(self.rows) // ROW)
        return tuple(
            LineRecord(
                place=places[number],
                name=sites[number][2].name,
                kind=sites[number][2].kind,
                function=functions[number],
                module=call.path,
                call=call.call,
                value=value_of(shot if dtype is None else (shot, dtype, device)),
                statistics=found,
            )
            for (number, call, shot, dtype, device), found in zip(
                zip(*[iter(self.rows)] * ROW, strict=True), statistics, strict=True
            )
        )

    def branches(self) -> tuple[Branch, ...]:
        """Every condition that was looked at."""
        return self.conditions.facts(self._sites())

    def _sites(self) -> list[tuple[str, str, Site]]:
        """Every site by its number, with its file and the module that this is."""
        sites: list[tuple[str, str, Site]] = []
        for file, rewritten in zip(self.recorder.files, self.recorder.rewritten, strict=True):
            module = ".".join([self.recorder.package.name, *Path(file).with_suffix("").parts])
            sites += [(file, module, site) for site in rewritten.sites]
        return sites

    @contextmanager
    def direct_forward(self, module: nn.Module, inputs: dict[str, Any]) -> Iterator[None]:
        """A forward pass that runs without a call of its module, as when a checkpointed layer is replayed."""
        call = self.stack.enter(module, (), inputs)
        try:
            yield
            if call is not None:
                call.output = self._returned(call)
        finally:
            if call is not None:
                self.stack.leave(call)

    def _returned(self, call: ModuleCall) -> Shot:
        """What the forward pass that has just ended returned: the last record, if it is of a `return`."""
        if self.rows and self.rows[-4] is call and self.recorder.kinds[self.rows[-5]] == "return":
            shot, dtype, device = self.rows[-3:]
            return shot if dtype is None else (shot, dtype, device)
        return None

    def called(self) -> tuple[tuple[Place, Callable[..., Any]], ...]:
        """For each announced call that ran its place and what it called, the first time."""
        places = [
            Place(file, site.span)
            for file, code in zip(self.recorder.files, self.recorder.rewritten, strict=True)
            for site in code.sites
        ]
        return tuple((places[site], function) for site, function in self.callees.items())

    def executions(self) -> tuple[Execution, ...]:
        """For each file which statements in functions ran and which did not."""
        found, start = [], 0
        for file, rewritten in zip(self.recorder.files, self.recorder.rewritten, strict=True):
            marks = self.marks[start : start + len(rewritten.statements)]
            start += len(rewritten.statements)
            pairs = sorted(zip(rewritten.statements, marks, strict=True))
            ran = tuple(span for span, mark in pairs if mark)
            found.append(Execution(file, ran, tuple(span for span, mark in pairs if not mark)))
        return tuple(found)

    def modules(self) -> tuple[ModuleRecord, ...]:
        """Every module call, in the order of its start."""
        return self.stack.records() if self.recorder.modules else ()


def _helpers(recording: Recording) -> dict[str, Callable[..., Any]]:
    """The functions that rewritten code calls: the hot path, so facts are made later."""
    extend, stack, marks = recording.rows.extend, recording.stack, recording.marks
    get, plain, atoms, callees = active.get, torch.Tensor, ATOMS, recording.callees

    def noted(site: int, value: Any) -> Any:
        if get() is recording:
            kind = type(value)
            try:
                if kind is plain:
                    extend((site, stack.top, value.shape, value.dtype, value.device))
                else:
                    extend((site, stack.top, value if kind in atoms else safe_snapshot(value), None, None))
            except RuntimeError:  # a nested tensor has no shape
                extend((site, stack.top, safe_snapshot(value), None, None))
        return value

    def measured(site: int, value: Any) -> Any:
        if get() is recording and type(value) is plain:
            recording.gauge.take(len(recording.rows) // ROW, value)
        return noted(site, value)

    record = measured if recording.statistics else noted

    def element(site: int, value: Any) -> bool:
        record(site, value)
        return True

    def inplace(site: int, method: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Any:
        result = method(*args, **kwargs)
        changed = getattr(method, "__self__", None)
        if isinstance(changed, plain):
            record(site, changed)
        return result

    def call(site: int, function: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Any:
        if get() is recording:
            callees.setdefault(site, function)
        return function(*args, **kwargs)

    def hit(statement: int) -> None:
        if get() is recording:
            marks[statement] = 1

    def forward(module: nn.Module, names: tuple[str, ...], values: tuple[Any, ...]) -> AbstractContextManager[None]:
        if stack.top.module is module or get() is not recording:
            return _NOTHING
        return recording.direct_forward(module, dict(zip(names, values, strict=True)))

    own: dict[str, Callable[..., Any]] = recording.conditions.helpers(active, recording)
    own |= {"record": record, "element": element, "inplace": inplace, "call": call, "hit": hit, "forward": forward}
    return own
