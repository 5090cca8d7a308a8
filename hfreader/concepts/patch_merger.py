"""Patch merging: neighbouring tokens side by side, then a linear map."""

from typing import Any

from hfreader.concepts.model import Citation, Concept, NotCovered, Symbol, Text
from hfreader.concepts.norms import norm
from hfreader.concepts.pattern import (
    LINEAR,
    Activation,
    Anything,
    Bind,
    Direct,
    Each,
    Layer,
    OneOf,
    Op,
    Pattern,
    Scalar,
)

SWIN = Citation(
    "Swin Transformer: Hierarchical Vision Transformer using Shifted Windows", "Liu et al.", 2021, "2103.14030", "§3.1"
)
QWEN_2_VL = Citation(
    "Qwen2-VL: Enhancing Vision-Language Model's Perception of the World at Any Resolution",
    "Wang et al.",
    2024,
    "2409.12191",
)
X = Bind("x", Anything())
# x[:, i::2, j::2], four of them, or a comprehension of them.
STEP = Op(("slice",), keywords=(("step", Scalar()),))
EVERY_SECOND = Op(("tuple",), (Anything(), STEP, STEP))
FOUR = Op(("cat",), tuple(Op(("item",), (X, EVERY_SECOND)) for _ in range(4)))
ANY = Op(("cat",), (Op(("opaque",), (Op(("item",), (Anything(), EVERY_SECOND)),)),))
SIDE_BY_SIDE = Bind("grouped", OneOf((FOUR, ANY)))
# Windows of each picture that do not overlap, picture after picture.
SIZE = Bind("side", Anything())
WINDOWS = Op(("unfold",), (Anything(),), keywords=(("kernel_size", SIZE), ("stride", SIZE)))
EACH_PICTURE = Bind("grouped", Op(("cat",), (Each(WINDOWS),)))
# Moments side by side: the rest of the last group is filled up.
FILLED = Direct(Op(("pad",), (Bind("x", Op(("parameter",))),)))
MOMENTS = Bind("grouped", Direct(Op(("view", "reshape"), (FILLED,))))
SEVERAL = Op(("mul",), (Anything(), Anything()))


def _mapped(x: Pattern, symbol: str) -> Pattern:
    return Layer(LINEAR, (x,), symbol)


def _wider(x: Pattern) -> Pattern:
    """Several rows as one."""
    return Op(("view", "reshape"), (x,))


def _two(x: Pattern) -> Pattern:
    """Two maps, the first of several tokens' features: of a product of sizes."""
    first = Layer(LINEAR, (x,), "w_1", settings=(("in_features", SEVERAL),))
    return _mapped(Activation(first, "phi"), "w_2")


MERGED = (
    _mapped(norm(SIDE_BY_SIDE, "norm"), "w_1"),
    norm(_mapped(SIDE_BY_SIDE, "w_1"), "norm_out"),
    _mapped(SIDE_BY_SIDE, "w_1"),
    _mapped(EACH_PICTURE, "w_1"),
    Layer(LINEAR, (MOMENTS,), "w_1", settings=(("in_features", SEVERAL),)),
    _two(Bind("grouped", _wider(Bind("normed", norm(X, "norm"))))),
    _two(norm(Bind("grouped", _wider(Anything())), "norm")),
)


def reference(
    w_1: Any,
    grouped: Any,
    norm: Any = None,
    normed: Any = None,
    x: Any = None,
    phi: Any = None,
    w_2: Any = None,
    norm_out: Any = None,
    side: Any = None,
) -> dict[str, Any]:
    """W_2 phi(W_1 y), or W_1 y, where y are the features of s x s neighbours side by side, normalised before or after.

    Shapes: x (..., d) or a picture (B, H, W, d), grouped (..., s s d), the result (..., d')."""
    results = {}
    if x is not None and x.dim() == 4 and normed is None:
        parts = (x[:, row::2, column::2] for column in range(2) for row in range(2))
        whole = grouped.new_zeros(grouped.shape).reshape(x.shape[0], -1, 4, x.shape[-1])
        for place, part in enumerate(parts):
            whole[:, :, place] = part.flatten(1, 2)
        results["grouped"] = whole.reshape(grouped.shape)
    if normed is not None:
        results["normed"] = _in_order(norm(x), normed)
    value = grouped if norm is None or normed is not None else norm(grouped)
    value = value @ w_1.weight if w_1.bias is None else value @ w_1.weight + w_1.bias
    if w_2 is not None:
        if phi is None:
            raise NotCovered("the non-linearity has settings of its own")
        value = phi(value) @ w_2.weight if w_2.bias is None else phi(value) @ w_2.weight + w_2.bias
    return {**results, "output": value if norm_out is None else norm_out(value)}


def _in_order(rows: Any, like: Any) -> Any:
    """Rows in the order in which code has them, told by their first numbers: neighbours that do not follow each other
    were brought together."""
    found = like.reshape(-1, like.shape[-1])
    if found.shape != (flat := rows.reshape(-1, rows.shape[-1])).shape:
        raise NotCovered("as many rows are not merged as were normalised")
    ordered = found.new_empty(found.shape)
    ordered[found[:, 0].argsort()] = flat[flat[:, 0].argsort()]
    return ordered.reshape(like.shape)


_MERGER = """
class {name}(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.w = 4 * c.d
        self.n, self.m, self.k = nn.LayerNorm(c.d), nn.LayerNorm(4 * c.d), nn.LayerNorm(2 * c.d)
        self.a, self.b = nn.Linear(4 * c.d, 4 * c.d), nn.Linear(4 * c.d, 2 * c.d, bias=False)
        self.s = nn.Sequential(nn.Linear(4 * c.d, 4 * c.d), nn.GELU(), nn.Linear(4 * c.d, c.e))
        self.z = c.z
        self.f = nn.Sequential(nn.Linear(c.d, 4 * c.d), nn.GELU(), nn.Linear(4 * c.d, c.d))

    def forward(self, x):
        return {body}
"""
_FOUR = "torch.cat([x[:, 0::2, 0::2], x[:, 1::2, 0::2], x[:, 0::2, 1::2], x[:, 1::2, 1::2]], -1)"
_EVERY = "torch.cat([x[:, i::2, j::2, :] for j in range(2) for i in range(2)], dim=-1).view(2, -1, self.w)"

CONCEPT = Concept(
    slug="patch-merger",
    name=Text("Patch merging", "图块合并"),
    explanation=Text(
        "The features of neighbouring patches, usually two by two, are put side by side as one wider token, and a "
        "linear map or a small network brings it to the wanted width. There are then a quarter of the tokens.",
        "把相邻图块（通常 2×2）的特征并排成一个更宽的词元，再由线性映射或小网络变到所需宽度。词元数变为四分之一。",
    ),
    citations=(SWIN, QWEN_2_VL),
    equations=(
        r"\sym{output}=\sym{norm_out}\!\left(\sym{w_2}\,\sym{phi}\!\left(\sym{w_1}\,\sym{norm}(\sym{grouped})\right)"
        r"\right),\quad\sym{grouped}=[\sym{x}_{00};\sym{x}_{10};\sym{x}_{01};\sym{x}_{11}]",
        r"\text{or }\sym{grouped}=\mathrm{concat}_{s\times s}(\sym{normed}),\quad\sym{normed}=\sym{norm}(\sym{x})",
    ),
    symbols=(
        Symbol("x", "x", Text("The patches", "图块")),
        Symbol("norm", r"\mathrm{Norm}", Text("The norm, where there is one", "归一化（若有）")),
        Symbol("normed", "n", Text("The normalised patches, where the norm is first", "归一化后的图块（先归一化时）")),
        Symbol("grouped", "g", Text("Neighbours side by side", "相邻图块并排")),
        Symbol("side", "s", Text("Side of a group", "组的边长"), ("grouped",)),
        Symbol("w_1", "W_1", Text("Linear map", "线性映射")),
        Symbol(
            "phi", r"\varphi", Text("Pointwise non-linearity, where there are two maps", "逐元素非线性（有两个映射时）")
        ),
        Symbol("w_2", "W_2", Text("Second linear map, where there is one", "第二个线性映射（若有）")),
        Symbol("norm_out", r"\mathrm{Norm}_2", Text("Norm after, where there is one", "后置归一化（若有）")),
        Symbol("output", "y", Text("One token for each group", "每组一个词元")),
    ),
    patterns=tuple(Bind("output", one) for one in MERGED),
    output="output",
    reference=reference,
    matches=(
        _MERGER.format(name="Mlp", body="self.s(self.n(x).view(-1, self.w))"),
        _MERGER.format(name="Pool", body=f"self.b(self.m({_FOUR}))"),
        _MERGER.format(name="Other", body=f"self.k(self.b({_EVERY}))"),
        _MERGER.format(
            name="Unfold", body="self.b(torch.cat([F.unfold(i, kernel_size=self.z, stride=self.z).t() for i in x]))"
        ),
        _MERGER.format(name="Stack", body="self.b(F.pad(x, (0, 0, 0, 3)).reshape(2, -1, self.w))"),
        _MERGER.format(name="After", body="self.s(self.m(x.view(-1, self.w)))"),
    ),
    rejects=(
        # A plain network, also with its positions flattened; parts side by side that are not every second; windows
        # that overlap; rows that are filled up and stay rows.
        _MERGER.format(
            name="PatchMerger", body="self.b(torch.cat([F.unfold(i, kernel_size=self.z, stride=1).t() for i in x]))"
        ),
        _MERGER.format(name="PatchMerger", body="self.b(F.pad(x, (0, 0, 0, 3)))"),
        _MERGER.format(name="PatchMerger", body="self.s(x)"),
        _MERGER.format(name="PatchMerger", body="self.s(self.m(x))"),
        _MERGER.format(name="PatchMerger", body="self.f(self.n(x).reshape(-1, x.size(-1)))"),
        _MERGER.format(
            name="PatchMerger", body="self.b(self.m(torch.cat([x[:, :2], x[:, 2:4], x[:, 4:6], x[:, 6:]], -1)))"
        ),
    ),
)
