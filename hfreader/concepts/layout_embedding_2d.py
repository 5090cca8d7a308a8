"""Embeddings of the box in which a word stands on the page."""

from typing import Any

from hfreader.concepts.model import Citation, Concept, Symbol, Text
from hfreader.concepts.pattern import EMBEDDING, Anything, Bind, Layer, Op, Pattern

BOX = Bind("box", Anything())


def edge(symbol: str, table: str) -> Pattern:
    """The vector of one edge of the box, looked up in the table of its axis."""
    return Layer(EMBEDDING, (Bind(symbol, Op(("item",), (BOX,))),), table)


def extent(symbol: str, table: str) -> Pattern:
    """The vector of the height or width."""
    return Layer(EMBEDDING, (Bind(symbol, Anything()),), table)


EDGES = (edge("left", "x_table"), edge("upper", "y_table"), edge("right", "x_table"), edge("lower", "y_table"))
EXTENTS = (extent("height", "h_table"), extent("width", "w_table"))


def reference(
    left: Any,
    upper: Any,
    right: Any,
    lower: Any,
    x_table: Any,
    y_table: Any,
    words: Any = None,
    alone: Any = None,
    height: Any = None,
    width: Any = None,
    h_table: Any = None,
    w_table: Any = None,
) -> Any:
    """words + X[x0] + Y[y0] + X[x1] + Y[y1], without words where the edges are summed `alone`, else these vectors and
    those of height and width one behind the other. Shapes: numbers (B, T), tables (entries, d)."""
    parts = [x_table.weight[left], y_table.weight[upper], x_table.weight[right], y_table.weight[lower]]
    if words is not None:
        return sum(parts, words)
    if alone is not None:
        return sum(parts[1:], parts[0])
    parts += [] if height is None else [h_table.weight[height], w_table.weight[width]]
    result = parts[0].new_zeros(*left.shape, sum(one.shape[-1] for one in parts))
    start = 0
    for one in parts:
        result[..., start : start + one.shape[-1]] = one
        start += one.shape[-1]
    return result


_BOX = """
class {name}(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.t = nn.Embedding(c.v, c.d)
        self.x, self.y = nn.Embedding(c.n, c.d), nn.Embedding(c.n, c.d)
        self.h, self.w = nn.Embedding(c.n, c.d), nn.Embedding(c.n, c.d)

    def forward(self, i, b):
        l, u, r, d = self.x(b[:, :, 0]), self.y(b[:, :, 1]), self.x(b[:, :, 2]), self.y(b[:, :, 3])
        h, w = self.h(b[:, :, 3] - b[:, :, 1]), self.w(b[:, :, 2] - b[:, :, 0])
        return {body}
"""

CONCEPT = Concept(
    slug="layout-embedding-2d",
    name=Text("2-D layout embedding", "二维版面嵌入"),
    explanation=Text(
        "A word of a document is given vectors for the left, upper, right and lower edge of its box on the page, edges "
        "of one axis from one table, and often for its height and width. They are added to the word's vector, or "
        "concatenated.",
        "文档中的词另有其方框左、上、右、下边缘的向量（同一轴的边缘共用一张表），常还有高与宽的向量。它们与词向量相加，或首尾拼接。",
    ),
    citations=(
        Citation(
            "LayoutLM: Pre-training of Text and Layout for Document Image Understanding",
            "Xu, Li, Cui, Huang, Wei, Zhou",
            2019,
            "1912.13318",
        ),
    ),
    equations=(
        r"\sym{output}=\sym{words}+\sym{x_table}_{\sym{left}}+\sym{y_table}_{\sym{upper}}"
        r"+\sym{x_table}_{\sym{right}}+\sym{y_table}_{\sym{lower}}",
        r"\sym{output}=[\sym{x_table}_{\sym{left}},\sym{y_table}_{\sym{upper}},\sym{x_table}_{\sym{right}},"
        r"\sym{y_table}_{\sym{lower}},\sym{h_table}_{\sym{height}},\sym{w_table}_{\sym{width}}]",
    ),
    symbols=(
        Symbol("box", "b", Text("The edges of each word's box", "每个词的方框边缘")),
        Symbol("left", "x_0", Text("Left edge", "左边缘"), ("box",)),
        Symbol("upper", "y_0", Text("Upper edge", "上边缘"), ("box",)),
        Symbol("right", "x_1", Text("Right edge", "右边缘"), ("box",)),
        Symbol("lower", "y_1", Text("Lower edge", "下边缘"), ("box",)),
        Symbol("height", "h", Text("Height of the box", "方框高度")),
        Symbol("width", "w", Text("Width of the box", "方框宽度")),
        Symbol("x_table", "E^{x}", Text("One vector for each place across", "横向每个位置一个向量")),
        Symbol("y_table", "E^{y}", Text("One vector for each place down", "纵向每个位置一个向量")),
        Symbol("h_table", "E^{h}", Text("One vector for each height", "每个高度一个向量")),
        Symbol("w_table", "E^{w}", Text("One vector for each width", "每个宽度一个向量")),
        Symbol("words", "E", Text("What is there already: words and their positions", "已有的和：词及其位置")),
        Symbol("alone", "E", Text("The edges are summed without words", "只有边缘之和，没有词")),
        Symbol("output", "E", Text("The sum, or the vectors side by side", "和，或并列的向量")),
    ),
    patterns=(
        Bind("output", Op(("cat",), (*EDGES, *EXTENTS))),
        Bind("output", Op(("cat",), EDGES)),
        Bind("output", Op(("add",), (Bind("words", Anything()), *EDGES))),
        Bind("output", Bind("alone", Op(("add",), EDGES))),
    ),
    output="output",
    reference=reference,
    matches=(
        _BOX.format(name="Sum", body="self.t(i) + l + u + r + d + h + w"),
        _BOX.format(name="Alone", body="l + u + r + d"),
        _BOX.format(name="Side", body="torch.cat([l, u, r, d, h, w], dim=-1)"),
    ),
    rejects=(
        # Words alone; one axis; another order.
        _BOX.format(name="Layout", body="self.t(i) + h + w"),
        _BOX.format(name="Layout", body="torch.cat([l, r], dim=-1)"),
        _BOX.format(name="Layout", body="torch.cat([l, self.x(i), self.x(i), d], dim=-1)"),
    ),
    hints=frozenset({"alone"}),
)
