"""A model with one answer for every pixel: segmentation, depth, keypoints."""

from hfreader.concepts.class_pattern import All, Any, Calls, Implements, IsKind, Not, Uses
from hfreader.concepts.model import Citation, Concept, Text
from hfreader.concepts.papers import DPT, at

SLUG = "dense-prediction-model"
RESAMPLES = Uses(("interpolate", "pixel_shuffle", "grid_sample", "conv_transpose2d"))
# Others resize as well: an encoder its input, a detector or a pair of encoders what stands beside their answer.
OTHERS = Implements(("layer-stack", "set-prediction-detection", "contrastive-dual-encoder"))
FCN = Citation(
    "Fully Convolutional Networks for Semantic Segmentation", "Long, Shelhamer, Darrell", 2014, "1411.4038", "§4"
)

_MODEL = """
class Encoder(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.c = nn.Conv2d(3, c.d, 3, stride=2)

    def forward(self, x):
        return F.relu(self.c(x))

class Head(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.c = nn.Conv2d(c.d, c.n, 1)

    def forward(self, x):
        return self.c(F.interpolate(x, scale_factor=2, mode="bilinear"))

class Stack(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.s, self.n = nn.ModuleList([Encoder(c) for _ in range(c.n)]), nn.LayerNorm(c.d)

    def forward(self, x):
        x = F.interpolate(x, scale_factor=2, mode="bilinear")
        for one in self.s:
            x = one(x)
        return self.n(x)

class {name}({base}):
    def __init__(self, c):
        super().__init__()
        self.e, self.h, self.s = Encoder(c), Head(c), Stack(c)

    def forward(self, x):
        {body}
"""

CONCEPT = Concept(
    slug=SLUG,
    kind="composition",
    name=Text("Dense prediction model", "密集预测模型"),
    explanation=Text(
        "A backbone gives features at one or several resolutions, a neck brings them together, and a head answers for "
        "every pixel: a class, a depth, a point of interest.",
        "骨干网络给出一种或多种分辨率的特征，颈部把它们汇合，头部为每个像素给出结果：类别、深度或关键点。",
    ),
    citations=(FCN, at(DPT, "§3")),
    equations=(r"\hat{Y}=\mathrm{Head}(\mathrm{Neck}(\{F_l\}))",),
    class_patterns=(
        All(
            (
                IsKind(("model",)),
                Calls(),
                Not(OTHERS),
                Any(
                    (
                        All((RESAMPLES, Calls(returned=True))),
                        Calls(returned=True, child=All((RESAMPLES, Not(OTHERS)))),
                    )
                ),
            )
        ),
    ),
    matches=(_MODEL.format(name="Model", base="PreTrainedModel", body="return self.h(self.e(x))"),),
    rejects=(
        # One answer for the whole picture; a module; an encoder that resizes its input.
        _MODEL.format(name="Segmentation", base="PreTrainedModel", body="return self.e(x).mean((2, 3))"),
        _MODEL.format(name="Segmentation", base="nn.Module", body="return self.h(self.e(x))"),
        _MODEL.format(name="Segmentation", base="PreTrainedModel", body="return self.s(x)"),
    ),
)
