"""What necks and heads of dense prediction do: resize feature maps and join them."""

from typing import Any

from hfreader.concepts.convolutions import arranged, convolution, convolved
from hfreader.concepts.model import Citation, Concept, NotCovered, Symbol, Text
from hfreader.concepts.papers import DPT, at
from hfreader.concepts.pattern import Anything, Bind, Both, Not, Op, Returned
from hfreader.concepts.resizing import interpolation, resized

FPN = Citation(
    "Feature Pyramid Networks for Object Detection",
    "Lin, Dollár, Girshick, He, Hariharan, Belongie",
    2016,
    "1612.03144",
    "§3",
)
RAISED = interpolation(Bind("x", Anything()))
# Still a map of the same picture: nothing in it was moved to where something else was.
IN_PLACE = Both(Not(Op(("permute", "transpose"))), RAISED)
# Another map of the same picture: not one that is resized itself.
FINER = Both(Not(Op(("interpolate",))), Anything())


def reference(
    x: Any,
    like: Any,
    raised: Any = None,
    lateral: Any = None,
    before: Any = None,
    beside: Any = None,
    w: Any = None,
    mode: Any = None,
    align: Any = None,
    scale: Any = None,
) -> dict[str, Any]:
    """Up(x), C + Up(x), [C; Up(x)] or W * Up(x). Shapes: x (B, C, h, w), the finer map and the result (B, C', H, W)."""
    if raised is None:
        return {"output": resized(x, like, mode, align, scale)}
    value = resized(x, raised, mode, align, scale)
    if before is not None or beside is not None:
        return {"raised": value, "output": _side_by_side(before, raised, like) + _side_by_side(raised, beside, like)}
    joined = raised if lateral is None else raised + lateral
    return {"raised": value, "output": joined if w is None else arranged(convolved(joined, w), like)}


def _side_by_side(first: Any, second: Any, like: Any) -> Any:
    """The channels of two maps; zero where there are not two."""
    both = like.new_zeros(like.shape)
    if first is None or second is None:
        return both
    if first.shape[1] + second.shape[1] != like.shape[1]:
        raise NotCovered("other things than two maps are side by side")
    both[:, : first.shape[1]], both[:, first.shape[1] :] = first, second
    return both


_HEAD = """
class {name}(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.a = nn.Conv2d(c.d, c.d, 3, padding=1)
        self.p = nn.Parameter(torch.zeros(1, c.d, 7, 7))
        self.u = nn.Upsample(scale_factor=2, mode="bilinear", align_corners=False)

    def forward(self, x, y):
        u = F.interpolate(x, size=y.shape[-2:], mode="bilinear", align_corners=False)
        return {body}
"""

CONCEPT = Concept(
    slug="dense-prediction-head",
    name=Text("Upsampling and fusion of feature maps", "特征图上采样与融合（密集预测头）"),
    explanation=Text(
        "Coarse feature maps are brought to the size of finer ones by interpolation, and added to them, put beside "
        "them or convolved. Necks and heads that predict something for every pixel are made of such steps.",
        "用插值把粗特征图变到更细特征图的尺寸，再与之相加、拼接或做卷积。对每个像素做预测的颈部与头部由这样的步骤组成。",
    ),
    citations=(FPN, at(DPT, "§3")),
    equations=(
        r"\sym{output}=\sym{lateral}+\sym{raised},\quad\text{or }\sym{output}=\sym{w}*\sym{raised}+b",
        r"\text{or }\sym{output}=[\sym{before};\,\sym{raised}],\ [\sym{raised};\,\sym{beside}]",
        r"\sym{raised}=\mathrm{Up}(\sym{x})",
    ),
    symbols=(
        Symbol("x", "P_{l+1}", Text("The coarse feature map", "较粗的特征图")),
        Symbol("raised", r"\mathrm{Up}(P_{l+1})", Text("The same at the finer size", "放大后的特征图")),
        Symbol("lateral", "C_l", Text("The finer feature map, where one is added", "较细的特征图（若相加）")),
        Symbol("before", "C_l'", Text("The finer feature map, where it stands before", "较细的特征图（若拼接在前）")),
        Symbol("beside", "C_l''", Text("The finer feature map, where it stands after", "较细的特征图（若拼接在后）")),
        Symbol("w", "W", Text("A convolution, where one follows", "其后的卷积（若有）")),
        Symbol("mode", r"\mathrm{mode}", Text("Nearest value, or linear between values", "最近邻或线性"), ("raised",)),
        Symbol("align", r"\mathrm{align}", Text("Whether corners stay in place", "是否对齐角点"), ("raised",)),
        Symbol("scale", "s", Text("How many times as large", "放大倍数"), ("raised",)),
        Symbol("output", "P_l", Text("The result", "结果")),
    ),
    patterns=(
        Bind("output", Op(("add",), (Bind("raised", RAISED), Bind("lateral", Anything())))),
        Bind("output", convolution(Bind("raised", IN_PLACE), "w")),
        Bind("output", Op(("cat",), (Bind("raised", RAISED), Bind("beside", FINER)))),
        Bind("output", Op(("cat",), (Bind("before", FINER), Bind("raised", RAISED)))),
        Returned(Bind("output", RAISED)),
    ),
    output="output",
    reference=reference,
    matches=(
        _HEAD.format(name="Block", body="self.a(y) + u"),
        _HEAD.format(name="Up", body="self.a(F.interpolate(x, scale_factor=2.0))"),
        _HEAD.format(name="Pool", body="u"),
        _HEAD.format(name="Beside", body="torch.cat([u, self.a(y)], dim=1)"),
        _HEAD.format(name="Module", body="self.u(x)"),
    ),
    rejects=(
        # Learned positions; maps of one size; a resized map that only a loss sees.
        _HEAD.format(name="FPN", body="x + F.interpolate(self.p, size=(4, 4))"),
        _HEAD.format(name="FPN", body="self.a(x) + y"),
        _HEAD.format(name="FPN", body="torch.cat([self.a(x), y], dim=1)"),
        _HEAD.format(name="FPN", body="(u - y).abs().mean()"),
        # A resized map that is folded into another shape.
        _HEAD.format(name="Up", body="self.a(u.permute(0, 1, 3, 2).reshape(y.shape))"),
    ),
    hints=frozenset({"mode", "align", "scale"}),
)
