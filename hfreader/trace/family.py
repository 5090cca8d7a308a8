"""Running a whole family: its base model as it is, then every class in as many settings as bring new lines to life."""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from transformers import PreTrainedModel

from hfreader.concepts import catalogue
from hfreader.facts.problems import Problem
from hfreader.facts.runs import FamilyRequest, FamilyRun, TraceRequest
from hfreader.facts.snapshot import Snapshot
from hfreader.facts.traces import Trace
from hfreader.progress import Report
from hfreader.trace.configs import default_config, one_line
from hfreader.trace.coverage import find_settings
from hfreader.trace.drawing import shared
from hfreader.trace.executed import with_ran
from hfreader.trace.holding import held
from hfreader.trace.models import base_class, parameters_of, skeleton
from hfreader.trace.proof import prove
from hfreader.trace.recorder import Recorder
from hfreader.trace.recording import files_of, record, recorder_for, watch, with_executions
from hfreader.trace.settings import Setting
from hfreader.trace.symbols_runs import Varied
from hfreader.trace.tracing import trace, with_symbols

LARGE = 250_000_000
"""Numbers of a model that is not run only because it cannot be run without them."""


def run_family(request: FamilyRequest, snapshot: Snapshot, report: Report) -> FamilyRun:
    """Run every model class of a family, name the dimensions, prove the matches.

    What cannot be run is a Problem. Raises HfreaderError only for a family that transformers does not know.
    """
    problems: list[Problem] = []
    traces: list[Trace] = []
    found = find_settings(request.family, snapshot, report)
    varied: dict[type[PreTrainedModel], Varied] = defaultdict(dict)
    more, failed = _traces(found.settings, snapshot, request.seed, varied, report)
    try:
        traces.append(_whole(request, snapshot, varied[base_class(default_config(request.family))], report))
    except Exception as error:  # the other classes may still run
        problems.append(Problem("trace", request.family, one_line(error)))
    traces += more
    proofs = prove(request.matches, found.settings, catalogue(), Path(snapshot.package), report)
    proofs = with_ran(proofs, request.matches, traces)
    return FamilyRun(request.family, tuple(traces), proofs, (*problems, *found.problems, *failed))


def _whole(request: FamilyRequest, snapshot: Snapshot, varied: Varied, report: Report) -> Trace:
    """The base model at its default sizes: its shapes alone, which cost no weights; its numbers too, where the shapes
    cannot be had without and the model is not large."""
    asked = TraceRequest(request.family, seed=request.seed, fake=True)
    config = default_config(request.family)
    base = base_class(config)
    try:
        return trace(asked, snapshot, report, varied)
    except Exception:
        if parameters_of(skeleton(base, config)) > LARGE:
            raise
        return trace(replace(asked, fake=False), snapshot, report, varied)


def _traces(
    settings: tuple[Setting, ...],
    snapshot: Snapshot,
    seed: int,
    varied: Mapping[type[PreTrainedModel], Varied],
    report: Report,
) -> tuple[list[Trace], list[Problem]]:
    """One trace per setting, and a problem for each that does not run."""
    package = Path(snapshot.package)
    classes = {each.model_class: each for each in settings}
    with shared():
        files = {file: None for each in classes.values() for file in files_of(each.model(), package)}
    recorder = recorder_for(tuple(files), package)
    traces: list[Trace] = []
    problems: list[Problem] = []
    with held(recorder.rewritten):
        for number, setting in enumerate(settings):
            report("trace", f"{setting.model_class.__name__}, {setting.name}", number, len(settings))
            try:
                traces.append(_trace(setting, snapshot, recorder, seed, varied[setting.model_class]))
            except Exception as error:
                problems.append(Problem("trace", setting.model_class.__name__, one_line(error)))
    return traces, problems


def _trace(setting: Setting, snapshot: Snapshot, recorder: Recorder, seed: int, varied: Varied) -> Trace:
    with shared():
        model, construction = watch(recorder, lambda: setting.model(seed))
    recorded = with_executions(record(setting, model, snapshot, recorder, seed=seed), construction)
    return with_symbols(replace(recorded, notes=(setting.name,)), setting, snapshot, recorder, varied=varied)
