"""What it costs to see the shapes of a model that no machine holds: Llama with the sizes of its 405B release.

    python benchmarks/sizes.py [--tokens 8192] [--layers 126] [--json FILE]

Each tool runs in a process of its own: it imports what it needs and looks at a tiny model once, so that what is loaded
on first use is loaded; then time and memory (the greatest resident memory so far) are taken before and after.
`hfreader` is what `hfreader trace --fake` does, every line and every symbol; torchview and TorchLens are given the
model on the meta device, which is how they run without weights, where they can.
"""

import argparse
import json
import resource
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from importlib.metadata import version

import figures
from rich.console import Console
from rich.table import Table

SIZES = {
    "hidden_size": 16384,
    "num_attention_heads": 128,
    "num_key_value_heads": 8,
    "intermediate_size": 53248,
    "vocab_size": 128256,
    "max_position_embeddings": 131072,
}
TINY = {"hidden_size": 64, "num_attention_heads": 4, "num_key_value_heads": 2, "intermediate_size": 96}


@dataclass(frozen=True)
class Cost:
    """Seconds on the wall and MiB, both beyond the imports; why there are none."""

    wall: float | None = None
    memory: float | None = None
    reason: str | None = None


Look = Callable[[dict[str, int], int], object]


def hfreader() -> Look:
    from hfreader.facts.runs import TraceRequest
    from hfreader.progress import silent
    from hfreader.source.installed import installed_snapshot
    from hfreader.trace.tracing import trace

    def look(sizes: dict[str, int], tokens: int) -> object:
        overrides = tuple((name, str(value)) for name, value in sizes.items())
        return trace(TraceRequest("llama", tokens=tokens, overrides=overrides, fake=True), installed_snapshot(), silent)

    return look


def meta_model(sizes: dict[str, int], tokens: int) -> tuple[object, object]:
    import torch
    from transformers import LlamaConfig, LlamaModel

    with torch.device("meta"):
        model = LlamaModel._from_config(LlamaConfig(**sizes), attn_implementation="eager").eval()
        return model, torch.zeros(1, tokens, dtype=torch.long)


def torchview() -> Look:
    import torchview as tool

    def look(sizes: dict[str, int], tokens: int) -> object:
        model, ids = meta_model(sizes, tokens)
        return tool.draw_graph(model, input_data=ids, device="meta")

    return look


def torchlens() -> Look:
    import torchlens as tool

    return lambda sizes, tokens: tool.trace(*meta_model(sizes, tokens))


TOOLS: dict[str, Callable[[], Look]] = {"hfreader": hfreader, "torchview": torchview, "TorchLens": torchlens}


def measured(tool: str, sizes: dict[str, int], tokens: int) -> Cost:
    """In this process."""
    try:
        look = TOOLS[tool]()
        look(TINY | {"num_hidden_layers": 1}, 8)
        before, start = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, time.perf_counter()
        look(sizes, tokens)
        wall = time.perf_counter() - start
        return Cost(wall, (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024)
    except Exception as error:
        return Cost(reason=f"{type(error).__name__}: {error}".splitlines()[0][:120])


def apart(tool: str, options: argparse.Namespace) -> Cost:
    """In a process of its own."""
    sizes = ["--tokens", str(options.tokens), "--layers", str(options.layers)]
    done = subprocess.run([sys.executable, __file__, "--tool", tool, *sizes], stdout=subprocess.PIPE, text=True)
    if done.returncode:
        return Cost(reason=f"ended with {done.returncode}")
    return Cost(**json.loads(done.stdout.splitlines()[-1]))


def show(costs: dict[str, Cost]) -> None:
    table = Table("tool", "wall (s)", "memory (MiB)", "", title="Llama, 405B: shapes without weights")
    for tool, cost in costs.items():
        figures = ("", "") if cost.wall is None else (f"{cost.wall:.2f}", f"{cost.memory:.0f}")
        table.add_row(f"{tool}", *figures, cost.reason or "")
    Console(stderr=True, width=120).print(table)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--tokens", type=int, default=8192)
    parser.add_argument("--layers", type=int, default=126)
    parser.add_argument("--tool", choices=TOOLS, help=argparse.SUPPRESS)
    parser.add_argument("--json", metavar="FILE", help="write the figures as JSON; - is stdout")
    options = parser.parse_args()
    sizes = SIZES | {"num_hidden_layers": options.layers}
    if options.tool:
        print(json.dumps(asdict(measured(options.tool, sizes, options.tokens))))
        return
    costs = {tool: apart(tool, options) for tool in TOOLS}
    show(costs)
    about = {"sizes": sizes, "tokens": options.tokens, "torch": version("torch")}
    figures.write({"setting": about, "costs": {tool: asdict(cost) for tool, cost in costs.items()}}, options.json)


if __name__ == "__main__":
    main()
