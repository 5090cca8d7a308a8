"""The worker process: `python -m hfreader.trace.worker`, told what to do on stdin, answering on stdout.

The process's own stdout is moved aside at once, so that nothing a library prints can reach the answers.
"""

import importlib
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import IO

from hfreader.errors import HfreaderError
from hfreader.facts.snapshot import Snapshot
from hfreader.trace.messages import Answer, Ask, Step, answered, receive, send


def main() -> None:
    """Answer pieces of work until stdin ends."""
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    try:
        while (work := receive(sys.stdin.buffer, Ask)) is not None:
            send(answers, answer(work, answers))
    except KeyboardInterrupt:
        sys.exit(130)


def answer(work: Ask, answers: IO[bytes]) -> Answer:
    """Do one piece of work; every exception becomes an answer of one line."""

    def report(stage: str, message: str, done: int | None = None, total: int | None = None) -> None:
        send(answers, Answer(step=Step(stage, message, done, total)))

    return answered(lambda: _load(work.snapshot)(work, report))


def _load(snapshot: Snapshot) -> Callable[..., Answer]:
    """Import transformers, make sure that it is the snapshot's, and return what does the work."""
    try:
        transformers = importlib.import_module("transformers")
    except Exception as error:
        raise HfreaderError(
            f"transformers {snapshot.version} cannot be imported with the packages installed here: {error}"
        ) from error
    imported = Path(transformers.__file__ or "").resolve().parent
    if imported != Path(snapshot.package).resolve():
        raise HfreaderError(f"the worker imported transformers from {imported}, not from {snapshot.package}")
    transformers.utils.logging.set_verbosity_error()
    work: Callable[..., Answer] = importlib.import_module("hfreader.trace.work").do
    return work


if __name__ == "__main__":
    main()
