"""Multi-scale deformable attention: each query looks at a few places of each feature map, and says where they are."""

from typing import Any

from hfreader.concepts.attention_heads import mapped
from hfreader.concepts.attentions import LAST
from hfreader.concepts.model import Citation, Concept, Symbol, Text
from hfreader.concepts.pattern import LINEAR, Anything, Bind, Each, Layer, Number, OneOf, Op, Pattern

X = Bind("x", Anything())
SIZES = Op(("opaque",), (Op(("mul",), (Anything(), Anything())), Bind("sizes", Anything())))


def scaled(one: Pattern, steps: int) -> Pattern:
    """A value, multiplied or divided up to `steps` times."""
    if not steps:
        return one
    inner = scaled(one, steps - 1)
    return OneOf((Op(("mul",), (inner, Anything())), Op(("div",), (inner, Anything())), inner))


def gathered(value: Pattern, weights: Pattern, locations: Pattern) -> Pattern:
    """What is read at `locations` of every feature map, added up under `weights`."""
    level = Op(("item",), (Op(("split",), (value,), keywords=(("split_size_or_sections", SIZES),)), Anything()))
    grid = Op(("sub",), (Op(("mul",), (Number(2), locations)), Number(1)))
    counted = Op(("split",), (grid,), keywords=(("split_size_or_sections", Bind("counts", Anything())),))
    read = Op(("grid_sample",), (level, Op(("item",), (OneOf((counted, grid)),))))
    total = Op(("sum",), (Op(("mul",), (Op(("stack", "cat"), (Each(read),)), weights)),))
    return Op(("transpose",), (total,))


def attended(value: Pattern) -> Pattern:
    """The same where queries say how far from their points they look, and how much each place counts."""
    offset = scaled(Layer(LINEAR, (X,), "w_offset"), 4)
    places = Op(("add",), (Bind("points", Anything()), Bind("offset", offset)))
    share = Op(("softmax",), (Layer(LINEAR, (X,), "w_weight"),), keywords=(("dim", LAST),))
    return gathered(Bind("value", value), Bind("weights", share), Bind("locations", places))


BLOTTED = Op(("masked_fill",), (Layer(LINEAR, (Bind("memory", Anything()),), "w_value"), Bind("forbidden", Anything())))
PROJECTED = OneOf((BLOTTED, Layer(LINEAR, (Bind("memory", Anything()),), "w_value")))
CORE = gathered(*(Bind(name, Anything()) for name in ("value", "weights", "locations")))


def reference(
    value: Any,
    locations: Any,
    weights: Any,
    sizes: Any,
    counts: Any = None,
    x: Any = None,
    memory: Any = None,
    forbidden: Any = None,
    points: Any = None,
    offset: Any = None,
    w_weight: Any = None,
    w_value: Any = None,
    w_o: Any = None,
) -> dict[str, Any]:
    """sum over the levels l and points k of A_lk x^l(p + dp_lk), for each head, and W^O of all heads side by side.

    Shapes: value (B, S, h, d), all levels behind each other, level l of `sizes[l]` = (height, width) positions, or
    (B h, d, S); locations (B, Q, h, L, K, 2) as (x, y) from 0 to 1, or (B, Q, h, P, 2) with `counts[l]` places on
    level l; weights (B, Q, h, L, K), (B, Q, h, P) or (B h, 1, Q, P); x (B, Q, D) and memory (B, S, D); the result
    (B, Q, h d) or (B, Q, D).
    """
    found: dict[str, Any] = {}
    if points is not None:
        found["locations"] = locations = points + offset
    places = locations.flatten(3, 4) if locations.dim() == 6 else locations
    batch, queries, heads = places.shape[:3]
    folded = weights.shape[:2] == (batch * heads, 1)
    shares = weights.reshape(batch, heads, queries, -1).transpose(1, 2) if folded else weights.flatten(3)
    if w_weight is not None:
        shares = mapped(x, w_weight).unflatten(-1, (heads, -1)).softmax(-1)
        found["weights"] = (shares.transpose(1, 2) if folded else shares).reshape(weights.shape)
    rows = value.unflatten(0, (batch, heads)).permute(0, 3, 1, 2) if value.dim() == 3 else value
    if w_value is not None:
        rows = mapped(memory, w_value)
        rows = (rows if forbidden is None else rows.masked_fill(forbidden, 0.0)).unflatten(-1, (heads, -1))
        found["value"] = (rows.permute(0, 2, 3, 1) if value.dim() == 3 else rows).reshape(value.shape)
    counts = [places.shape[3] // len(sizes)] * len(sizes) if counts is None else counts
    areas = [int(height) * int(width) for height, width in sizes]
    levels = zip(rows.split(areas, 1), sizes, places.split(counts, 3), shares.split(counts, 3), strict=True)
    mixed = sum((bilinear(level, size, spots) * share[..., None]).sum(3) for level, size, spots, share in levels)
    return {**found, "output": mapped(mixed.flatten(2), w_o)}


def bilinear(level: Any, size: tuple[int, int], places: Any) -> Any:
    """A feature map (B, H W, h, d) at `places` (B, Q, h, K, 2), (x, y) from 0 to 1 from edge to edge; 0 outside.

    The four positions around a place count as much as the opposite corners are far: (B, Q, h, K, d).
    """
    height, width = (int(one) for one in size)
    across, down = places[..., 0] * width - 0.5, places[..., 1] * height - 0.5
    rows, total = level.transpose(1, 2), 0
    for right in (0, 1):
        for below in (0, 1):
            column, row = across.floor() + right, down.floor() + below
            share = (1 - (across - column).abs()) * (1 - (down - row).abs())
            share = share * ((column >= 0) & (column < width) & (row >= 0) & (row < height))
            index = row.clamp(0, height - 1) * width + column.clamp(0, width - 1)
            flat = index.long().transpose(1, 2).flatten(2)[..., None].expand(-1, -1, -1, rows.shape[-1])
            corner = rows.gather(2, flat).unflatten(2, (index.shape[1], index.shape[3])).transpose(1, 2)
            total = total + corner * share[..., None]
    return total


KERNEL = """
def read(x, sizes, places, shares):
    n, _, h, d = x.shape
    parts = x.split([a * b for a, b in sizes], dim=1)
    grids = 2 * places - 1
    found = []
    for i, (a, b) in enumerate(sizes):
        part = parts[i].flatten(2).transpose(1, 2).reshape(n * h, d, a, b)
        grid = grids[:, :, :, i].transpose(1, 2).flatten(0, 1)
        found.append(F.grid_sample(part, grid, mode="bilinear", padding_mode="zeros", align_corners=False))
    shares = shares.transpose(1, 2).reshape(n * h, 1, places.shape[1], -1)
    y = (torch.stack(found, dim=-2).flatten(-2) * shares).sum(-1)
    return y.view(n, h * d, places.shape[1]).transpose(1, 2)
"""
LAYER = """
class Mixer(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.a, self.b = nn.Linear(c.d, c.h * c.l * c.k * 2), nn.Linear(c.d, c.h * c.l * c.k)
        self.c, self.z = nn.Linear(c.d, c.d), nn.Linear(c.d, c.d)
        self.s = (c.h, c.l, c.k)

    def forward(self, x, y, p, sizes, m=None):
        v = self.c(y)
        if m is not None:
            v = v.masked_fill(m[..., None], 0.0)
        v = v.view(*y.shape[:2], self.s[0], -1)
        o = self.a(x).view(*x.shape[:2], *self.s, 2)
        w = F.softmax(self.b(x).view(*x.shape[:2], self.s[0], -1), -1).view(*x.shape[:2], *self.s)
        return self.z(read(v, sizes, p[:, :, None, :, None, :2] + o / self.s[2] * p[:, :, None, :, None, 2:] * 0.5, w))
"""

CONCEPT = Concept(
    slug="multi-scale-deformable-attention",
    name=Text("Multi-scale deformable attention", "多尺度可变形注意力"),
    explanation=Text(
        "A query has a reference point in the image. It says how far from that point it wants to look, at a few places "
        "of each feature map, and how much each place counts; the maps are read there by bilinear interpolation. The "
        "cost does not grow with the size of the maps, and no query is compared with any key.",
        "每个查询在图像中有一个参考点。由查询自己给出相对该点的若干偏移（每个特征图几个位置）以及各位置的权重，"
        "在这些位置用双线性插值读取特征图。代价不随特征图大小增长，查询也不与任何键做比较。",
    ),
    citations=(
        Citation(
            "Deformable DETR: Deformable Transformers for End-to-End Object Detection",
            "Zhu, Su, Lu, Li, Wang, Dai",
            2020,
            "2010.04159",
            "Eq. (2), (3)",
        ),
    ),
    equations=(
        r"\sym{output}=\sum_{m}W_m\Big[\sum_{l=1}^{L}\sum_{k=1}^{K}\sym{weights}_{mlqk}\,\sym{value}_m^{l}\big("
        r"\sym{locations}_{mlqk}\big)\Big],\quad W=\sym{w_o}",
        r"\sym{locations}=\sym{points}+\sym{offset},\quad\sym{weights}=\mathrm{softmax}(\sym{x}\,\sym{w_weight}),"
        r"\quad\sym{value}=\sym{memory}\,\sym{w_value}",
    ),
    symbols=(
        Symbol("x", "z_q", Text("The queries' vectors", "查询向量")),
        Symbol("memory", "x", Text("The feature maps, all levels behind each other", "各层特征图，依次排列")),
        Symbol("sizes", "H_l,W_l", Text("Height and width of each feature map", "每层特征图的高与宽")),
        Symbol("counts", "K_l", Text("How many places are read of each map", "每层读取的位置数")),
        Symbol("points", r"\phi_l(\hat p_q)", Text("Each query's point on each map", "每个查询在各层上的参考点")),
        Symbol("w_offset", r"W^{\Delta}", Text("Projection to offsets", "偏移投影"), ("offset",)),
        Symbol("offset", r"\Delta p", Text("How far from the point each place is", "各位置相对参考点的偏移")),
        Symbol(
            "locations", "p", Text("The places that are read, from edge to edge 0 to 1", "读取位置，从边到边为 0 到 1")
        ),
        Symbol("w_weight", "W^{A}", Text("Projection to weights", "权重投影")),
        Symbol("weights", "A", Text("How much each place counts; they sum to one", "各位置的权重，和为一")),
        Symbol("w_value", "W'", Text("Projection to values", "值投影")),
        Symbol(
            "forbidden",
            r"M_{-\infty}",
            Text("True where a map holds padding, whose values are 0", "填充处为真，其值为 0"),
        ),
        Symbol("value", "V", Text("Values, in heads", "分头后的值")),
        Symbol("w_o", "W^O", Text("Output projection", "输出投影")),
        Symbol("output", r"\mathrm{MSDeformAttn}", Text("One vector per query", "每个查询一个向量")),
    ),
    patterns=(
        Bind("output", Layer(LINEAR, (attended(PROJECTED),), "w_o")),
        Bind("output", attended(Anything())),
        Bind("output", CORE),
    ),
    output="output",
    reference=reference,
    matches=(
        KERNEL,
        KERNEL + LAYER,
        # Every level's places behind each other, one function for all of it.
        """
def read(x, sizes, places, shares, counts):
    n, _, h, d = x.shape
    parts = x.permute(0, 2, 3, 1).flatten(0, 1).split([a * b for a, b in sizes], dim=-1)
    grids = (2 * places - 1).permute(0, 2, 1, 3, 4).flatten(0, 1).split(counts, dim=-2)
    found = []
    for i, (a, b) in enumerate(sizes):
        found.append(F.grid_sample(parts[i].reshape(n * h, d, a, b), grids[i], align_corners=False))
    shares = shares.permute(0, 2, 1, 3).reshape(n * h, 1, places.shape[1], sum(counts))
    return (torch.concat(found, dim=-1) * shares).sum(-1).view(n, h * d, -1).transpose(1, 2)
""",
    ),
    rejects=(
        # One map read at one place each; no weights; a position by its number.
        """
def deformable_attention(value, grid):
    return F.grid_sample(value, 2 * grid - 1, mode="bilinear").transpose(1, 2)
""",
        KERNEL.replace(" * shares).sum(-1)", ").sum(-1)"),
        KERNEL.replace(
            'F.grid_sample(part, grid, mode="bilinear", padding_mode="zeros", align_corners=False)',
            "part.flatten(2).gather(-1, grid)",
        ),
    ),
)
