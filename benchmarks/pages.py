"""What the site of the whole library costs, beside `mkdocs build` of the same sources as plain fenced code.

    python benchmarks/pages.py SITE [--fenced N] [--json FILE] [--browser]

SITE is a folder that `hfreader build` wrote; the fragments it was made from are those of the cache. Measured are, in
CPU seconds (the wall is noisy) and greatest resident memory, each in a process of its own: MkDocs on these fragments,
as `hfreader build` runs it at its end, and MkDocs on N (all by default) of the same modeling files, each a page with
one fenced block that pygments highlights. Then what was made: weight of the pages, DOM nodes for each line of source,
the search index, and links that lead nowhere. `--browser` adds what `browsing.py` measures in Chromium.
"""

import argparse
import gzip
import multiprocessing
import re
import resource
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

import browsing
import figures
from rich.console import Console

from hfreader.analyzers.library import modeling_files_of
from hfreader.build import site_config
from hfreader.facts.snapshot import Snapshot
from hfreader.pages.manifest import read_manifest
from hfreader.pages.mkdocs_build import run_mkdocs
from hfreader.store import cache_folder

sys.path.insert(0, str(Path(__file__).parent.parent))
from tests.links import broken_links

FENCED = """
site_name: fenced
theme: {name: material, font: false, features: [navigation.prune, navigation.indexes]}
plugins: [search]
markdown_extensions: [pymdownx.highlight, pymdownx.superfences]
"""
TAG = re.compile(r"<[a-zA-Z]")
LINE = re.compile(r"<a id=L\d")


@dataclass(frozen=True)
class Cost:
    """CPU seconds and MB of a process."""

    cpu: float
    memory: float


@dataclass(frozen=True)
class Weights:
    """Of the pages of one folder: how many, KB of the median and of the largest, which that is, KB of it gzipped."""

    pages: int
    median: float
    largest: float
    name: str
    gzipped: float


def measured(work: Callable[..., None], *given: object) -> Cost:
    """What some work costs in a process of its own, the imports included."""
    context = multiprocessing.get_context("spawn")
    theirs, ours = context.Pipe()
    process = context.Process(target=_report, args=(ours, work, given))
    process.start()
    cost = theirs.recv()
    process.join()
    return Cost(*cost)


def _report(pipe: object, work: Callable[..., None], given: tuple[object, ...]) -> None:
    work(*given)
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1000
    pipe.send((time.process_time(), memory))  # type: ignore[attr-defined]


def from_fragments(folder: str) -> None:
    run_mkdocs(site_config(), cache_folder() / "fragments", Path(folder))


def from_fences(snapshot: Snapshot, files: list[str], folder: str) -> None:
    from mkdocs.commands.build import build
    from mkdocs.config import load_config

    docs = Path(folder) / "docs"
    for file in files:
        page = docs / "models" / f"{Path(file).stem.removeprefix('modeling_')}.md"
        page.parent.mkdir(parents=True, exist_ok=True)
        page.write_text(f"# {page.stem}\n\n```python\n{snapshot.path(file).read_text()}\n```\n", encoding="utf-8")
    (docs / "index.md").write_text("# Fenced\n")
    (Path(folder) / "mkdocs.yml").write_text(FENCED)
    build(load_config(str(Path(folder) / "mkdocs.yml"), site_dir=str(Path(folder) / "site")))


def weights(folder: Path) -> Weights:
    pages = sorted(folder.glob("*.html"), key=lambda page: page.stat().st_size)
    sizes = [page.stat().st_size / 1000 for page in pages]
    gzipped = len(gzip.compress(pages[-1].read_bytes())) / 1000
    return Weights(len(pages), statistics.median(sizes), sizes[-1], pages[-1].name, gzipped)


def nodes_per_line(folder: Path) -> tuple[float, float]:
    """DOM elements for each line of source, over all pages of models and of the worst."""
    counts = [
        (len(TAG.findall(text)), len(LINE.findall(text))) for page in folder.glob("*.html") for text in [_text(page)]
    ]
    counts = [(nodes, lines) for nodes, lines in counts if lines > 200]
    return sum(n for n, _ in counts) / sum(k for _, k in counts), max(n / k for n, k in counts)


def _text(page: Path) -> str:
    return page.read_text(encoding="utf-8")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("site", type=Path)
    parser.add_argument("--fenced", type=int, metavar="N", help="so many files as fenced code; 0: none")
    parser.add_argument("--json", metavar="FILE")
    parser.add_argument("--browser", action="store_true", help="measure BERT and the largest page in Chromium")
    options = parser.parse_args()
    snapshot = read_manifest(cache_folder() / "fragments").snapshot
    files = list(modeling_files_of(snapshot))
    files = files if options.fenced is None else files[: options.fenced]
    with tempfile.TemporaryDirectory() as folder:
        ours = measured(from_fragments, f"{folder}/site")
        fenced = measured(from_fences, snapshot, files, f"{folder}/fenced") if files else None
    index = (options.site / "search" / "search_index.json").read_bytes()
    found = {
        "mkdocs": asdict(ours),
        "fenced": asdict(fenced) | {"files": len(files)} if fenced else None,
        "models": asdict(weights(options.site / "models")),
        "concepts": asdict(weights(options.site / "concepts")),
        "nodes_per_line": nodes_per_line(options.site / "models"),
        "search": {"mb": len(index) / 1e6, "gzipped_kb": len(gzip.compress(index)) / 1000},
        "broken_links": list(broken_links(options.site)),
    }
    if options.browser:
        chosen = [options.site / "models" / name for name in ("bert.html", found["models"]["name"])]
        found["browser"] = {page.name: asdict(browsing.measured(page)) for page in chosen}
    console = Console(stderr=True)
    console.print(f"MkDocs on our fragments: {ours.cpu:.1f} CPU s, {ours.memory:.0f} MB")
    if fenced:
        ratio = fenced.cpu / ours.cpu
        console.print(
            f"{len(files)} files as fenced code: {fenced.cpu:.1f} CPU s, {fenced.memory:.0f} MB ({ratio:.1f}x)"
        )
    for part in ("models", "concepts", "nodes_per_line", "search"):
        console.print(part, found[part])
    if options.browser:
        console.print("browser", found["browser"])
    console.print(f"{len(found['broken_links'])} links lead nowhere", found["broken_links"][:10])
    figures.write(found, options.json)


if __name__ == "__main__":
    main()
