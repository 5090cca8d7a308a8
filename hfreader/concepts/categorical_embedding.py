"""Vectors for several categories, side by side."""

from typing import Any

from hfreader.concepts.model import Citation, Concept, Symbol, Text
from hfreader.concepts.pattern import EMBEDDING, Anything, Bind, Each, Layer, Op

ENTITIES = Citation("Entity Embeddings of Categorical Variables", "Guo, Berkhahn", 2016, "1604.06737", "§3")
OF_EACH = Bind("output", Layer(EMBEDDING, (Bind("category", Anything()),), "table"))


def reference(category: Any, table: Any) -> Any:
    """E_k[c_k]. Shapes: c (B, T), the result (B, T, d_k)."""
    return table.weight[category]


_EMBEDDER = """
class {name}(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.t = nn.ModuleList([nn.Embedding(n, d) for n, d in zip(c.n, c.d)])
        self.l = nn.ModuleList([nn.Linear(n, d) for n, d in zip(c.n, c.d)])

    def forward(self, x):
        parts = torch.chunk(x, len(self.t), dim=-1)
        return {body}
"""

CONCEPT = Concept(
    slug="categorical-embedding",
    name=Text("Categorical feature embedding", "类别特征嵌入"),
    explanation=Text(
        "Things that a series is known by, such as a shop or a day of the week, are numbers without order. Each gets a "
        "learned vector from a table of its own, and the vectors stand side by side.",
        "序列的类别属性（如门店、星期几）是没有大小顺序的编号。每个属性从各自的表中取得可学习的向量，这些向量并排放置。",
    ),
    citations=(ENTITIES,),
    equations=(r"x=[e_1;\,\cdots;\,e_K],\quad \sym{output}_k=\sym{table}_k[\sym{category}_k]",),
    symbols=(
        Symbol("category", "c", Text("The category, for one feature", "某个特征的类别")),
        Symbol("table", "E", Text("The table of that feature", "该特征的向量表")),
        Symbol("output", "e", Text("Its vector", "其向量")),
    ),
    patterns=(Op(("cat",), (Each(OF_EACH),)),),
    output="output",
    reference=reference,
    matches=(
        _EMBEDDER.format(name="Norm", body="torch.cat([t(p.squeeze(-1)) for t, p in zip(self.t, parts)], dim=-1)"),
    ),
    rejects=(
        # Vectors that are added; linear maps.
        _EMBEDDER.format(name="Embedder", body="sum(t(p.squeeze(-1)) for t, p in zip(self.t, parts))"),
        _EMBEDDER.format(name="Embedder", body="torch.cat([t(p) for t, p in zip(self.l, parts)], dim=-1)"),
    ),
)
