"""Channels turned into pixels."""

from typing import Any

from hfreader.concepts.convolutions import convolution, convolved
from hfreader.concepts.model import Citation, Concept, Symbol, Text
from hfreader.concepts.pattern import Anything, Bind, Op

ESPCN = Citation(
    "Real-Time Single Image and Video Super-Resolution Using an Efficient Sub-Pixel Convolutional Neural Network",
    "Shi, Caballero, Huszár, Totz, Aitken, Bishop, Rueckert, Wang",
    2016,
    "1609.05158",
    "§3.1, Eq. (3), (4)",
)
FINE = Bind("z", convolution(Bind("x", Anything()), "w"))


def reference(x: Any, w: Any, z: Any, like: Any) -> dict[str, Any]:
    """PS(W * x + b)_{c, r i + a, r j + b'} = (W * x + b)_{c r r + r a + b', i, j}. Shapes: x (B, C, H, W), the result
    (B, C', r H, r W)."""
    size = like.shape[-1] // z.shape[-1]
    parts = z.reshape(*z.shape[:-3], -1, size, size, *z.shape[-2:])
    return {"z": convolved(x, w), "output": parts.movedim(-4, -2).movedim(-4, -1).reshape(like.shape)}


_UP = """
class {name}(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.a = nn.Conv2d(c.d, 4 * c.d, 3, 1, 1)
        self.s, self.u, self.p = nn.PixelShuffle(2), nn.PixelUnshuffle(2), nn.Upsample(scale_factor=2)

    def forward(self, x):
        return {body}
"""

CONCEPT = Concept(
    slug="pixel-shuffle",
    name=Text("Pixel shuffle upsampling", "像素重排上采样"),
    explanation=Text(
        "A picture becomes larger without interpolation: a convolution gives several channels for each pixel, and "
        "these are laid out side by side as the pixels of a square.",
        "不用插值就把图像放大：卷积为每个像素给出若干通道，再把这些通道排成一个小方块中的像素。",
    ),
    citations=(ESPCN,),
    equations=(r"\sym{output}_{c,\,ri+a,\,rj+b}=\sym{z}_{cr^2+ra+b,\,i,\,j},\quad\sym{z}=\sym{w}*\sym{x}+b",),
    symbols=(
        Symbol("x", "x", Text("The picture, or its features", "图像或其特征")),
        Symbol("w", "W", Text("The convolution", "卷积")),
        Symbol("z", "z", Text("Several channels for each pixel", "每个像素的若干通道")),
        Symbol("output", "y", Text("The larger picture", "放大后的图像")),
    ),
    patterns=(Bind("output", Op(("pixel_shuffle",), (FINE,))),),
    output="output",
    reference=reference,
    matches=(
        _UP.format(name="Norm", body="self.s(self.a(x))"),
        _UP.format(name="Other", body="F.relu(F.pixel_shuffle(self.a(x), 2))"),
    ),
    rejects=(
        # The other way; interpolation; a shuffle of what no convolution made.
        _UP.format(name="PixelShuffle", body="self.u(self.a(x))"),
        _UP.format(name="PixelShuffle", body="self.p(self.a(x))"),
        _UP.format(name="PixelShuffle", body="self.s(x)"),
    ),
)
