"""A learned grid of position embeddings brought to another size."""

from typing import Any

from hfreader.concepts.model import Citation, Concept, NotCovered, Symbol, Text
from hfreader.concepts.papers import VIT, at
from hfreader.concepts.pattern import Anything, Bind, DerivedFrom, Op
from hfreader.concepts.resizing import SETTINGS, resized, taps

# The learned positions as a parameter, or as the rows of an embedding.
TABLE = Bind("table", DerivedFrom(("learned", "weight"), through=("item", "cat")))
MODES = (*SETTINGS, ("antialias", Bind("antialias", Anything())))
SAMPLING = (("mode", Bind("mode", Anything())), ("padding_mode", Bind("padding", Anything())), SETTINGS[1])


def reference(
    table: Any,
    like: Any,
    mode: Any = None,
    align: Any = None,
    scale: Any = None,
    antialias: Any = None,
    grid: Any = None,
    padding: Any = None,
) -> Any:
    """The embeddings at other places of the same grid, from those nearest to each.

    Shapes: table (B, D, *sizes), the result (B, D, *sizes'); or, at places in `grid` (1, n, m, 2) from -1 to 1, table
    (1, D, H, W), the result (1, D, n, m).
    """
    if antialias:
        raise NotCovered("an interpolation with antialiasing")
    if grid is None:
        return resized(table, like, mode, align, scale)
    if align or padding != "border" or mode not in ("bilinear", "bicubic"):
        raise NotCovered("a sampling of this kind")
    height, width = table.shape[2:]
    cubic = mode == "bicubic"
    x, y = (((grid[0, ..., axis] + 1) * size - 1) / 2 for axis, size in ((0, width), (1, height)))
    if not cubic:
        x, y = x.clamp(0, width - 1), y.clamp(0, height - 1)
    result = table.new_zeros(like.shape)
    for row, above in taps(y, height, cubic):
        for column, beside in taps(x, width, cubic):
            result = result + table[:, :, row, column] * above * beside
    return result


_GRID = """
class {name}(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.p, self.e, self.n = nn.Parameter(torch.zeros(1, c.n * c.n + 1, c.d)), nn.Embedding(c.n * c.n, c.d), c.n

    def forward(self, x, h, w, g):
        p = self.p[:, 1:].reshape(1, self.n, self.n, -1).permute(0, 3, 1, 2)
        e = self.e.weight.view(self.n, self.n, -1).permute(2, 0, 1).unsqueeze(0)
        {body}
"""

CONCEPT = Concept(
    slug="position-embedding-interpolation",
    name=Text("Interpolation of position embeddings", "位置嵌入插值"),
    explanation=Text(
        "Position embeddings are learned for a grid of patches of one size. For a picture of another size the grid is "
        "stretched as a picture would be: each new place gets a weighted mean of the embeddings nearest to it.",
        "位置嵌入是按某一尺寸的图块网格学得的。图像尺寸不同时，就像缩放图像那样缩放这张网格："
        "每个新位置取其最近几个嵌入的加权平均。",
    ),
    citations=(
        at(VIT, "§3.2"),
        Citation("Cubic Convolution Interpolation for Digital Image Processing", "Keys", 1981),
    ),
    equations=(
        r"\sym{output}_{yx}=\sum_{i,j}k(y'-i)\,k(x'-j)\,\sym{table}_{ij},\qquad (y',x')\in\sym{grid}",
        r"y'=(y+\tfrac12)\frac{H}{H'}-\tfrac12,\qquad x'=(x+\tfrac12)\frac{W}{W'}-\tfrac12",
    ),
    symbols=(
        Symbol("table", "P", Text("The learned embeddings, as a grid", "学得的嵌入，排成网格")),
        Symbol("grid", "g", Text("The places, where they are given", "给定的位置（若有）")),
        Symbol("mode", "k", Text("The weight of a distance: linear or cubic", "距离的权重：线性或三次")),
        Symbol("align", "a", Text("Whether corners stay corners", "四角是否对齐")),
        Symbol("scale", "s", Text("By how much the grid grows", "网格放大的倍数")),
        Symbol("antialias", "f", Text("Whether it is smoothed before it shrinks", "缩小前是否平滑")),
        Symbol("padding", "b", Text("What lies beyond the border", "边界之外取什么")),
        Symbol("output", "P'", Text("The embeddings of the new grid", "新网格的嵌入")),
    ),
    patterns=(
        Bind("output", Op(("interpolate",), (TABLE,), optional=MODES)),
        Bind("output", Op(("grid_sample",), (TABLE, Bind("grid", Anything())), optional=SAMPLING)),
    ),
    output="output",
    reference=reference,
    matches=(
        _GRID.format(
            name="Embeddings",
            body='p = F.interpolate(p, size=(h, w), mode="bicubic", align_corners=False)\n'
            "        return x + p.permute(0, 2, 3, 1).view(1, -1, p.shape[1])",
        ),
        _GRID.format(
            name="Embeddings",
            body='e = F.grid_sample(e, g, mode="bilinear", padding_mode="border", align_corners=False)\n'
            "        return x + e.squeeze(0).squeeze(-1).permute(1, 0)",
        ),
    ),
    rejects=(
        # Feature maps are resized too; positions as they are.
        _GRID.format(name="PositionEmbeddings", body="return F.interpolate(x, size=(h, w), mode='bicubic')"),
        _GRID.format(name="PositionEmbeddings", body="return F.interpolate(self.e(x), size=(h, w), mode='bicubic')"),
        _GRID.format(name="PositionEmbeddings", body="return x + self.p"),
    ),
    hints=frozenset({"mode", "align", "scale", "antialias", "padding"}),
)
