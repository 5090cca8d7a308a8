"""Attention in blocks: each block of queries looks at keys nearby and at a few global ones, and at no others."""

from typing import Any

from hfreader.concepts.attentions import LAST
from hfreader.concepts.model import Citation, Concept, Symbol, Text
from hfreader.concepts.pattern import Anything, Bind, Each, Einsum, OneOf, Op, Pattern, Slice

QUERY, BIAS = Bind("query", Anything()), Bind("bias", Anything())


def weighed(raw: Pattern) -> Pattern:
    """The softmax of scores with a bias or mask."""
    return Op(("softmax",), (OneOf((Op(("add",), (raw, BIAS)), raw)),), keywords=(("dim", LAST),))


def around(name: str) -> Pattern:
    """The block before, the own one and the block after, side by side, and what is global behind them."""
    near = Op(("cat",), (Each(Op(("item",), (Op(("pad",), (Bind(name, Anything()),)),))),))
    return OneOf((Op(("cat",), (near, Bind(f"global_{name}", Anything()))), near))


THREE = Einsum(("...qhd,...khd->...hqk",), (QUERY, around("key")))
NEIGHBOURS = Einsum(("...hqk,...khd->...qhd",), (weighed(THREE), around("value")))

KEY, VALUE = Bind("key", Anything()), Bind("value", Anything())
GLOBAL_KEY, GLOBAL_VALUE = Bind("global_key", Anything()), Bind("global_value", Anything())
BOTH = Op(
    ("cat",),
    (Einsum(("bhnkf,bhgf->bhnkg",), (QUERY, GLOBAL_KEY)), Einsum(("bhnkf,bhnxf->bhnkx",), (QUERY, KEY))),
)
OWN = Op(
    ("add",),
    (
        Einsum(("bhnkg,bhgf->bhnkf",), (Slice(weighed(BOTH), stop=Anything()), GLOBAL_VALUE)),
        Einsum(("bhnkx,bhnxf->bhnkf",), (Slice(weighed(BOTH), start=Anything()), VALUE)),
    ),
)


def reference(
    query: Any, key: Any, value: Any, bias: Any = None, global_key: Any = None, global_value: Any = None
) -> Any:
    """softmax(Q_b [K near b, K global]^T + B) [V near b, V global] for every block b.

    Shapes: with the blocks beside it, query, key and value (B, N, L, h, d), those that are global (B, N, G, h, d),
    bias to (B, N, h, L, 3 L + G), zeros where there is no block; with its own block alone, global ones first,
    query, key and value (B, h, N, L, d), those that are global (B, h, G, d), bias to (B, h, N, L, G + L).
    The result as query.
    """
    if global_key is not None and global_key.dim() == 4:
        return _attended(query, _behind(global_key, key), _behind(global_value, value), bias)
    keys, values = _near(key, global_key), _near(value, global_value)
    return _attended(query.transpose(2, 3), keys.transpose(2, 3), values.transpose(2, 3), bias).transpose(2, 3)


def _attended(query: Any, key: Any, value: Any, bias: Any) -> Any:
    raw = query @ key.transpose(-2, -1)
    return (raw if bias is None else raw + bias).softmax(-1) @ value


def _near(blocks: Any, more: Any) -> Any:
    """Each block between its neighbours, (B, N, 3 L + G, h, d)."""
    batch, count, length, *rest = blocks.shape
    result = blocks.new_zeros(batch, count, 3 * length + (0 if more is None else more.shape[2]), *rest)
    result[:, 1:, :length] = blocks[:, :-1]
    result[:, :, length : 2 * length] = blocks
    result[:, :-1, 2 * length : 3 * length] = blocks[:, 1:]
    if more is not None:
        result[:, :, 3 * length :] = more
    return result


def _behind(first: Any, blocks: Any) -> Any:
    """What is global before each block, (B, h, N, G + L, d)."""
    count = first.shape[2]
    result = blocks.new_zeros(*blocks.shape[:3], count + blocks.shape[3], blocks.shape[4])
    result[:, :, :, :count], result[:, :, :, count:] = first[:, :, None], blocks
    return result


CUT = """
def near(t):
    n = t.shape[1]
    t = F.pad(t, pad=(0, 0, 0, 0, 0, 0, 1, 1))
    parts = []
    for i in range(3):
        parts.append(t[:, i : i + n])
    return torch.cat(parts, dim=2)
"""

CONCEPT = Concept(
    slug="block-sparse-attention",
    name=Text("Block-sparse attention", "块稀疏注意力"),
    explanation=Text(
        "The text is cut into blocks. The queries of a block look at the keys of their own block or of the blocks "
        "beside it, and at a few global keys that all blocks share, so that news still travels far. The cost grows "
        "with the length of the text, not with its square.",
        "文本被切成若干块。块内的查询只看本块（或相邻块）的键，以及所有块共享的少数全局键，使信息仍能传得很远。"
        "代价随文本长度线性增长，而非平方。",
    ),
    citations=(
        Citation(
            "LongT5: Efficient Text-To-Text Transformer for Long Sequences",
            "Guo et al.",
            2021,
            "2112.07916",
            "§3.2, local attention and transient global attention",
        ),
        Citation(
            "Investigating Efficiently Extending Transformers for Long Input Summarization",
            "Phang, Zhao, Liu",
            2022,
            "2208.04347",
            "block-local attention with global tokens",
        ),
        Citation(
            "ETC: Encoding Long and Structured Inputs in Transformers", "Ainslie et al.", 2020, "2004.08483", "§3"
        ),
    ),
    equations=(
        r"\sym{output}_b=\mathrm{softmax}\!\left(\sym{query}_b\,[\,\sym{key}_{\mathcal N(b)};\sym{global_key}\,]^{\top}"
        r"+\sym{bias}\right)[\,\sym{value}_{\mathcal N(b)};\sym{global_value}\,]",
    ),
    symbols=(
        Symbol("query", "Q", Text("Queries, in blocks", "分块的查询")),
        Symbol("key", "K", Text("Keys, in blocks", "分块的键")),
        Symbol("value", "V", Text("Values, in blocks", "分块的值")),
        Symbol("global_key", "K^g", Text("Keys that every block looks at", "所有块都看的键")),
        Symbol("global_value", "V^g", Text("Their values", "它们的值")),
        Symbol("bias", "B", Text("Bias by distance, and minus infinity for padding", "距离偏置；填充处为负无穷")),
        Symbol("output", "O", Text("One mixture of values per query", "每个查询得到的值的混合")),
    ),
    patterns=(Bind("output", NEIGHBOURS), Bind("output", OWN)),
    output="output",
    reference=reference,
    matches=(
        CUT
        + """
def mixer(q, k, v, b):
    w = torch.einsum("...qhd,...khd->...hqk", q, near(k))
    w += b
    return torch.einsum("...hqk,...khd->...qhd", F.softmax(w.float(), dim=-1).type_as(w), near(v))
""",
        CUT
        + """
def mixer(q, k, v, g, h, b):
    k, v = torch.cat([near(k), g], dim=2), torch.cat([near(v), h], dim=2)
    w = torch.einsum("...qhd,...khd->...hqk", q, k) + b
    return torch.einsum("...hqk,...khd->...qhd", F.softmax(w, dim=-1), v)
""",
        """
def mixer(q, k, v, g, h, m):
    n = g.shape[2]
    w = torch.cat([torch.einsum("abcde,abfe->abcdf", q, g), torch.einsum("abcde,abcfe->abcdf", q, k)], dim=-1)
    p = F.softmax(w + m[:, None, :, None, :], dim=-1)
    far, own = p[:, :, :, :, :n], p[:, :, :, :, n:]
    return torch.einsum("abcdf,abfe->abcde", far, h) + torch.einsum("abcdf,abcfe->abcde", own, v)
""",
    ),
    rejects=(
        # All keys for all queries; blocks with no neighbours and nothing global; keys near, but values not.
        """
def local_attention(q, k, v, b):
    w = torch.einsum("...qhd,...khd->...hqk", q, k) + b
    return torch.einsum("...hqk,...khd->...qhd", F.softmax(w, dim=-1), v)
""",
        CUT
        + """
def local_attention(q, k, v, b):
    w = torch.einsum("...qhd,...khd->...hqk", q, near(k)) + b
    return torch.einsum("...hqk,...khd->...qhd", F.softmax(w, dim=-1), v)
""",
        """
def local_attention(q, k, v, m):
    p = F.softmax(torch.einsum("abcde,abcfe->abcdf", q, k) + m, dim=-1)
    return torch.einsum("abcdf,abcfe->abcde", p, v)
""",
    ),
)
