"""Relative positions of an image's rows and columns, each asked by the query itself."""

from typing import Any

from hfreader.concepts.model import Citation, Concept, Symbol, Text
from hfreader.concepts.pattern import Anything, Bind, Einsum, Op

QUERY = Bind("query", Anything())
BY_ROW = Einsum(("bhwc,hkc->bhwk",), (QUERY, Bind("rows", Anything())))
BY_COLUMN = Einsum(("bhwc,wkc->bhwk",), (QUERY, Bind("columns", Anything())))


def reference(query: Any, rows: Any, columns: Any, like: Any) -> Any:
    """E_ij = Q_i . (R^h of the rows of i and j + R^w of their columns).

    Shapes: query (B, h, w, c), rows (h, k_h, c), columns (w, k_w, c); the result (B, h, w, k_h, k_w).
    """
    by_row = (query[:, :, :, None, :] * rows[None, :, None]).sum(-1)
    by_column = (query[:, :, :, None, :] * columns[None, None]).sum(-1)
    return (by_row[..., :, None] + by_column[..., None, :]).reshape(like.shape)


CONCEPT = Concept(
    slug="decomposed-relative-position-attention",
    name=Text("Decomposed relative position attention", "分解式相对位置注意力"),
    explanation=Text(
        "In an image two positions differ by rows and by columns. Each difference has a learned vector; "
        "its dot product "
        "with the query is added to the score, so that the query itself says which directions matter to it.",
        (
            "图像中两个位置相差若干行和若干列。每种差都有一个学习的向量，它与查询的点积加到分数上，"
            "因此由查询自己决定哪些方向重要。"
        ),
    ),
    citations=(
        Citation(
            "MViTv2: Improved Multiscale Vision Transformers for Classification and Detection",
            "Li et al.",
            2021,
            "2112.01526",
            "§4.1",
        ),
        Citation(
            "Exploring Plain Vision Transformer Backbones for Object Detection",
            "Li, Mao, Girshick, He",
            2022,
            "2203.16527",
        ),
        Citation("Segment Anything", "Kirillov et al.", 2023, "2304.02643", "App. A"),
    ),
    equations=(
        r"\mathrm{Attn}=\mathrm{Softmax}\!\left(QK^{\top}/\sqrt d+\sym{output}\right)V",
        r"\sym{output}_{ij}=\sym{query}_i\cdot\left(\sym{rows}_{h(i),h(j)}+\sym{columns}_{w(i),w(j)}\right)",
    ),
    symbols=(
        Symbol("query", "Q", Text("Queries, by row and column", "按行列排列的查询")),
        Symbol("rows", "R^h", Text("A vector for every pair of rows", "每对行的向量")),
        Symbol("columns", "R^w", Text("A vector for every pair of columns", "每对列的向量")),
        Symbol("output", r"E^{rel}", Text("What is added to the scores", "加在分数上的项")),
    ),
    patterns=(Bind("output", Op(("add",), (BY_ROW, BY_COLUMN))),),
    output="output",
    reference=reference,
    matches=(
        """
def bias(q, a, b):
    u = torch.einsum("bhwc,hkc->bhwk", q, a)
    v = torch.einsum("bhwc,wkc->bhwk", q, b)
    return u[:, :, :, :, None] + v[:, :, :, None, :]
""",
    ),
    rejects=(
        # Rows alone, and rows twice.
        """
def relative_position(q, rel_pos_h, rel_pos_w):
    return torch.einsum("bhwc,hkc->bhwk", q, rel_pos_h) + rel_pos_w
""",
        """
def relative_position(q, rel_pos_h, rel_pos_w):
    rel_h = torch.einsum("bhwc,hkc->bhwk", q, rel_pos_h)
    rel_w = torch.einsum("bhwc,hkc->bhwk", q, rel_pos_w)
    return rel_h[:, :, :, :, None] + rel_w[:, :, :, None, :]
""",
    ),
)
