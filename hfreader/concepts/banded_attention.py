"""Attention in a band: every position averages the values up to w places before and after it."""

from typing import Any

from hfreader.concepts.attention_heads import mapped
from hfreader.concepts.model import Citation, Concept, Symbol, Text
from hfreader.concepts.pattern import LINEAR, Anything, Bind, Both, DerivedFrom, Einsum, Layer, Op

# The last steps of a trick that turns a band into a matrix product: one column more, then another reading of the rows.
SHARES = Bind("weights", Both(Anything(), DerivedFrom(("softmax",), through=("masked_fill", "narrow", "item"))))
PADDED = Op(("pad",), (SHARES,))
SLANTED = Op(("item",), (Op(("item",), (PADDED,)),))
STRIPES = Op(("as_strided", "unfold"), (Op(("pad",), (Bind("value", Anything()),)),))
BAND = Einsum(("bcwd,bcdh->bcwh",), (SLANTED, STRIPES))


def reference(weights: Any, value: Any, like: Any, w_o: Any = None) -> Any:
    """sum over j from -w to w of a_{t, t + j} v_{t + j}; nothing comes from outside of the text.

    Shapes: weights (n, C, w, 2 w + 1), of each of C w positions its own and w on both sides; value (n, C w, d); the
    result (n, C, w, d), or (B, C w, D) with n = B h heads side by side and W^O.
    """
    count, chunks, width, around = weights.shape
    rows = weights.reshape(count, chunks * width, around)
    reach, length = around // 2, chunks * width
    result = value.new_zeros(value.shape)
    for step in range(-reach, reach + 1):
        here, there = slice(max(0, -step), length - max(0, step)), slice(max(0, step), length - max(0, -step))
        result[:, here] += rows[:, here, reach + step, None] * value[:, there]
    if w_o is None:
        return result.reshape(count, chunks, width, -1)
    return mapped(result.unflatten(0, (like.shape[0], -1)).transpose(1, 2).flatten(2), w_o)


CONCEPT = Concept(
    slug="banded-attention",
    name=Text("Sliding-window attention by bands", "带状滑动窗口注意力"),
    explanation=Text(
        "Each position weighs the places in a window around it, and only these: the weights form a band beside the "
        "diagonal, stored without the zeros outside. Cut into chunks that overlap, and with each row moved by one "
        "against the row above, the band times the values is a plain product of matrices.",
        "每个位置只对其周围窗口内的位置加权：权重构成对角线旁的一条带，带外的零不存储。"
        "切成互相重叠的小块，并让每行相对上一行错开一位后，带与值之积就是普通的矩阵乘法。",
    ),
    citations=(
        Citation(
            "Longformer: The Long-Document Transformer", "Beltagy, Peters, Cohan", 2020, "2004.05150", "§3.1, App. A"
        ),
    ),
    equations=(
        r"\sym{output}_t=\sum_{j=-w}^{w}\sym{weights}_{t,\,t+j}\;\sym{value}_{t+j},\quad[\,\cdot\;\sym{w_o}\,]",
    ),
    symbols=(
        Symbol(
            "weights",
            "a",
            Text("Weights of a position on its window", "位置对其窗口的权重"),
        ),
        Symbol("value", "v", Text("Values", "值")),
        Symbol("w_o", "W^O", Text("Output projection, where it is part of the class", "输出投影（若属于该类）")),
        Symbol("output", "o", Text("One mixture of values per position", "每个位置得到的值的混合")),
    ),
    patterns=(Bind("output", Layer(LINEAR, (BAND,), "w_o")), Bind("output", BAND)),
    output="output",
    reference=reference,
    matches=(
        """
def mixer(s, v, w):
    n, c, _, d = s.shape
    p = F.softmax(s, dim=-1)
    p = F.pad(p, (0, w + 1)).view(n, c, -1)[:, :, :-w].view(n, c, w, w + d)[:, :, :, :-1]
    y = F.pad(v, (0, 0, w, w), value=-1)
    size, stride = (n, c, 3 * w, v.shape[-1]), (y.stride(0), w * y.stride(1), y.stride(1), y.stride(2))
    return torch.einsum("bcwd,bcdh->bcwh", (p, y.as_strided(size=size, stride=stride)))
""",
    ),
    rejects=(
        # Chunks that do not overlap; a band that was no softmax.
        """
def sliding_chunks(s, v, w):
    n, c, _, d = s.shape
    p = F.softmax(s, dim=-1)
    p = F.pad(p, (0, w + 1)).view(n, c, -1)[:, :, :-w].view(n, c, w, w + d)[:, :, :, :-1]
    return torch.einsum("bcwd,bcdh->bcwh", (p, F.pad(v, (0, 0, w, w)).view(n, c, -1, v.shape[-1])))
""",
        """
def sliding_chunks(s, v, w):
    n, c, _, d = s.shape
    p = F.pad(s, (0, w + 1)).view(n, c, -1)[:, :, :-w].view(n, c, w, w + d)[:, :, :, :-1]
    y = F.pad(v, (0, 0, w, w)).as_strided(size=v.shape, stride=v.stride())
    return torch.einsum("bcwd,bcdh->bcwh", (p, y))
""",
    ),
)
