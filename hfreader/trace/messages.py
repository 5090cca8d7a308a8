"""What the client and the worker process say to each other: one JSON record per line."""

import traceback
from collections.abc import Callable
from dataclasses import dataclass
from typing import IO, TypeVar

from hfreader.errors import HfreaderError
from hfreader.facts.codec import from_json, to_json
from hfreader.facts.runs import FamilyRequest, FamilyRun, TraceRequest
from hfreader.facts.snapshot import Snapshot
from hfreader.facts.sweep import Limits, TypeRequest, TypeRun
from hfreader.facts.traces import Trace

Message = TypeVar("Message")


@dataclass(frozen=True)
class Ask:
    """One piece of work; at most one of `trace`, `family` and `type` is given, none to be told the model types.

    limits  do the work in a process forked for it, which may take so much.
    """

    snapshot: Snapshot
    trace: TraceRequest | None = None
    family: FamilyRequest | None = None
    type: TypeRequest | None = None
    limits: Limits | None = None


@dataclass(frozen=True)
class Step:
    """One step of progress, with the arguments of `hfreader.progress.Report`."""

    stage: str
    message: str
    done: int | None = None
    total: int | None = None


@dataclass(frozen=True)
class Answer:
    """One line from the worker: a step of progress, or what ends a piece of work.

    error    the text of an HfreaderError: the user can mend it.
    failure  what went wrong inside, in one line.
    """

    step: Step | None = None
    trace: Trace | None = None
    family: FamilyRun | None = None
    type: TypeRun | None = None
    types: tuple[str, ...] = ()
    error: str | None = None
    failure: str | None = None


def answered(work: Callable[[], Answer]) -> Answer:
    """The answer that a piece of work gives; what it raises becomes an answer of one line."""
    try:
        return work()
    except HfreaderError as error:
        return Answer(error=" ".join(str(error).split()))
    except MemoryError:
        return Answer(error="out of memory: take a smaller input or smaller sizes (--set), or fewer layers")
    except Exception as error:
        traceback.print_exc()
        return Answer(failure=f"{type(error).__name__}: {' '.join(str(error).split())[:300]}")


def send(stream: IO[bytes], message: object) -> None:
    """Write one message and flush it."""
    stream.write(to_json(message) + b"\n")
    stream.flush()


def receive(stream: IO[bytes], kind: type[Message]) -> Message | None:
    """The next message, None at the end of the stream (also where a dying process left half a line)."""
    line = stream.readline()
    return from_json(line, kind) if line.endswith(b"\n") else None
