"""Disentangled attention: words and their distance meet in scores of their own, added up."""

from typing import Any

from hfreader.concepts.attentions import transposed
from hfreader.concepts.model import Citation, Concept, Symbol, Text
from hfreader.concepts.pattern import Anything, Bind, Number, OneOf, Op, Pattern

QUERY, KEY = (Bind(name, Anything()) for name in ("query", "key"))
BY_DISTANCE, OF_DISTANCE = (Bind(name, Anything()) for name in ("position_key", "position_query"))


def scaled(one: Pattern) -> Pattern:
    """A value over the root of three times the size of a head, as a tensor computes it."""
    return Op(("div",), (one, Op(("sqrt",))))


def picked(of: Pattern, index: str) -> Pattern:
    """Of the scores with all distances those with the distance at hand."""
    return Op(("gather",), (of,), keywords=(("dim", Number(-1)), ("index", Bind(index, Anything()))))


def asked(one: Pattern, other: Pattern) -> Pattern:
    """Every row of one against every row of the other."""
    return Op(("matmul",), (one, transposed(other)))


# The scale may divide every term, or the queries of each product.
TERMS = (
    Op(("matmul",), (QUERY, scaled(transposed(KEY)))),
    scaled(picked(asked(QUERY, BY_DISTANCE), "rows")),
    scaled(transposed(picked(asked(KEY, OF_DISTANCE), "columns"))),
)
EARLY = (
    asked(scaled(QUERY), KEY),
    picked(asked(scaled(QUERY), BY_DISTANCE), "rows"),
    transposed(picked(asked(KEY, scaled(OF_DISTANCE)), "columns")),
)


def total(terms: tuple[Pattern, ...]) -> Pattern:
    """The sum of all terms, which code may begin with a plain zero."""
    return OneOf((Op(("add",), (*terms, Number(0))), Op(("add",), terms)))


def reference(query: Any, key: Any, position_key: Any, position_query: Any, rows: Any, columns: Any, like: Any) -> Any:
    """(Q_i . K_j + Q_i . K^r_d(i,j) + K_j . Q^r_d(j,i)) / sqrt(3 d).

    Shapes: query (..., T, d), key (..., S, d); position_key and position_query hold one row per distance (..., 2k, d);
    rows (..., T, S) and columns (..., S, S) are the row of each distance, from queries to keys and back.
    """
    lead, size = like.shape[:-2], query.shape[-1]
    query, key, position_key, position_query = (
        one.expand(*lead, *one.shape[-2:]).reshape(-1, *one.shape[-2:])
        for one in (query, key, position_key, position_query)
    )
    rows, columns = (one.expand(*lead, *one.shape[-2:]).reshape(-1, *one.shape[-2:]) for one in (rows, columns))
    result = query.new_zeros(len(query), *like.shape[-2:])
    for one in range(len(query)):
        content = query[one] @ key[one].t()
        towards = (query[one][:, None] * position_key[one][rows[one]]).sum(-1)
        back = (key[one][:, None] * position_query[one][columns[one]]).sum(-1).t()
        result[one] = (content + towards + back) / (3 * size) ** 0.5
    return result.reshape(like.shape)


CONCEPT = Concept(
    slug="disentangled-attention",
    name=Text("Disentangled attention", "解耦注意力"),
    explanation=Text(
        "Each word is described by two vectors, one for its content and one for its relative position. The score of "
        "two words is a sum of what their contents say to each other, what the first content says to the distance, and "
        "what the distance says to the second content.",
        "每个词由两个向量描述：一个表示内容，一个表示相对位置。两个词的分数是三项之和：内容对内容、"
        "前者的内容对距离、距离对后者的内容。",
    ),
    citations=(
        Citation(
            "DeBERTa: Decoding-enhanced BERT with Disentangled Attention",
            "He, Liu, Gao, Chen",
            2020,
            "2006.03654",
            "§3.1, Eq. (2)-(4)",
        ),
    ),
    equations=(
        r"\sym{output}_{ij}=\frac{\sym{query}_i\,\sym{key}_j^{\top}"
        r"+\sym{query}_i\,{\sym{position_key}_{\sym{rows}(i,j)}}^{\top}"
        r"+\sym{key}_j\,{\sym{position_query}_{\sym{columns}(j,i)}}^{\top}}{\sqrt{3d}}",
        r"H_o=\mathrm{softmax}(\sym{output})\,V^c",
    ),
    symbols=(
        Symbol("query", "Q^c", Text("Queries of the words' contents", "词内容的查询")),
        Symbol("key", "K^c", Text("Keys of the words' contents", "词内容的键")),
        Symbol("position_key", "K^r", Text("Keys of the distances, one row each", "距离的键，每种距离一行")),
        Symbol("position_query", "Q^r", Text("Queries of the distances, one row each", "距离的查询，每种距离一行")),
        Symbol("rows", r"\delta", Text("The row of the distance from query to key", "从查询到键的距离所在的行")),
        Symbol("columns", r"\delta'", Text("The row of the distance from key to query", "从键到查询的距离所在的行")),
        Symbol("output", r"\tilde{A}", Text("The scores", "分数")),
    ),
    patterns=(Bind("output", total(TERMS)), Bind("output", total(EARLY))),
    output="output",
    reference=reference,
    matches=(
        """
def size(x):
    return torch.sqrt(torch.tensor(x.size(-1), dtype=torch.float) * 3)

def scores(q, k, a, b, i, j):
    t = torch.gather(torch.bmm(q, a.transpose(-1, -2)), dim=-1, index=i) / size(a)
    u = torch.gather(torch.bmm(k, b.transpose(-1, -2)), dim=-1, index=j).transpose(-1, -2) / size(b)
    return torch.bmm(q, k.transpose(-1, -2) / size(q)) + (t + u)
""",
        """
def size(x):
    return torch.sqrt(torch.tensor(x.size(-1), dtype=torch.float) * 3)

def scores(q, k, a, b, i, j):
    q = q / size(q)
    s = 0
    s += torch.gather(q @ a.transpose(-1, -2), dim=-1, index=i)
    s += torch.gather(k @ (b / size(b)).transpose(-1, -2), dim=-1, index=j).transpose(-1, -2)
    return q @ k.transpose(-1, -2) + s
""",
    ),
    rejects=(
        # A learned number for each distance; content to position alone; both terms of the same words.
        """
def disentangled(query, key, bias, size):
    return query @ (key.transpose(-1, -2) / torch.sqrt(size)) + bias / torch.sqrt(size)
""",
        """
def disentangled(query, key, position_key, index, size):
    c2p = torch.gather(query @ position_key.transpose(-1, -2), dim=-1, index=index) / torch.sqrt(size)
    return query @ (key.transpose(-1, -2) / torch.sqrt(size)) + c2p
""",
        """
def disentangled(query, key, position_key, position_query, index, size):
    c2p = torch.gather(query @ position_key.transpose(-1, -2), dim=-1, index=index) / torch.sqrt(size)
    p2c = torch.gather(query @ position_query.transpose(-1, -2), dim=-1, index=index).transpose(-1, -2)
    return query @ (key.transpose(-1, -2) / torch.sqrt(size)) + c2p + p2c / torch.sqrt(size)
""",
    ),
)
