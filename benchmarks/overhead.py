"""What recording costs: hfreader beside torchinfo, torchview and TorchLens on the same forward passes.

    python benchmarks/overhead.py [--rounds 7] [--json FILE]

Each round runs every tool in turn, so that a busy moment of the machine meets all of them; the best of the rounds
counts. CPU time is that of the whole process. `hfreader` is a forward pass inside a recording of lines, statements
and modules, as `bare` is one outside; with `statistics` mean, deviation, least and greatest of the tensor on every
line are taken too. `hfreader, whole` is what the calls of the other tools are: it begins the
recording, runs once, ends it and makes the facts.
"""

import argparse
import platform
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

import figures
import torch
import transformers
from rich.console import Console
from rich.table import Table
from transformers import BertConfig, BertModel

from hfreader.trace.recorder import Recorder

TINY = {"hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 4, "intermediate_size": 64}
MODELS = {"bert-base, 1 x 128": ({}, 128), "tiny, 1 x 16": (TINY, 16)}
REPEATS = 5
Tool = Callable[[BertModel, torch.Tensor], "Cost"]


@dataclass
class Cost:
    """Seconds on the wall and of the processor."""

    wall: float = 0.0
    cpu: float = 0.0


@dataclass(frozen=True)
class Row:
    """The best of all rounds, and how many times the bare forward pass that is; None where the tool failed."""

    model: str
    tool: str
    wall: float | None
    cpu: float | None
    wall_ratio: float | None
    cpu_ratio: float | None
    reason: str | None = None


@contextmanager
def timed() -> Iterator[Cost]:
    cost = Cost()
    wall, cpu = time.perf_counter(), time.process_time()
    yield cost
    cost.wall, cost.cpu = time.perf_counter() - wall, time.process_time() - cpu


def bare(model: BertModel, ids: torch.Tensor) -> Cost:
    """The best of several passes; the first ones warm up what was just put in place."""
    costs = []
    for _ in range(REPEATS):
        with timed() as cost:
            model(input_ids=ids)
        costs.append(cost)
    return Cost(min(cost.wall for cost in costs), min(cost.cpu for cost in costs))


def hfreader_tools() -> dict[str, Tool]:
    recorder = Recorder(["models/bert/modeling_bert.py"], Path(transformers.__file__).parent)

    def forward(model: BertModel, ids: torch.Tensor) -> Cost:
        with recorder.recording(model):
            return bare(model, ids)

    def whole(model: BertModel, ids: torch.Tensor) -> Cost:
        with timed() as cost:
            with recorder.recording(model) as recording:
                model(input_ids=ids)
            recording.lines(), recording.executions(), recording.modules()
        return cost

    def statistics(model: BertModel, ids: torch.Tensor) -> Cost:
        with recorder.recording(model, statistics=True):
            return bare(model, ids)

    return {"hfreader": forward, "hfreader, statistics of all lines": statistics, "hfreader, whole": whole}


def other_tools() -> dict[str, Tool]:
    import torchinfo
    import torchlens
    import torchview

    def of(run: Callable[[BertModel, torch.Tensor], object]) -> Tool:
        def tool(model: BertModel, ids: torch.Tensor) -> Cost:
            with timed() as cost:
                run(model, ids)
            return cost

        return tool

    return {
        "torchinfo": of(lambda model, ids: torchinfo.summary(model, input_data=ids, verbose=0)),
        "torchview": of(lambda model, ids: torchview.draw_graph(model, input_data=ids, device="cpu")),
        "TorchLens": of(lambda model, ids: torchlens.trace(model, ids)),
    }


def measured(name: str, tools: dict[str, Tool], rounds: int) -> list[Row]:
    changes, tokens = MODELS[name]
    model = BertModel._from_config(BertConfig(**changes), attn_implementation="eager").eval()
    ids = torch.arange(tokens)[None] + 5
    best: dict[str, Cost] = {}
    failed: dict[str, str] = {}
    for _ in range(rounds):
        for tool, run in tools.items():
            if tool in failed:
                continue
            try:
                with torch.no_grad():
                    cost = run(model, ids)
            except Exception as error:
                failed[tool] = f"{type(error).__name__}: {error}".splitlines()[0][:120]
                continue
            known = best.setdefault(tool, cost)
            best[tool] = Cost(min(known.wall, cost.wall), min(known.cpu, cost.cpu))
    floor = best["bare"]
    rows = []
    for tool in tools:
        if tool in failed:
            rows.append(Row(name, tool, None, None, None, None, failed[tool]))
        else:
            cost = best[tool]
            rows.append(Row(name, tool, cost.wall, cost.cpu, cost.wall / floor.wall, cost.cpu / floor.cpu))
    return rows


def show(rows: list[Row]) -> None:
    table = Table(
        "model", "tool", "wall (ms)", "x bare", "CPU (ms)", "x bare", title="Cost of a forward pass, recorded"
    )
    for column in table.columns[2:]:
        column.justify = "right"
    for row in rows:
        if row.reason is not None:
            table.add_row(row.model, row.tool, row.reason)
            continue
        numbers = (row.wall * 1000, row.wall_ratio, row.cpu * 1000, row.cpu_ratio)
        table.add_row(row.model, row.tool, *(f"{number:.2f}" for number in numbers))
    Console(stderr=True, width=100).print(table)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--json", metavar="FILE", help="write the figures as JSON; - is stdout")
    options = parser.parse_args()
    torch.manual_seed(0)
    tools = {"bare": bare, **hfreader_tools(), **other_tools()}
    rows = [row for name in MODELS for row in measured(name, tools, options.rounds)]
    show(rows)
    about = {
        "python": platform.python_version(),
        "torch": torch.__version__,
        "transformers": transformers.__version__,
        "threads": torch.get_num_threads(),
        "rounds": options.rounds,
    }
    figures.write({"setting": about, "rows": [asdict(row) for row in rows]}, options.json)


if __name__ == "__main__":
    main()
