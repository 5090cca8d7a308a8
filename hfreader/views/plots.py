"""Plots as inline SVG and pictures within the file: no scripts, nothing from elsewhere."""

import base64
import io
import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy
from markupsafe import Markup, escape
from PIL import Image
from safetensors import SafetensorError
from safetensors.numpy import load_file

from hfreader.errors import HfreaderError
from hfreader.facts.traces import LineRecord, Trace
from hfreader.views.statistics import written

WIDTH, HEIGHT, LEFT, TOP, BOTTOM = 1000, 260, 60, 10, 20
MOST_POINTS = 2000
MOST_KEYS = 512
PREFIX = "attention/"


@dataclass(frozen=True)
class HeadMap:
    """One head: a picture as a `data:` address, one pixel for each query (down) and key (across)."""

    head: int
    source: str
    queries: int
    keys: int


@dataclass(frozen=True)
class ModuleMaps:
    """The heads of one module in one call, of the first row of the batch."""

    name: str
    heads: tuple[HeadMap, ...]


def statistics_plot(trace: Trace) -> Markup | None:
    """Deviation and greatest absolute number of every recorded tensor, in the order of execution, on a logarithmic
    scale; None where no statistics were taken."""
    lines = [line for line in trace.lines if line.statistics]
    step = max(1, math.ceil(len(lines) / MOST_POINTS))
    lines = lines[::step]
    largest = [_largest(line) for line in lines]
    spread = [line.statistics.std if line.statistics else None for line in lines]
    known = [value for value in (*largest, *spread) if value]
    if not known:
        return None
    low, high = math.floor(math.log10(min(known))), math.ceil(math.log10(max(known)))
    low, high = max(low, high - 12), max(high, low + 1)
    scale = _Scale(len(lines), low, high)
    parts = [_grid(scale), _curve(largest, scale, "max"), _curve(spread, scale, "std")]
    parts += [_mark(place, line, scale) for place, line in enumerate(lines)]
    box = f"0 0 {WIDTH} {HEIGHT}"
    label = "Deviation and greatest absolute value of the tensor on every line, in the order of execution"
    return Markup(f'<svg viewBox="{box}" role="img" aria-label="{label}">{"".join(parts)}</svg>')


@dataclass(frozen=True)
class _Scale:
    """From records and numbers to places in the picture."""

    count: int
    low: int
    high: int

    def x(self, place: int) -> float:
        return LEFT + (WIDTH - LEFT) * (place + 0.5) / max(self.count, 1)

    def y(self, value: float) -> float:
        power = max(math.log10(value), self.low) if value > 0 else self.low
        return TOP + (HEIGHT - TOP - BOTTOM) * (1 - (power - self.low) / (self.high - self.low))


def _largest(line: LineRecord) -> float | None:
    found = line.statistics
    if found is None or found.min is None or found.max is None:
        return None
    return max(abs(found.min), abs(found.max))


def _grid(scale: _Scale) -> str:
    every = max(1, (scale.high - scale.low) // 8)
    rows = []
    for power in range(scale.low, scale.high + 1, every):
        y = scale.y(10.0**power)
        rows.append(f'<line class="grid" x1="{LEFT}" x2="{WIDTH}" y1="{y:.1f}" y2="{y:.1f}"/>')
        rows.append(f'<text x="{LEFT - 6}" y="{y + 4:.1f}" text-anchor="end">1e{power}</text>')
    return "".join(rows)


def _curve(values: Sequence[float | None], scale: _Scale, name: str) -> str:
    points = [f"{scale.x(place):.1f},{scale.y(value):.1f}" for place, value in enumerate(values) if value is not None]
    return f'<polyline class="{name}" points="{" ".join(points)}"/>'


def _mark(place: int, line: LineRecord, scale: _Scale) -> str:
    """What shows a record when pointed at; a record with NaN or infinite numbers is marked."""
    found = line.statistics
    if found is None:
        return ""
    where = f"{line.module or 'the model'}, {line.place.file.rpartition('/')[2]}:{line.place.span.line}, {line.name}"
    odd = f'<line class="odd" x1="{scale.x(place):.1f}" x2="{scale.x(place):.1f}" y1="0" y2="{HEIGHT - BOTTOM}"/>'
    wide = (WIDTH - LEFT) / max(scale.count, 1)
    area = f'<rect x="{scale.x(place) - wide / 2:.1f}" y="0" width="{wide:.2f}" height="{HEIGHT - BOTTOM}"/>'
    shown = odd if found.nan or found.inf else ""
    return f"<g>{shown}{area}<title>{escape(f'{where}: {written(found)}')}</title></g>"


def attention_plots(file: Path) -> tuple[ModuleMaps, ...]:
    """The attention maps in a file of values, those of a module side by side; HfreaderError where it cannot be read."""
    try:
        tensors = load_file(file)
    except (SafetensorError, OSError) as error:
        raise HfreaderError(f"{file} cannot be read: {error}") from error
    names = sorted((name for name in tensors if name.startswith(PREFIX)), key=_in_order)
    return tuple(ModuleMaps(name.removeprefix(PREFIX), tuple(_heads(tensors[name][0]))) for name in names)


def _in_order(name: str) -> list[tuple[int, str]]:
    """Numbers by their size: layer 2 before layer 10."""
    return [(int(part), "") if part.isdecimal() else (-1, part) for part in name.replace("/", ".").split(".")]


def _heads(maps: "numpy.ndarray[Any, Any]") -> list[HeadMap]:
    cut = maps[:, :MOST_KEYS, :MOST_KEYS]
    return [HeadMap(head, _picture(each), *maps.shape[1:]) for head, each in enumerate(cut)]


def _picture(values: "numpy.ndarray[Any, Any]") -> str:
    """White for nothing, the darkest blue for the greatest weight of the map."""
    most = float(values.max(initial=0.0)) or 1.0
    share = numpy.nan_to_num(values / most)[..., None]
    colours = numpy.array([255.0, 255.0, 255.0]) * (1 - share) + numpy.array([8.0, 48.0, 107.0]) * share
    out = io.BytesIO()
    Image.fromarray(colours.round().astype(numpy.uint8), "RGB").save(out, "PNG", optimize=True)
    return f"data:image/png;base64,{base64.b64encode(out.getvalue()).decode()}"
