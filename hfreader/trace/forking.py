"""A piece of work in a process of its own, forked from one that has imported everything, under limits."""

import os
import resource
import select
import signal
import sys
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from hfreader.facts.sweep import Limits

GLANCE = 0.05
"""Seconds between two looks at what a process takes."""
_PAGE = os.sysconf("SC_PAGE_SIZE")


class Ended(Exception):
    """The process ended without a result; the message says how, in one line."""


class Stopped(Ended):
    """It broke a limit, and was ended for that."""


def forked(work: Callable[[], bytes], limits: Limits) -> bytes:
    """What `work` returns in a forked process. Stopped where it breaks a limit, Ended where it ends otherwise.

    The process ends with this one, however that ends; so it does when the parent of this one has ended, for which
    nobody waits any more.
    """
    reading, writing = os.pipe()
    parent = os.getpid()
    child = os.fork()
    if child == 0:
        os.close(reading)
        _work(work, writing, parent)
    os.close(writing)
    reason: str | None = "interrupted"
    try:
        reason, data = _watched(child, reading, limits)
    finally:
        os.close(reading)
        if reason is not None:
            with suppress(ProcessLookupError):
                os.kill(child, signal.SIGKILL)
        _, status = os.waitpid(child, 0)
    if reason is not None:
        raise Stopped(reason)
    code = os.waitstatus_to_exitcode(status)
    if not data.endswith(b"\n"):
        by = f"was ended by {signal.Signals(-code).name}" if code < 0 else f"ended with code {code}"
        raise Ended(f"the process {by} while it ran")
    return data


def _work(work: Callable[[], bytes], writing: int, parent: int) -> None:
    """The life of the forked process."""
    threading.Thread(target=_outlive, args=(parent,), daemon=True).start()
    code = 1
    try:
        with os.fdopen(writing, "wb") as answers:
            answers.write(work() + b"\n")
        code = 0
    finally:
        os._exit(code)


def _outlive(parent: int) -> None:
    """End this process when its parent has ended."""
    while os.getppid() == parent:
        time.sleep(1)
    os._exit(1)


def _watched(child: int, reading: int, limits: Limits) -> tuple[str | None, bytes]:
    """Which limit was broken, if one was, and what was answered."""
    end, data, asking = time.monotonic() + limits.seconds, bytearray(), os.getppid()
    while True:
        if select.select([reading], [], [], GLANCE)[0]:
            part = os.read(reading, 1 << 20)
            if not part:
                return None, bytes(data)
            data += part
        elif time.monotonic() > end:
            return f"it ran for more than {limits.seconds:g} seconds and was stopped", b""
        elif os.getppid() != asking:
            return "the process that asked for it has ended", b""
        elif resident(child) > limits.memory:
            return f"it took more than {limits.memory / (1 << 30):.3g} GiB of memory and was stopped", b""


def resident(process: int) -> int:
    """Bytes of memory that a process holds; 0 where the system does not tell."""
    with suppress(OSError, ValueError, IndexError):
        return int(Path(f"/proc/{process}/statm").read_text().split()[1]) * _PAGE
    return 0


def spent() -> tuple[float, int]:
    """Seconds of the processor that this process has taken so far, and the most bytes that it held."""
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime, usage.ru_maxrss * (1 if sys.platform == "darwin" else 1024)
