"""Relative position representations: a learned vector for each distance, asked by the query."""

from typing import Any

from hfreader.concepts.model import Concept, Symbol, Text
from hfreader.concepts.papers import SHAW, at
from hfreader.concepts.pattern import EMBEDDING, Anything, Bind, Einsum, Layer, Op

ROWS = Layer(EMBEDDING, (Bind("distances", Anything()),), "table")

# Scores of all distances at once, of which each pair takes its own.
ALL_SCORES = Op(("matmul",), (Bind("query", Anything()), Bind("columns", Op(("learned",)))))
CLIPPED = Bind("distances", Op(("clamp",), (Op(("sub",)),)))


def reference(query: Any, distances: Any = None, table: Any = None, columns: Any = None, vectors: Any = None) -> Any:
    """q_i . a_ij, the part of a score that comes from the distance alone.

    Shapes: query (B, h, T, d), distances (T, S) rows of the table (n, d); or query (B, T, h, d), distances (B, h, T, S)
    columns of the matrix (d, n); or query (B, h, T, d), vectors (B, T, S, d); the result (B, h, T, S).
    """
    if vectors is not None:
        return (query[:, :, :, None] * vectors[:, None]).sum(-1)
    if columns is not None:
        return (query.transpose(1, 2) @ columns).gather(-1, distances)
    rows = table.weight[distances]
    return (query[:, :, :, None, :] * rows[None, None]).sum(-1)


CONCEPT = Concept(
    slug="shaw-relative-attention",
    name=Text("Relative position representations", "相对位置表示"),
    explanation=Text(
        "Every distance between two positions, up to a largest one, has a learned vector that is added to the key. "
        "Its dot product with the query becomes part of the score, so that the query itself says which distances "
        "matter to it; one table serves all heads.",
        "两个位置之间的每种距离（到某个上限为止）都有一个学习的向量，加到键上。它与查询的点积成为分数的一部分，"
        "因此由查询自己决定哪些距离重要；所有头共用一张表。",
    ),
    citations=(at(SHAW, "§3.1, Eq. (4); §3.2, clipping; §3.3, Eq. (5)"),),
    equations=(
        r"e_{ij}=\frac{\sym{query}_i\,k_j^{\top}+\sym{output}_{ij}}{\sqrt{d}}",
        r"\sym{output}_{ij}=\sym{query}_i\cdot a_{ij},\quad a_{ij}=\sym{table}_{\sym{distances}(j-i)}",
    ),
    symbols=(
        Symbol("query", "q", Text("Queries, in heads", "分头后的查询")),
        Symbol(
            "table", "w^K", Text("The learned vectors, one row per distance", "学习的向量，每种距离一行"), ("columns",)
        ),
        Symbol(
            "distances",
            r"\mathrm{clip}",
            Text("The row of each distance, far ones in one row", "每种距离所在的行，远距离共用一行"),
        ),
        Symbol("columns", r"(w^K)^{\top}", Text("The same vectors as columns of a matrix", "同样的向量，作为矩阵的列")),
        Symbol("vectors", "a", Text("A vector for each pair, given from outside", "每对位置的向量，由外部给出")),
        Symbol("output", "e^{rel}", Text("The part of the scores that distances give", "分数中由距离给出的部分")),
    ),
    patterns=(
        Bind("output", Einsum(("bhld,lrd->bhlr",), (Bind("query", Anything()), ROWS))),
        Bind("output", Einsum(("bnid,bijd->bnij",), (Bind("query", Anything()), Bind("vectors", Anything())))),
        Bind("output", Op(("gather",), (ALL_SCORES,), keywords=(("index", CLIPPED),))),
    ),
    output="output",
    reference=reference,
    matches=(
        """
class Mixer(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.e, self.n = nn.Embedding(2 * c.n + 1, c.d), c.n

    def forward(self, q, k, v):
        t = torch.arange(q.shape[2])
        r = self.e(torch.clamp(t.view(1, -1) - t.view(-1, 1), -self.n, self.n) + self.n)
        w = (q @ k.transpose(2, 3) + torch.einsum("nhid,ijd->nhij", q, r.to(q.dtype))) / math.sqrt(q.shape[-1])
        return F.softmax(w, dim=-1) @ v
""",
        """
class Mixer(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.e, self.s = nn.Embedding(c.n, c.d), c.d ** -0.5

    def forward(self, q, k, v, p):
        b = torch.einsum("b h c d, c r d -> b h c r", q, self.e(p)) * self.s
        return F.scaled_dot_product_attention(q, k, v, attn_mask=b, scale=self.s)
""",
        """
class Scores(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.w, self.n = nn.Parameter(torch.empty(c.d, c.n)), c.n

    def forward(self, r, i, j):
        s = (r @ self.w).transpose(1, 2)
        d = (i[:, None] - j[None, :])[None, None, :, :]
        s = s.gather(-1, d.clamp(0, self.n - 1).expand(*s.shape[:2], -1, -1))
        return s.masked_fill((d < 0) | (d >= self.n), 0.0)
""",
        """
def mixer(q, k, v, p):
    w = (q @ k.transpose(2, 3) + torch.einsum("bnid,bijd->bnij", (q, p))) / math.sqrt(q.shape[-1])
    return F.softmax(w, dim=-1) @ v
""",
    ),
    rejects=(
        # Entries that are chosen by anything but a distance.
        """
class RelativeAttention(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.w = nn.Parameter(torch.empty(c.d, c.n))

    def forward(self, relative, position):
        return (relative @ self.w).gather(-1, position.clamp(0, 5))
""",
        # A learned number for each distance; vectors of all positions, not of distances, as in Transformer-XL.
        """
class RelativeAttention(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.distance_embedding = nn.Embedding(c.n, c.h)

    def forward(self, query, key, distance):
        return query @ key.transpose(2, 3) + self.distance_embedding(distance).permute(2, 0, 1)
""",
        """
class RelativeAttention(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.distance_embedding = nn.Linear(c.d, c.d)

    def forward(self, query, position):
        return torch.einsum("bhld,brd->bhlr", query, self.distance_embedding(position))
""",
        """
def relative_position(query, distance_embedding):
    return torch.einsum("bhld,lrd->bhlr", query, distance_embedding)
""",
    ),
)
