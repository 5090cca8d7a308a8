"""Limits are kept by the process that forks; what breaks one costs only itself."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from hfreader.facts.sweep import Limits
from hfreader.trace.forking import Ended, forked, resident, spent

WIDE = Limits(30.0, 8 << 30)


def test_what_is_returned_comes_back_whole():
    assert forked(lambda: b"x" * 3_000_000, WIDE) == b"x" * 3_000_000 + b"\n"


def test_one_that_hangs_is_stopped():
    begun = time.monotonic()
    with pytest.raises(Ended, match=r"it ran for more than 0\.3 seconds and was stopped"):
        forked(lambda: time.sleep(60) or b"", Limits(0.3))
    assert time.monotonic() - begun < 5


def test_one_that_eats_memory_is_stopped():
    def eat() -> bytes:
        kept = []
        while True:
            kept.append(bytearray(os.urandom(1)) * (16 << 20))
            time.sleep(0.005)

    limit = resident(os.getpid()) + (200 << 20)
    with pytest.raises(Ended, match=r"it took more than [\d.]+ GiB of memory and was stopped"):
        forked(eat, Limits(30.0, limit))


def test_one_that_crashes_says_how():
    with pytest.raises(Ended, match="the process was ended by SIGTERM while it ran"):
        forked(lambda: os.kill(os.getpid(), signal.SIGTERM) or b"", WIDE)
    with pytest.raises(Ended, match="ended with code 3"):
        forked(lambda: os._exit(3), WIDE)


def test_no_process_is_left_behind():
    found = int(forked(lambda: str(os.getpid()).encode(), WIDE))
    with pytest.raises(ProcessLookupError):
        os.kill(found, 0)


WAITING = """
import time
from hfreader.facts.sweep import Limits
from hfreader.trace.forking import forked
forked(lambda: time.sleep(60) or b"", Limits(60.0))
"""
ASKING = f"""
import subprocess, sys, time
waiting = subprocess.Popen([sys.executable, "-c", {WAITING!r}], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
time.sleep(2)
print(waiting.pid if waiting.poll() is None else 0)
"""


def test_work_for_a_process_that_has_ended_is_stopped():
    asked = subprocess.run([sys.executable, "-c", ASKING], capture_output=True, check=True, text=True, timeout=30)
    waiting, begun = int(asked.stdout), time.monotonic()
    assert waiting
    while Path(f"/proc/{waiting}/stat").exists() and " Z " not in Path(f"/proc/{waiting}/stat").read_text():
        assert time.monotonic() - begun < 20
        time.sleep(0.05)


def test_what_was_spent_grows():
    before, memory = spent()
    sum(range(2_000_000))
    assert spent()[0] > before
    assert memory > 1 << 20
