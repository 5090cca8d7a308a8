"""Work spread over processes."""

import subprocess
import sys
import time
from pathlib import Path

import pytest

from hfreader import jobs

PARENT = """
import multiprocessing, os, signal, time
from concurrent.futures import ProcessPoolExecutor
from hfreader.jobs import ready

if __name__ == "__main__":
    pool = ProcessPoolExecutor(1, multiprocessing.get_context("spawn"), ready, (time.sleep, (0,)))
    print(pool.submit(os.getpid).result(), flush=True)
    pool.submit(time.sleep, 60)
    os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.mark.parametrize("processes", [1, 2])
def test_every_item_is_worked_on_once(processes: int):
    assert sorted(jobs.spread(abs, [-3, 1, -2], processes, time.sleep, (0,))) == [1, 2, 3]


def test_nothing_to_do_starts_nothing():
    assert list(jobs.spread(abs, [], 2, pytest.fail, ("begun",))) == []


def test_what_fails_is_told():
    with pytest.raises(TypeError):
        list(jobs.spread(abs, ["text", 1], 2, time.sleep, (0,)))


@pytest.mark.skipif(not Path("/proc/self").exists(), reason="asks /proc whether a process has ended")
def test_processes_end_with_the_one_that_started_them(tmp_path: Path):
    script = tmp_path / "parent.py"
    script.write_text(PARENT, encoding="utf-8")
    with (tmp_path / "output").open("w+") as output:
        subprocess.run([sys.executable, script], stdout=output, check=False, cwd=Path.cwd())
        output.seek(0)
        worker = int(output.read())
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline and Path(f"/proc/{worker}").exists():
        time.sleep(0.1)
    assert not Path(f"/proc/{worker}").exists()
