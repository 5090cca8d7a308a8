"""Dataflow diagrams: DOT that a reader can save, and a compact SVG that follows the page's colours."""

import math
import re
import unicodedata
from collections.abc import Iterable, Mapping

import graphviz
from markupsafe import Markup, escape

from hfreader.facts.analysis import Diagram, DiagramNode
from hfreader.pages.language import gettext as _
from hfreader.pages.layout import POINTS_PER_INCH, Box, Curve, Layout, layout_many

LABEL_SIZE = 12
SHAPE_SIZE = 10
_ADVANCE = 0.62  # of the font size: monospaced fonts are 0.55 to 0.602 wide
_PADDING = 12
_LINE = 1.3
_HEAD_LENGTH = 6
_HEAD_WIDTH = 3
_MARGIN = 4
_SMALLEST = 0.75  # of its natural size: 9 px letters


def dot_source(diagram: Diagram, shapes: Mapping[int, str], direction: str = "LR") -> str:
    """DOT of a diagram. `shapes` gives a box (by node id) its second line; boxes have the size that `draw` needs."""
    graph = graphviz.Digraph(f"{diagram.owner}.{diagram.function}")
    graph.attr(rankdir=direction, nodesep="0.18", ranksep="0.22")
    graph.attr("node", shape="box", style="rounded", fixedsize="true", fontname="monospace", fontsize=str(LABEL_SIZE))
    graph.attr("edge", arrowsize="0.6")
    for node in diagram.nodes:
        lines = _lines(node, shapes)
        width, height = _box_size(lines)
        label = graphviz.escape("\n".join(lines))
        graph.node(f"n{node.id}", label, width=_inches(width), height=_inches(height))
    for edge in diagram.edges:
        style = {"style": "dashed", "constraint": "false"} if edge.repeat else {}
        graph.edge(f"n{edge.source}", f"n{edge.target}", **style)
    return str(graph.source)


def draw(
    diagram: Diagram,
    labels: Mapping[int, str],
    links: Mapping[int, str],
    symbol_css: Mapping[str, str] | None = None,
    layout: Layout | None = None,
) -> Markup:
    """The diagram as SVG that shrinks a little to fit, in a box that scrolls sideways beyond that.

    `labels` gives the shape line of a box, `links` the address a click opens (both by node id), `symbol_css` the CSS
    classes of a symbol (`concept-slug:symbol`). `layout` is that of `dot_source(diagram, labels)` where the caller has
    it already (`layout_many` lays out many at once).
    """
    layout = layout or layout_many([dot_source(diagram, labels)])[0]
    repeats = {(f"n{edge.source}", f"n{edge.target}") for edge in diagram.edges if edge.repeat}
    curves = {
        "hf-edge": [curve for curve in layout.curves if (curve.source, curve.target) not in repeats],
        "hf-edge hf-repeat": [curve for curve in layout.curves if (curve.source, curve.target) in repeats],
    }
    paths = [f'<path class="{css}" d="{_path(group)}"/>' for css, group in curves.items() if group]
    heads = f'<path class="hf-head" d="{"".join(map(_head, layout.curves))}"/>' if layout.curves else ""
    boxes = (_node(node, labels, links, symbol_css or {}, layout.boxes[f"n{node.id}"]) for node in diagram.nodes)
    width, height = math.ceil(layout.width) + 2 * _MARGIN, math.ceil(layout.height) + 2 * _MARGIN
    least = math.ceil(width * _SMALLEST)
    name = escape(_("Dataflow of %(name)s") % {"name": f"{diagram.owner.rpartition('.')[2]}.{diagram.function}"})
    return Markup(
        f'<div class="hf-diagram"><svg role="group" aria-label="{name}" width="{width}" '
        f'viewBox="{-_MARGIN} {-_MARGIN} {width} {height}" style="min-width:{least}px">'
        f"{''.join(paths)}{heads}{''.join(boxes)}</svg></div>"
    )


def text_width(text: str, size: float) -> float:
    """Width of monospaced text in points, on the safe side; East Asian wide characters count twice."""
    return sum(2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in text) * size * _ADVANCE


def _lines(node: DiagramNode, shapes: Mapping[int, str]) -> list[str]:
    return [node.label, shapes[node.id]] if shapes.get(node.id) else [node.label]


def _box_size(lines: list[str]) -> tuple[float, float]:
    sizes = (LABEL_SIZE, SHAPE_SIZE)
    width = max(text_width(line, size) for line, size in zip(lines, sizes, strict=False))
    height = sum(size * _LINE for _, size in zip(lines, sizes, strict=False))
    return width + _PADDING, height + 10


def _inches(points: float) -> str:
    return f"{points / POINTS_PER_INCH:.3f}"


def _node(
    node: DiagramNode, labels: Mapping[int, str], links: Mapping[int, str], symbol_css: Mapping[str, str], box: Box
) -> str:
    lines = _lines(node, labels)
    linked = [symbol_css[symbol] for symbol in node.symbols if symbol in symbol_css]
    kind = [] if node.kind == "operation" else [f"hf-{node.kind}"]
    css = f' class="{" ".join([*kind, *linked])}"' if kind or linked else ""
    parts = [
        f'<rect x="{box.x - box.width / 2:.0f}" y="{box.y - box.height / 2:.0f}" width="{box.width:.0f}" '
        f'height="{box.height:.0f}"/>'
    ]
    first = box.y + (LABEL_SIZE * 0.36 if len(lines) == 1 else -1.5)
    for line, y in zip(lines, (first, first + SHAPE_SIZE * _LINE), strict=False):
        parts.append(f'<text x="{box.x:.0f}" y="{y:.0f}">{escape(line)}</text>')
    inner = "".join(parts)
    if address := links.get(node.id):
        return f'<a{css} href="{escape(address)}">{inner}</a>'
    return f"<g{css}>{inner}</g>"


def _path(curves: Iterable[Curve]) -> str:
    parts: list[str] = []
    for curve in curves:
        (x, y), *rest = [(round(x), round(y)) for x, y in curve.points]
        parts.append(f"M{x} {y}c")
        for piece in range(0, len(rest), 3):
            parts += [f" {right - x} {down - y}" for right, down in rest[piece : piece + 3]]
            x, y = rest[piece : piece + 3][-1]
    return re.sub(r" (?=-)|(?<=c) ", "", "".join(parts))


def _head(curve: Curve) -> str:
    """A triangle that carries a curve on in its last direction, over the gap that dot leaves for the arrowhead."""
    (x0, y0), (x, y) = curve.points[-2:]
    length = math.hypot(x - x0, y - y0) or 1.0
    dx, dy = (x - x0) / length, (y - y0) / length
    tip = f"{x + dx * _HEAD_LENGTH:.1f} {y + dy * _HEAD_LENGTH:.1f}"
    left = f"{x - dy * _HEAD_WIDTH:.1f} {y + dx * _HEAD_WIDTH:.1f}"
    right = f"{x + dy * _HEAD_WIDTH:.1f} {y - dx * _HEAD_WIDTH:.1f}"
    return f"M{tip}L{left} {right}z"
