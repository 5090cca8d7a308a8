"""The mask of padded pixels brought to the size of a feature map."""

from typing import Any

from hfreader.concepts.model import Concept, Symbol, Text
from hfreader.concepts.papers import DETR
from hfreader.concepts.pattern import Anything, Bind, Both, Itself, Not, OneOf, Op
from hfreader.concepts.resizing import resized

# Told to be no picture by what is written: yes or no as numbers, resized, and made yes or no again.
GIVEN = Bind("mask", Op(("parameter",)))
NUMBERS = Op(("float",), (OneOf((GIVEN, Op(("item",), (GIVEN,)))),))
OTHER_RULE = Op(("interpolate",), keywords=(("mode", Anything()),))
RESIZED = Both(Itself(Op(("interpolate",), (NUMBERS,), keywords=(("size", Anything()),))), Not(OTHER_RULE))
AGAIN = Op(("to", "bool"), (Bind("output", RESIZED),))


def reference(mask: Any, like: Any) -> Any:
    """m_{floor(i H / H'), floor(j W / W')}. Shapes: mask (B, H, W) or (1, B, H, W), the result (1, B, H', W')."""
    mask = mask.to(like.dtype)
    return resized(mask if mask.dim() == like.dim() else mask[None], like)


_ENCODER = """
class {name}(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.a = nn.Conv2d(3, c.d, 3, 2)

    def forward(self, x, m):
        h = self.a(x)
        return h, {body}
"""

CONCEPT = Concept(
    slug="feature-map-mask",
    name=Text("Padding mask of a feature map", "特征图的填充掩码"),
    explanation=Text(
        "Pictures of a batch are padded to one size, and a mask says which pixels are real. Each feature map gets a "
        "mask of its own size, in which a position is real where its nearest pixel is.",
        "同批图像被填充到相同大小，掩码标出哪些像素是真实的。每个特征图得到与其同尺寸的掩码，"
        "某位置最近的像素真实，则该位置为真实。",
    ),
    citations=(DETR,),
    equations=(r"\sym{output}_{ij}=\sym{mask}_{\lfloor iH/H'\rfloor,\,\lfloor jW/W'\rfloor}",),
    symbols=(
        Symbol("mask", "m", Text("Which pixels are real", "哪些像素是真实的")),
        Symbol("output", "m'", Text("Which positions of the feature map are", "特征图的哪些位置是真实的")),
    ),
    patterns=(AGAIN,),
    output="output",
    reference=reference,
    matches=(
        _ENCODER.format(name="Norm", body="F.interpolate(m[None].float(), size=h.shape[-2:]).to(torch.bool)[0]"),
        _ENCODER.format(name="Other", body="F.interpolate(m[None].float(), size=h.shape[-2:]).bool()"),
    ),
    rejects=(
        # A picture resized, a mask by another rule of interpolation, one that stays a number.
        _ENCODER.format(name="ConvEncoder", body="F.interpolate(m, size=h.shape[-2:]).to(h.dtype)"),
        _ENCODER.format(name="ConvEncoder", body='F.interpolate(m.float(), size=(4, 4), mode="bilinear").bool()'),
        _ENCODER.format(name="ConvEncoder", body="F.interpolate(m[None].float(), size=h.shape[-2:])[0]"),
    ),
)
