"""A spectrogram made shorter by convolutions, its channels and frequencies as one vector."""

from typing import Any

from hfreader.concepts.linear_maps import affine
from hfreader.concepts.model import Concept, NotCovered, Symbol, Text
from hfreader.concepts.papers import CONFORMER, at
from hfreader.concepts.pattern import CONVOLUTION, LINEAR, Anything, Bind, Both, Branch, Layer, Op, Returned

MAP = Bind("z", Both(Branch(source=Op(("parameter",)), applies=CONVOLUTION), Anything()))
ROWS = Bind("rows", Op(("reshape", "view"), (Op(("permute", "transpose"), (MAP,)),)))


def reference(z: Any, rows: Any, w: Any) -> dict[str, Any]:
    """W vec(z_t) + b. Shapes: z (B, C, T, F), the rows (B, T, C F) or (B, T, F C), the result (B, T, d)."""
    if z.dim() != 4 or rows.dim() != 3:
        raise NotCovered("not a map of channels, times and frequencies")
    # Whether channels or frequencies come first is the code's choice.
    orders = [z.transpose(1, 2).flatten(2), z.permute(0, 2, 3, 1).flatten(2)]
    nearest = min(orders, key=lambda one: float((one - rows).abs().sum()) if one.shape == rows.shape else float("inf"))
    return {"rows": nearest, "output": affine(rows, w)}


_SUBSAMPLING = """
class {name}(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.a, self.b = nn.Conv2d(1, c.d, 3, 2), nn.Conv2d(c.d, c.d, 3, 2)
        self.w = nn.Linear(c.d * c.f, c.e)

    def forward(self, x):
        z = F.relu(self.b(F.relu(self.a(x.unsqueeze(1)))))
        {body}
"""

CONCEPT = Concept(
    slug="audio-subsampling",
    name=Text("Convolutional subsampling of sound", "声音的卷积下采样"),
    explanation=Text(
        "A spectrogram goes through strided convolutions over time and frequency, which leave a fraction of the "
        "moments. What all channels and frequencies hold at one moment becomes one vector, and a linear map brings it "
        "to the width of the encoder.",
        "声谱图经过时间与频率上的带步幅卷积，时刻数减为几分之一。每个时刻的所有通道与频率合为一个向量，"
        "再由线性映射变到编码器的宽度。",
    ),
    citations=(at(CONFORMER, "§2"),),
    equations=(r"\sym{output}_t=\sym{rows}_t\,\sym{w}+b,\quad\sym{rows}_t=\mathrm{vec}(\sym{z}_{:,t,:})",),
    symbols=(
        Symbol("z", "z", Text("Feature map of channels, times and frequencies", "通道、时刻与频率的特征图")),
        Symbol("rows", "r", Text("One vector for each moment", "每个时刻一个向量")),
        Symbol("w", "W", Text("Linear map", "线性映射")),
        Symbol("output", "y", Text("The shorter sequence", "缩短后的序列")),
    ),
    patterns=(Returned(Bind("output", Layer(LINEAR, (ROWS,), "w"))),),
    output="output",
    reference=reference,
    matches=(
        _SUBSAMPLING.format(name="Norm", body="return self.w(z.transpose(1, 2).reshape(z.shape[0], z.shape[2], -1))"),
        _SUBSAMPLING.format(
            name="Other", body="return self.w(z.permute(0, 2, 3, 1).contiguous().view(z.shape[0], z.shape[2], -1)), x"
        ),
    ),
    rejects=(
        # No convolution; no vector of all channels; a picture as one vector.
        _SUBSAMPLING.format(name="Subsampling", body="return self.w(x.transpose(1, 2).reshape(2, 3, -1))"),
        _SUBSAMPLING.format(name="Subsampling", body="return self.w(z)"),
        _SUBSAMPLING.format(name="Subsampling", body="return self.w(z.flatten(1))"),
    ),
)
