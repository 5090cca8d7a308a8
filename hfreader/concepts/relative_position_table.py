"""A learned entry for each distance between two positions."""

from typing import Any

from hfreader.concepts.model import Concept, Symbol, Text
from hfreader.concepts.papers import SHAW, SWIN, T5, at
from hfreader.concepts.pattern import EMBEDDING, Bind, DerivedFrom, Layer, OneOf, Op, Pattern

_BUCKETING = "add sub mul div floor_divide clamp min minimum abs neg where log int long setitem item sum view roll"
BUCKETS: Pattern = Bind("buckets", DerivedFrom(("difference",), through=tuple(_BUCKETING.split())))
LEARNED = DerivedFrom(("learned",), through=("cat", "item", "interpolate"))
ROWS = Bind("rows", LEARNED)


def reference(buckets: Any, table: Any = None, rows: Any = None) -> Any:
    """E[b(j - i)]. Shapes: buckets (..., T, S) or flat, of whole numbers, table or rows (entries, d); the result has d
    behind the shape of the buckets."""
    return (rows if table is None else table.weight)[buckets]


_LOOKUP = """
class {name}(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.n, self.e = c.n, nn.Embedding(2 * c.n + 1, c.h)
        self.w = nn.Parameter(torch.zeros(2 * c.n + 1, c.h))
        p = torch.stack(torch.meshgrid(torch.arange(c.n), torch.arange(c.n), indexing="ij")).flatten(1)
        r = (p[:, :, None] - p[:, None, :]).permute(1, 2, 0)
        r[:, :, 0] += c.n - 1
        self.i = nn.Buffer(r.sum(-1).view(-1), persistent=False)

    def forward(self, x, y):
        t = torch.arange(x.shape[1])
        {body}
"""

CONCEPT = Concept(
    slug="relative-position-table",
    name=Text("Table of relative positions", "相对位置表"),
    explanation=Text(
        "Not where a token stands is looked up, but how far another one stands from it: each distance, or bucket of "
        "distances, has a learned entry, a number for each head or a whole vector. In pictures, the distance is one "
        "along rows and one along columns.",
        "查表的不是词元所在的位置，而是另一个词元与它的距离：每个距离（或距离的桶）有一个学得的条目，"
        "可以是每头一个数，也可以是一个向量。在图像中，距离分行与列两个方向。",
    ),
    citations=(at(SHAW, "§3.2"), at(T5, "§2.1"), at(SWIN, "§3.2, Eq. (4)")),
    equations=(r"\sym{output}_{ij}=\sym{table}_{b(j-i)},\qquad b(j-i)=\sym{buckets}_{ij}",),
    symbols=(
        Symbol("buckets", "b", Text("The entry of each pair of positions", "每对位置所用的条目")),
        Symbol("table", "E", Text("The learned entries", "学得的条目"), ("rows",)),
        Symbol("rows", r"\hat{E}", Text("The same entries as a plain parameter", "同样的条目，作为普通参数")),
        Symbol("output", "e", Text("The entry of each pair", "每对位置的条目")),
    ),
    patterns=(
        Bind("output", Layer(EMBEDDING, (BUCKETS,), "table")),
        Bind("output", OneOf((Op(("item",), (ROWS, BUCKETS)), Op(("embedding",), (BUCKETS, ROWS))))),
    ),
    output="output",
    reference=reference,
    matches=(
        _LOOKUP.format(
            name="Words", body="d = (t[None, :] - t[:, None]).clamp(-self.n, self.n)\n        return self.e(d + self.n)"
        ),
        _LOOKUP.format(
            name="Words",
            body="d = y[:, None, :] - y[:, :, None]\n"
            "        b = torch.where(d.abs() < 8, d, (torch.log(d.float().abs()) * 4).long())\n"
            "        return F.embedding((d > 0).long() * self.n + b, self.w).permute(0, 3, 1, 2)",
        ),
        _LOOKUP.format(name="Words", body="return self.w[self.i].view(self.n, self.n, -1).permute(2, 0, 1)"),
    ),
    rejects=(
        # Words, positions, an offset; a difference that looks nothing up; rows that are not learned.
        _LOOKUP.format(name="RelativePositionBias", body="return self.e(x)"),
        _LOOKUP.format(name="RelativePositionBias", body="return self.e(t + self.n)"),
        _LOOKUP.format(name="RelativePositionBias", body="return self.e(x - y)"),
        _LOOKUP.format(name="RelativePositionBias", body="return self.w * (t[None, :] - t[:, None]).abs()"),
        _LOOKUP.format(name="RelativePositionBias", body="return x[t[None, :] - t[:, None]]"),
    ),
)
