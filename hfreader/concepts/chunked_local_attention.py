"""Attention of blocks over windows: each block of queries sees the keys from some way before it to some way after."""

from typing import Any

from hfreader.concepts.attentions import LAST
from hfreader.concepts.model import Citation, Concept, Symbol, Text
from hfreader.concepts.papers import CONFORMER
from hfreader.concepts.pattern import Anything, Bind, OneOf, Op, Pattern


def windows(name: str) -> Pattern:
    """The stretches of a text that overlap, one for each block."""
    return Bind(name, Op(("unfold",), (Anything(),)))


CAP = Bind("softcap", Anything())
RAW = Op(("add",), (Op(("matmul",), (Bind("query", Anything()), windows("key"))), Bind("bias", Anything())))
CAPPED = OneOf((Op(("mul",), (Op(("tanh",), (Op(("div",), (RAW, CAP)),)), CAP)), RAW))
BLOTTED = OneOf(
    (
        Op(("masked_fill",), (CAPPED, Bind("forbidden", Anything()))),
        Op(("where",), (Bind("visible", Anything()), CAPPED)),
        CAPPED,
    )
)
WEIGHTS = Op(("softmax",), (BLOTTED,), keywords=(("dim", LAST),))


def reference(
    query: Any,
    key: Any,
    value: Any,
    bias: Any,
    like: Any,
    softcap: Any = None,
    forbidden: Any = None,
    visible: Any = None,
) -> Any:
    """softmax(c tanh((Q_b K_b^T + R) / c)) V_b for every block b and its window.

    Shapes: query (B, h, N, L, d), key (B, h, N, d, C) transposed, bias to (B, h, N, L, C), value (B, h, N, C, d) or
    (B N h, C, d); the result (B, h, N, L, d) or (B N h, L, d).
    """
    raw = query @ key + bias
    raw = raw if softcap is None else softcap * (raw / softcap).tanh()
    raw = raw if forbidden is None else raw.masked_fill(forbidden, float("-inf"))
    raw = raw if visible is None else raw.masked_fill(~visible, float("-inf"))
    shares = raw.softmax(-1)
    if value.dim() == 3:
        shares = shares.transpose(1, 2).flatten(0, 2)
    return (shares @ value).reshape(like.shape)


CONCEPT = Concept(
    slug="chunked-local-attention",
    name=Text("Chunked local attention", "分块局部注意力"),
    explanation=Text(
        "A long signal is cut into blocks of queries. Each block looks at the keys of one window, from some way before "
        "the block to some way after it, so that windows overlap. Scores hold a part that the distance gives; the "
        "cost grows with the length, and a stream can be read as it comes.",
        "长信号被切成若干查询块，每块只看一个窗口内的键：从块前若干位置到块后若干位置，窗口彼此重叠。"
        "分数中含由距离给出的一项；代价随长度线性增长，可边输入边处理。",
    ),
    citations=(
        Citation(
            "Google USM: Scaling Automatic Speech Recognition Beyond 100 Languages",
            "Zhang et al.",
            2023,
            "2303.01037",
            "chunk-wise attention",
        ),
        CONFORMER,
    ),
    equations=(
        r"\sym{output}_b=\mathrm{softmax}\!\left(\sym{softcap}\tanh\frac{\sym{query}_b\,\sym{key}_{\mathcal W(b)}"
        r"+\sym{bias}}{\sym{softcap}}\right)\sym{value}_{\mathcal W(b)}",
    ),
    symbols=(
        Symbol("query", "Q", Text("Queries, in blocks", "分块的查询")),
        Symbol("key", r"K^{\top}", Text("Keys of each block's window, transposed", "每块窗口内的键，转置")),
        Symbol("value", "V", Text("Values of each block's window", "每块窗口内的值")),
        Symbol("bias", "R", Text("The part of the scores that distances give", "分数中由距离给出的部分")),
        Symbol("softcap", "c", Text("Bound of the scores", "分数的上限")),
        Symbol("forbidden", r"M_{-\infty}", Text("True where a query may not look", "不可见处为真")),
        Symbol("visible", r"M_{0}", Text("True where a query may look", "可见处为真")),
        Symbol("output", "O", Text("One mixture of values per query", "每个查询得到的值的混合")),
    ),
    patterns=(Bind("output", Op(("matmul",), (WEIGHTS, windows("value")))),),
    output="output",
    reference=reference,
    matches=(
        """
def mixer(q, k, v, r, c, m=None):
    k = F.pad(k, (0, 0, 0, 0, 3, 2)).unfold(1, 9, 4).movedim(-1, 2)
    v = F.pad(v, (0, 0, 0, 0, 3, 2)).unfold(1, 9, 4).movedim(-1, 2)
    w = torch.tanh((q @ k.permute(0, 3, 1, 4, 2) + r) / c) * c
    if m is not None:
        w = w.masked_fill(m, -1e9)
    return F.softmax(w, dim=-1) @ v.permute(0, 3, 1, 2, 4)
""",
    ),
    rejects=(
        # No windows; windows of keys alone.
        """
def chunked_attention(q, k, v, r, c):
    w = torch.tanh((q @ k + r) / c) * c
    return F.softmax(w, dim=-1) @ v
""",
        """
def chunked_attention(q, k, v, r, c):
    w = torch.tanh((q @ k.unfold(1, 9, 4) + r) / c) * c
    return F.softmax(w, dim=-1) @ v
""",
    ),
)
