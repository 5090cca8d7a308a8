"""One setting, run once under the recorder, as a `Trace` (without symbols, which need several runs)."""

import inspect
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeVar

import torch
from torch import nn
from transformers import PreTrainedModel

from hfreader.facts.snapshot import Snapshot
from hfreader.facts.traces import SCHEMA_VERSION, Execution, Trace
from hfreader.trace.attention_maps import AttentionMaps
from hfreader.trace.caches import cache_after, folded
from hfreader.trace.configs import as_json, difference, family_of
from hfreader.trace.costs import Meter
from hfreader.trace.dispatch import dispatches, dispatching_calls
from hfreader.trace.links import links
from hfreader.trace.models import ATTENTION, parameters_of
from hfreader.trace.placement import home
from hfreader.trace.recorder import Recorder
from hfreader.trace.settings import Setting
from hfreader.trace.values import snapshot as shot
from hfreader.trace.values import value_of
from hfreader.trace.values_file import write_values

Run = Callable[[PreTrainedModel, torch.Tensor | None, int], object]
"""Runs a model on ids, with a seed for what is random."""


def record(
    setting: Setting,
    model: PreTrainedModel,
    snapshot: Snapshot,
    recorder: Recorder,
    ids: torch.Tensor | None = None,
    seed: int = 0,
    configured: bool = True,
    counted: bool = False,
    run: Run | None = None,
    statistics: bool = False,
    values: Path | None = None,
) -> Trace:
    """Run a setting and record it; `weights` says random, `tokens` is empty. HfreaderError where it cannot run.

    statistics  of the tensors on each line.
    values      a safetensors file to be written, with attention maps and statistics.
    run         what is run instead of the setting.
    configured  put the configuration into the trace.
    counted     count floating-point operations (slower), and say what the configuration picks out of tables.
    """
    meter = Meter() if counted else None
    if counted:
        model.requires_grad_(False)  # the counter follows gradients, of which there are none
    with (
        given_to(model) as inputs,
        recorder.recording(model, statistics) as recording,
        meter.running() if meter else nullcontext(),
        AttentionMaps(recording.stack) if values else nullcontext() as maps,
    ):
        if meter is not None:
            recording.stack.meter, meter.charge = meter.spent, recording.stack.charge
        output = (run or setting.run)(model, ids, seed)
    lines = recording.lines()
    return Trace(
        schema=SCHEMA_VERSION,
        family=family_of(setting.config),
        class_name=setting.model_class.__name__,
        transformers=snapshot.version,
        commit=snapshot.commit,
        device=str(home(model)),
        dtype=str(model.dtype).removeprefix("torch."),
        attention=ATTENTION,
        weights=f"random (seed {seed})",
        tokenizer=None,
        tokens=(),
        inputs=tuple((name, value_of(shot(value))) for name, value in inputs.items()),
        config=as_json(setting.config) if configured else {},
        changed=difference(setting.config) if configured else {},
        symbols=(),
        modules=recording.modules(),
        lines=lines,
        executions=recording.executions(),
        dispatches=dispatches(recording.called(), recorder.package),
        parameters=parameters_of(model),
        flops=None if meter is None else meter.spent().flops,
        cache=folded(cache_after(output)) if counted else (),
        links=links(model) if counted else (),
        branches=recording.branches() if configured else (),
        maps=write_values(values, maps.found, lines) if values and maps else (),
    )


def recorder_for(
    files: Sequence[str],
    package: Path,
    lines: bool = True,
    modules: bool = True,
    branches: bool = False,
) -> Recorder:
    """A recorder of everything that a trace holds; how conditions came out only where asked for."""
    calls = dispatching_calls(files, package)
    return Recorder(files, package, lines=lines, modules=modules, branches=branches, calls=calls)


Built = TypeVar("Built")


def watch(recorder: Recorder, build: Callable[[], Built]) -> tuple[Built, tuple[Execution, ...]]:
    """What `build` returns, and which statements ran while it did (those of `__init__`, when it builds a model)."""
    with recorder.recording(nn.Module()) as building:
        built = build()
    return built, building.executions()


def with_executions(trace: Trace, more: tuple[Execution, ...]) -> Trace:
    """The trace with the statements of another recording of the same files counted as run too."""
    ran = {each.file: set(each.ran) for each in more}
    joined = (
        replace(
            each,
            ran=tuple(sorted({*each.ran, *ran.get(each.file, ())})),
            idle=tuple(span for span in each.idle if span not in ran.get(each.file, ())),
        )
        for each in trace.executions
    )
    return replace(trace, executions=tuple(joined))


def files_of(model: nn.Module, package: Path) -> tuple[str, ...]:
    """The source files, relative to the package, in which the classes of a model's modules and their forward passes
    are written; those of torch and other packages are left out."""
    written = (
        each for kind in (type(part) for part in model.modules()) for each in (kind, inspect.unwrap(kind.forward))
    )
    return files_with(written, package)


def files_with(written: Iterable[Callable[..., Any]], package: Path) -> tuple[str, ...]:
    """The source files, relative to the package, in which these classes and functions are written."""
    root = package.resolve()
    files = (Path(inspect.getfile(each)).resolve() for each in dict.fromkeys(written))
    return tuple(dict.fromkeys(file.relative_to(root).as_posix() for file in files if file.is_relative_to(root)))


@contextmanager
def given_to(model: nn.Module) -> Iterator[Mapping[str, Any]]:
    """Inside, what the model's forward pass is given by keyword, the last call's."""
    given: dict[str, Any] = {}

    def keep(_: nn.Module, args: tuple[Any, ...], keywords: dict[str, Any]) -> None:
        given.clear()
        given.update(keywords)

    hook = model.register_forward_pre_hook(keep, with_kwargs=True)
    try:
        yield given
    finally:
        hook.remove()
