"""The run that a user asks for: `hfreader trace`."""

from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from copy import deepcopy
from dataclasses import replace
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

import torch
from transformers import PreTrainedConfig, PreTrainedModel

from hfreader.alive import hidden
from hfreader.errors import HfreaderError
from hfreader.facts.runs import TraceRequest
from hfreader.facts.snapshot import Snapshot
from hfreader.facts.traces import Trace
from hfreader.progress import Report
from hfreader.trace.devices import find_device, find_dtype, room
from hfreader.trace.drawing import at_most, shared
from hfreader.trace.generation import Generator
from hfreader.trace.generation_symbols import label_steps
from hfreader.trace.holding import held
from hfreader.trace.hollow import hollow as without_numbers
from hfreader.trace.models import parameters_of, skeleton
from hfreader.trace.placement import Spreading, home, most_memory
from hfreader.trace.prompt import prompt_of
from hfreader.trace.recorder import Recorder
from hfreader.trace.recording import files_of, record, recorder_for, watch, with_executions
from hfreader.trace.requests import check_text
from hfreader.trace.settings import Setting
from hfreader.trace.sizes import Lengths
from hfreader.trace.subject import Subject, find_subject
from hfreader.trace.symbols import label
from hfreader.trace.symbols_runs import Varied

HOLLOW = "nothing was computed, only shapes: what depends on numbers, such as leaving out a mask of ones, can differ"
HEAVY = 100_000_000
"""Numbers of a model that is not run only to tell its sizes apart."""
NOWHERE = "no device (shapes only)"


@hidden()
def trace(request: TraceRequest, snapshot: Snapshot, report: Report, varied: Varied | None = None) -> Trace:
    """Build or load the model, run it once on the text or the ids, and name its dimensions. `varied` as `label` takes
    it."""
    device, dtype = find_device(request.device), find_dtype(request.dtype)
    check_text(request)
    report("trace", f"finding {request.target}")
    subject = find_subject(request, report)
    prompt = prompt_of(request, subject)
    package = Path(snapshot.package)
    bones = skeleton(subject.model_class, deepcopy(subject.config))
    recorder = recorder_for(files_of(bones, package), package, request.lines, request.modules, branches=request.lines)
    large = subject.folder is None and parameters_of(bones) * dtype.itemsize > room(device)
    hollow = large or request.fake
    if hollow and (request.generate or request.statistics or request.values):
        name = subject.model_class.__name__
        reason = "does not fit into memory here" if large else "is run with --fake, for its shapes alone"
        raise HfreaderError(f"{name} {reason}, and what was asked for needs its numbers")
    generator = Generator(prompt.setting, request.generate, prompt.given)
    run = generator.run if request.generate else partial(prompt.setting.run, given=prompt.given)
    spread = request.device_map is not None and not hollow
    most = most_memory(request.max_memory) if spread else None
    with held(recorder.rewritten), TemporaryDirectory(prefix="hfreader-") as aside:
        report("trace", f"running {subject.model_class.__name__} on {prompt.said}")
        numbers: AbstractContextManager[list[str]] = without_numbers() if hollow else nullcontext([])
        with numbers as invented:
            place = torch.device("cpu") if hollow else device
            (model, loading), construction = watch(
                recorder,
                lambda: subject.model(request.seed, dtype, place, Spreading(most, Path(aside)) if spread else None),
            )
            ids = None if prompt.ids is None else torch.tensor([prompt.ids], device=home(model))
            recorded = record(
                prompt.setting,
                model,
                snapshot,
                recorder,
                ids,
                request.seed,
                counted=True,
                run=run,
                statistics=request.statistics or request.values is not None,
                values=None if request.values is None else Path(request.values),
            )
        found = replace(
            with_executions(recorded, construction),
            weights=_weights(recorded, subject, large, hollow),
            device=NOWHERE if hollow else recorded.device,
            tokenizer=prompt.tokenizer,
            tokens=prompt.tokens,
            notes=(*_notes(subject, hollow, invented), *prompt.notes, *loading),
            generation=generator.facts(prompt.show) if request.generate else None,
        )
        if not request.symbols:
            return found
        report("trace", "naming dimensions")
        return with_symbols(found, generator.alike(prompt.alike), snapshot, recorder, hollow, varied)


def _weights(recorded: Trace, subject: Subject, large: bool, hollow: bool) -> str:
    if hollow and not large:
        return f"none: only the shapes of {subject.name} were run, as asked"
    if hollow:
        return f"none: {recorded.parameters:,} parameters do not fit into memory here, so only shapes were run"
    return recorded.weights if subject.folder is None else f"checkpoint {subject.name}"


def with_symbols(
    found: Trace,
    setting: Setting,
    snapshot: Snapshot,
    recorder: Recorder,
    hollow: bool = False,
    varied: Varied | None = None,
) -> Trace:
    """The trace with its dimensions named, by running the setting at other sizes; without numbers where the trace has
    none, because what is too large for memory can be so at other sizes, too. `varied` as `label` takes it."""

    def rerun(config: PreTrainedConfig, lengths: Lengths, again: int) -> Trace:
        other = setting.with_config(config, lengths)
        if hollow:
            with without_numbers():
                return recorded(other, other.model(again), again)
        with at_most(HEAVY), shared():
            model = other.model(again)
        return recorded(other, model, again)

    def recorded(other: Setting, model: PreTrainedModel, again: int) -> Trace:
        return record(other, model, snapshot, recorder, seed=again, configured=False, counted=found.flops is not None)

    return label_steps(found, lambda each: label(each, setting.config, setting.lengths, rerun, varied))


def _notes(subject: Subject, hollow: bool, invented: Sequence[str]) -> tuple[str, ...]:
    notes = [HOLLOW] if hollow else []
    if invented:
        names = ", ".join(sorted({name.removeprefix("aten.").partition(".")[0] for name in invented}))
        notes.append(f"{len(invented)} results that depend on numbers were taken for zeros: {names}")
    if not hollow and subject.folder is None:
        notes.append("random weights: shapes and equations are those of the family, the numbers mean nothing")
    return tuple(notes)
