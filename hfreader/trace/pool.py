"""Many families or model types at once: worker processes that fork for each. Imports neither torch nor transformers."""

import select
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack

from hfreader.errors import HfreaderError
from hfreader.facts.problems import Problem
from hfreader.facts.runs import FamilyRequest, FamilyRun
from hfreader.facts.snapshot import Snapshot
from hfreader.facts.sweep import Limits, TypeRequest, TypeRun
from hfreader.progress import Report, silent
from hfreader.trace.client import Worker, WorkerDied, worker_process
from hfreader.trace.messages import Answer, Ask


def model_types(snapshot: Snapshot) -> tuple[str, ...]:
    """Every model type of a snapshot; HfreaderError where it cannot be imported."""
    with worker_process(snapshot) as worker:
        try:
            answer = worker.ask(Ask(snapshot), silent)
        except WorkerDied as death:
            raise HfreaderError(f"the model types cannot be listed: {death}") from None
    if not answer.types:
        raise HfreaderError(answer.error or f"the model types cannot be listed: {answer.failure}")
    return answer.types


def run_types(
    requests: Sequence[TypeRequest], snapshot: Snapshot, limits: Limits, jobs: int, report: Report
) -> Iterator[TypeRun]:
    """Run model types, `jobs` at a time, each under the limits in a process of its own; in the order they end in.

    One that crashes, hangs or takes too much memory costs only itself: it has no trace, and says why.
    """
    work = {request.model_type: Ask(snapshot, type=request, limits=limits) for request in requests}
    for name, answer in _answers(work, snapshot, jobs, report):
        yield answer.type or TypeRun(name, name, reason=_reason(answer))


def run_families(
    requests: Sequence[FamilyRequest], snapshot: Snapshot, limits: Limits, jobs: int, report: Report
) -> Iterator[FamilyRun]:
    """Run families, `jobs` at a time, each under the limits in a process of its own; in the order they end in.

    One that crashes, hangs or takes too much memory costs only itself: its run has no traces, and a Problem says why.
    So does one that cannot be run at all, because its source cannot be imported.
    """
    work = {request.family: Ask(snapshot, family=request, limits=limits) for request in requests}
    for name, answer in _answers(work, snapshot, jobs, report):
        problem = Problem("trace", name, _reason(answer))
        yield answer.family or FamilyRun(name, (), (), (problem,), died=answer.error is None)


def _answers(work: Mapping[str, Ask], snapshot: Snapshot, jobs: int, report: Report) -> Iterator[tuple[str, Answer]]:
    """What came of pieces of work, by name, `jobs` at a time; in the order they end in."""
    left, total = deque(work), len(work)
    busy: dict[Worker, str] = {}
    with ExitStack() as stack:
        idle = [stack.enter_context(worker_process(snapshot)) for _ in range(min(jobs, total))]
        while left or busy:
            while idle and left:
                worker = idle.pop()
                busy[worker] = left.popleft()
                worker.begin(work[busy[worker]])
            waiting = f"; {len(left)} to come" if left else ""
            report("trace", ", ".join(busy.values()) + waiting, total - len(left) - len(busy), total)
            for worker in select.select(list(busy), [], [])[0]:
                name = busy.pop(worker)
                try:
                    answer = worker.finish(silent)
                    idle.append(worker)
                except WorkerDied as death:
                    answer = Answer(failure=str(death))
                    idle.append(stack.enter_context(worker_process(snapshot)))
                yield name, answer
    report("trace", "everything was tried", total, total)


def _reason(answer: Answer) -> str:
    return answer.error or answer.failure or "no answer"
