"""Many model types at once: worker processes that fork for each. Imports neither torch nor transformers."""

import select
from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import ExitStack

from hfreader.errors import HfreaderError
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
    left, total = deque(requests), len(requests)
    busy: dict[Worker, TypeRequest] = {}
    with ExitStack() as stack:
        idle = [stack.enter_context(worker_process(snapshot)) for _ in range(min(jobs, total))]
        while left or busy:
            while idle and left:
                worker = idle.pop()
                busy[worker] = left.popleft()
                worker.begin(Ask(snapshot, type=busy[worker], limits=limits))
            running = ", ".join(request.model_type for request in busy.values())
            report("trace", f"{running}; {len(left)} to come", total - len(left) - len(busy), total)
            for worker in select.select(list(busy), [], [])[0]:
                request = busy.pop(worker)
                try:
                    answer = worker.finish(silent)
                    idle.append(worker)
                except WorkerDied as death:
                    answer = Answer(error=str(death))
                    idle.append(stack.enter_context(worker_process(snapshot)))
                yield answer.type or _failed(request.model_type, answer)
    report("trace", "all model types were tried", total, total)


def _failed(model_type: str, answer: Answer) -> TypeRun:
    return TypeRun(model_type, model_type, reason=answer.error or answer.failure or "no answer")
