"""Dataflow diagrams: DOT that a reader can save, and compact HTML that follows the page's colours.

A box is one element with its label, whose shape CSS draws from an attribute; all edges of a kind are one path behind
the boxes. Pages are mostly coordinates, so these are whole numbers of a coarse grid.
"""

import math
import re
import unicodedata
from collections.abc import Mapping

import graphviz
from markupsafe import Markup, escape

from hfreader.facts.analysis import Diagram, DiagramNode
from hfreader.pages.language import gettext as _
from hfreader.pages.layout import POINTS_PER_INCH, Box, Curve, Layout, layout_many

LABEL_SIZE = 12
SHAPE_SIZE = 10
GRID = 4  # points
_ADVANCE = 0.62  # of the font size: monospaced fonts are 0.55 to 0.602 wide
_PADDING = 12
_HEIGHTS = (6 * GRID, 10 * GRID)  # of boxes with one line and with two
_TIP = "m-1-1 1 1-1 1"


def dot_source(diagram: Diagram, shapes: Mapping[int, str]) -> str:
    """DOT of a diagram. `shapes` gives a box (by node id) its second line; boxes have the size that `draw` needs."""
    graph = graphviz.Digraph(f"{diagram.owner}.{diagram.function}")
    graph.attr(rankdir="LR", nodesep="0.18", ranksep="0.22")
    graph.attr("node", shape="box", style="rounded", fixedsize="true", fontname="monospace", fontsize=str(LABEL_SIZE))
    graph.attr("edge", arrowhead="none", tailport="e", headport="w")
    for node in diagram.nodes:
        lines = [node.label, shapes[node.id]] if shapes.get(node.id) else [node.label]
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
    """The diagram, which shrinks a little to fit, in a box that scrolls sideways beyond that.

    `labels` gives the shape line of a box, `links` the address a click opens (both by node id), `symbol_css` the CSS
    classes of a symbol (`concept-slug:symbol`). `layout` is that of `dot_source(diagram, labels)` where the caller has
    it already (`layout_many` lays out many at once).
    """
    layout = layout or layout_many([dot_source(diagram, labels)])[0]
    repeats = {(f"n{edge.source}", f"n{edge.target}") for edge in diagram.edges if edge.repeat}
    curves = {
        "": [curve for curve in layout.curves if (curve.source, curve.target) not in repeats],
        ' class="hf-repeat"': [curve for curve in layout.curves if (curve.source, curve.target) in repeats],
    }
    paths = [f'<path{css} d="{"".join(map(_path, group))}"/>' for css, group in curves.items() if group]
    boxes = (_box(node, labels, links, symbol_css or {}, layout.boxes[f"n{node.id}"]) for node in diagram.nodes)
    width, height = math.ceil(layout.width / GRID), math.ceil(layout.height / GRID)
    name = escape(_("Dataflow of %(name)s") % {"name": f"{diagram.owner.rpartition('.')[2]}.{diagram.function}"})
    return Markup(
        f'<div class="hf-diagram" role="group" aria-label="{name}"><div style="--w:{width};--h:{height}">'
        f'<svg viewBox="0 0 {width} {height}">{"".join(paths)}</svg>{"".join(boxes)}</div></div>'
    )


def text_width(text: str, size: float) -> float:
    """Width of monospaced text in points, on the safe side; East Asian wide characters count twice."""
    return sum(2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in text) * size * _ADVANCE


def _box_size(lines: list[str]) -> tuple[int, int]:
    sizes = (LABEL_SIZE, SHAPE_SIZE)
    width = max(text_width(line, size) for line, size in zip(lines, sizes, strict=False))
    return math.ceil((width + _PADDING) / GRID) * GRID, _HEIGHTS[len(lines) - 1]


def _inches(points: float) -> str:
    return f"{points / POINTS_PER_INCH:.3f}"


def _box(
    node: DiagramNode, labels: Mapping[int, str], links: Mapping[int, str], symbol_css: Mapping[str, str], box: Box
) -> str:
    linked = [symbol_css[symbol] for symbol in node.symbols if symbol in symbol_css]
    kind = [] if node.kind == "operation" else [f"hf-{node.kind}"]
    css = f' class="{" ".join([*kind, *linked])}"' if kind or linked else ""
    shape = f' data-s="{escape(labels[node.id])}"' if labels.get(node.id) else ""
    left, top, width = _grid(box.x - box.width / 2), _grid(box.y - box.height / 2), _grid(box.width)
    address = links.get(node.id)
    tag, href = ("a", f' href="{escape(address)}"') if address else ("span", "")
    return f'<{tag}{css}{href} style="--x:{left};--y:{top};--w:{width}"{shape}>{escape(node.label)}</{tag}>'


def _grid(points: float) -> int:
    return round(points / GRID)


def _path(curve: Curve) -> str:
    """An edge with its tip, relative to its start: Graphviz enters boxes from the left."""
    (x, y), *rest = [(_grid(x), _grid(y)) for x, y in curve.points]
    start = f"M{x} {y}"
    if all(y == height for _, height in rest):
        return f"{start}h{rest[-1][0] - x}{_TIP}"
    parts: list[str] = []
    for piece in range(0, len(rest), 3):
        parts += [f" {right - x} {down - y}" for right, down in rest[piece : piece + 3]]
        x, y = rest[piece : piece + 3][-1]
    return f"{start}c{re.sub(' (?=-)', '', ''.join(parts)).lstrip()}{_TIP}"
