"""What the analysis of the whole library costs: hfreader's survey beside the bare libcst parse of the same files.

    python benchmarks/analysis.py [--jobs N] [--every N] [--json FILE]

The bare parse is `libcst.parse_module` of every modeling file, one after the other in one process; it is made before
and after the cold survey, and the mean of both counts, for a machine does not stay equally fast. The cold survey begins
with an empty cache: parsing, facts, dataflow graphs, the matches of all concepts, roles and diagrams of every class.
Memory is the largest sum of the resident memory of all processes that was seen (Linux; sampled). The warm survey is
that of a new process that finds the cache filled, its start included. CPU time tells how busy the machine was with
other things: on an idle one, it is at most the wall time of the survey times the number of processes.
"""

import argparse
import os
import platform
import resource
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from importlib.metadata import version
from pathlib import Path

import figures
import libcst
from rich.console import Console
from rich.table import Table

import hfreader.survey
from hfreader.analyzers.library import modeling_files_of
from hfreader.concepts import catalogue
from hfreader.facts.snapshot import Snapshot
from hfreader.facts.survey import Survey
from hfreader.progress import TerminalReport, silent
from hfreader.source.installed import installed_snapshot

WARM = "from hfreader.survey import survey; from hfreader.source.installed import installed_snapshot; \
from hfreader.progress import silent; survey(installed_snapshot(), silent)"


@dataclass
class Cost:
    """Seconds on the wall and of the processors, children included; memory in MiB where it was watched."""

    wall: float = 0.0
    cpu: float = 0.0
    memory: float | None = None


@contextmanager
def timed() -> Iterator[Cost]:
    cost = Cost()
    wall, cpu = time.perf_counter(), cpu_time()
    yield cost
    cost.wall, cost.cpu = time.perf_counter() - wall, cpu_time() - cpu


def cpu_time() -> float:
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(one.ru_utime + one.ru_stime for one in used)


@contextmanager
def watched(cost: Cost) -> Iterator[None]:
    """Sample the memory of this process and its children."""
    ended = threading.Event()

    def watch() -> None:
        while not ended.wait(0.2):
            cost.memory = max(cost.memory or 0.0, resident())

    thread = threading.Thread(target=watch, daemon=True)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()


def resident() -> float:
    """MiB of this process and its children."""
    total = 0
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            status = dict(line.split(":", 1) for line in (folder / "status").read_text().splitlines())
        except OSError:
            continue
        if os.getpid() in (int(status["Pid"]), int(status["PPid"])):
            total += int(status.get("VmRSS", "0 kB").split()[0])
    return total / 1024


def parse(snapshot: Snapshot, files: tuple[str, ...]) -> Cost:
    with timed() as cost:
        for file in files:
            libcst.parse_module(snapshot.path(file).read_bytes())
    return cost


def mean(costs: tuple[Cost, Cost]) -> Cost:
    return Cost(sum(one.wall for one in costs) / 2, sum(one.cpu for one in costs) / 2)


def cold(snapshot: Snapshot, jobs: int) -> tuple[Cost, Survey]:
    with TerminalReport() as report, timed() as cost, watched(cost):
        found = hfreader.survey.survey(snapshot, report, jobs)
    return cost, found


def warm() -> Cost:
    with timed() as cost:
        subprocess.run([sys.executable, "-c", WARM], check=True)
    return cost


def show(costs: dict[str, Cost]) -> None:
    table = Table("", "wall (s)", "x parse", "CPU (s)", "x parse", "memory (MiB)", title="Analysis of the library")
    bare = costs["bare parse"]
    for column in table.columns[1:]:
        column.justify = "right"
    for name, cost in costs.items():
        memory = "" if cost.memory is None else f"{cost.memory:.0f}"
        ratios = (cost.wall / bare.wall, cost.cpu / bare.cpu)
        row = (f"{cost.wall:.2f}", f"{ratios[0]:.2f}", f"{cost.cpu:.2f}", f"{ratios[1]:.2f}", memory)
        table.add_row(name, *row)
    Console(stderr=True, width=100).print(table)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--every", type=int, default=1, help="only every N-th file, for a quick look")
    parser.add_argument("--json", metavar="FILE", help="write the figures as JSON; - is stdout")
    options = parser.parse_args()
    snapshot = installed_snapshot()
    files = modeling_files_of(snapshot)[:: options.every]
    hfreader.survey.modeling_files_of = lambda _: files
    with tempfile.TemporaryDirectory() as folder:
        os.environ["HFREADER_CACHE"] = folder
        before = parse(snapshot, files)
        survey, found = cold(snapshot, options.jobs)
        bare = mean((before, parse(snapshot, files)))
        costs = {"bare parse": bare, "cold survey": survey, "warm survey": warm()}
        assert hfreader.survey.survey(snapshot, silent) == found
    show(costs)
    about = {
        "python": platform.python_version(),
        "libcst": version("libcst"),
        "transformers": snapshot.version,
        "files": len(files),
        "classes": len(found.classes),
        "bodies": len({one.body for one in found.classes}),
        "matches": sum(len(one.matches) for one in (*found.classes, *found.functions)),
        "concepts": len(catalogue()),
        "jobs": options.jobs,
    }
    figures.write({"setting": about, "costs": {name: asdict(cost) for name, cost in costs.items()}}, options.json)


if __name__ == "__main__":
    main()
