import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from hfreader.source import obtain
from hfreader.source.snapshots import package_of

# Says each step; waits for ever at the step named by the second argument.
CHILD = """
import sys, time
from hfreader.source import obtain
def report(stage, message, done=None, total=None):
    print(message, flush=True)
    if message == sys.argv[2]:
        time.sleep(600)
print(obtain(sys.argv[1], "v5.0.0", report=report).package)
"""


def child(url: str, stop_at: str) -> "subprocess.Popen[str]":
    return subprocess.Popen([sys.executable, "-c", CHILD, url, stop_at], stdout=subprocess.PIPE, text=True)


@pytest.mark.slow
@pytest.mark.parametrize("step", ["counting objects", "unpacking"])
def test_what_was_killed_is_never_taken_for_whole(step: str, daemon: str, repository: Path, cache: Path):
    with child(daemon, step) as process:
        assert process.stdout is not None
        while process.stdout.readline().strip() != step:
            assert process.poll() is None
        os.kill(process.pid, signal.SIGKILL)
    assert list((cache / "unfinished").iterdir()), "the kill left nothing: it came too late to test anything"
    snapshot = obtain(daemon, "v5.0.0")
    package = repository / "src" / "transformers"
    assert all((Path(snapshot.package) / path.relative_to(package)).exists() for path in package.rglob("*"))
    assert [path.name for path in (cache / "snapshots").iterdir()] == [snapshot.commit]


@pytest.mark.slow
def test_two_at_once_get_the_same_whole_snapshot(daemon: str, repository: Path, cache: Path):
    processes = [child(daemon, "") for _ in range(2)]
    answers = [process.communicate()[0].splitlines() for process in processes]
    assert [process.returncode for process in processes] == [0, 0]
    assert answers[0][-1] == answers[1][-1]
    assert sum("unpacking" in answer for answer in answers) == 1, "only one of them needed to fetch"
    assert [path.name for path in (cache / "snapshots").iterdir()] == [Path(answers[0][-1]).parts[-3]]


def test_a_commit_that_is_not_there_has_no_package():
    assert package_of("0" * 40) is None
