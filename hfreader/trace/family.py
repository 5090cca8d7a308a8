"""Running a whole family: its base model as it is, then every class in as many settings as bring new lines to life."""

from dataclasses import replace

from hfreader.errors import HfreaderError
from hfreader.facts.problems import Problem
from hfreader.facts.runs import FamilyRequest, FamilyRun, TraceRequest
from hfreader.facts.snapshot import Snapshot
from hfreader.facts.traces import Trace
from hfreader.progress import Report
from hfreader.trace.coverage import find_settings
from hfreader.trace.recording import Detail, record
from hfreader.trace.settings import Setting
from hfreader.trace.tracing import trace, with_symbols


def run_family(request: FamilyRequest, snapshot: Snapshot, report: Report) -> FamilyRun:
    """Run every model class of a family that reads text, name the dimensions, prove the matches.

    What cannot be run is a Problem. Raises HfreaderError only for a family that transformers does not know.
    """
    family, seed = request.family, request.seed
    problems: list[Problem] = []
    traces: list[Trace] = []
    try:
        traces.append(trace(TraceRequest(family, seed=seed), snapshot, report))
    except HfreaderError as error:
        problems.append(Problem("trace", family, str(error)))
    found = find_settings(family, snapshot, report)
    for number, setting in enumerate(found.settings):
        report("trace", f"{setting.model_class.__name__}, {setting.name}", number, len(found.settings))
        try:
            traces.append(_trace(setting, snapshot, seed))
        except HfreaderError as error:
            problems.append(Problem("trace", setting.model_class.__name__, str(error)))
    return FamilyRun(family, tuple(traces), (), (*problems, *found.problems))


def _trace(setting: Setting, snapshot: Snapshot, seed: int) -> Trace:
    recorded = record(setting, setting.model(seed), snapshot, seed=seed)
    return with_symbols(replace(recorded, notes=(setting.name,)), setting, snapshot, Detail(hits=False))
