"""Asking for runs: the worker process as the other stages see it. Imports neither torch nor transformers."""

import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import IO

from hfreader.errors import HfreaderError
from hfreader.facts.runs import TraceRequest
from hfreader.facts.snapshot import Snapshot
from hfreader.facts.traces import Trace
from hfreader.progress import Report
from hfreader.trace.messages import Answer, Ask, receive, send
from hfreader.trace.requests import check_request

QUIET = {
    "TOKENIZERS_PARALLELISM": "false",
    "TRANSFORMERS_VERBOSITY": "error",
    "TRANSFORMERS_NO_ADVISORY_WARNINGS": "1",
    "HF_HUB_DISABLE_PROGRESS_BARS": "1",
    "HF_HUB_DISABLE_TELEMETRY": "1",
    "PYTHONWARNINGS": "ignore",
}

KEEPING = {"MALLOC_MMAP_THRESHOLD_": str(64 << 20), "MALLOC_TRIM_THRESHOLD_": str(512 << 20)}
"""Bytes. The GNU C library (mallopt(3)) then keeps the memory of a tensor for the next one, but for tensors so large
that what they leave could not be used again; asking the system anew for each took up to a tenth of the processor's
time. Other systems do not read this."""


class WorkerDied(Exception):
    """The worker process ended without an answer; the message says how, in one line."""


class Worker:
    """A worker process to which one piece of work at a time is given."""

    def __init__(self, process: subprocess.Popen[bytes], noise: IO[bytes]) -> None:
        self._process = process
        self._noise = noise

    def ask(self, work: Ask, report: Report) -> Answer:
        """The answer to one piece of work, passing progress on; WorkerDied if the process ends before it."""
        self.begin(work)
        return self.finish(report)

    def begin(self, work: Ask) -> None:
        """Give it a piece of work, whose answer `finish` waits for."""
        assert self._process.stdin is not None
        with suppress(OSError):  # the process has ended, as `finish` will find
            send(self._process.stdin, work)

    def fileno(self) -> int:
        """Where the answer can be waited for with `select`."""
        assert self._process.stdout is not None
        return self._process.stdout.fileno()

    def finish(self, report: Report) -> Answer:
        """The answer to what was begun; WorkerDied if the process ends before it."""
        assert self._process.stdout is not None
        while (answer := receive(self._process.stdout, Answer)) is not None:
            if answer.step is None:
                return answer
            report(answer.step.stage, answer.step.message, answer.step.done, answer.step.total)
        raise WorkerDied(self._last_words())

    def _last_words(self) -> str:
        code = self._process.wait()
        if code < 0:
            by = signal.Signals(-code).name
            return f"the worker process was ended by {by}" + (" (out of memory?)" if by == "SIGKILL" else "")
        self._noise.seek(0)
        lines = self._noise.read().decode(errors="replace").strip().splitlines()
        return f"the worker process ended with code {code}: {lines[-1].strip() if lines else 'it said nothing'}"


@contextmanager
def worker_process(snapshot: Snapshot) -> Iterator[Worker]:
    """A worker process for one snapshot; it is ended with the block, however that ends."""
    command = [sys.executable, "-P", "-m", "hfreader.trace.worker"]
    pipe = subprocess.PIPE
    with tempfile.TemporaryFile() as noise:
        process = subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=noise, env=worker_environment(snapshot))
        try:
            yield Worker(process, noise)
        finally:
            process.kill()
            with suppress(BrokenPipeError), process:
                process.wait()


def worker_environment(snapshot: Snapshot) -> dict[str, str]:
    """The environment of a worker: quiet, and importing the snapshot's transformers before any other."""
    environment = {**KEEPING, **os.environ, **QUIET}
    if snapshot.origin != "installed":
        rest = [os.environ["PYTHONPATH"]] if os.environ.get("PYTHONPATH") else []
        environment["PYTHONPATH"] = os.pathsep.join([str(Path(snapshot.package).parent), *rest])
    return environment


def trace(request: TraceRequest, snapshot: Snapshot, report: Report) -> Trace:
    """Run one model on one input in a worker process; HfreaderError for whatever went wrong."""
    with tracer(snapshot, report) as run:
        return run(request)


Tracer = Callable[[TraceRequest], Trace]


@contextmanager
def tracer(snapshot: Snapshot, report: Report) -> Iterator[Tracer]:
    """The same for several requests, one after the other in one worker process."""
    with ExitStack() as stack:
        workers: list[Worker] = []

        def run(request: TraceRequest) -> Trace:
            check_request(request, snapshot)
            if not workers:
                workers.append(stack.enter_context(worker_process(snapshot)))
            return _traced(workers[0], request, snapshot, report)

        yield run


def _traced(worker: Worker, request: TraceRequest, snapshot: Snapshot, report: Report) -> Trace:
    try:
        answer = worker.ask(Ask(snapshot, trace=request), report)
    except WorkerDied as death:
        raise HfreaderError(f"tracing '{request.target}' failed: {death}") from None
    if answer.trace is None:
        raise HfreaderError(answer.error or f"tracing '{request.target}' failed: {answer.failure}")
    return answer.trace
