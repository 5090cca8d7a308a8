"""Detection as the prediction of a set, as in DETR: every query names a class and a box."""

from typing import Any as Value

from hfreader.concepts.class_pattern import All, Any, Calls, Implements, IsKind, Not
from hfreader.concepts.model import Concept, Symbol, Text
from hfreader.concepts.papers import DETR, at
from hfreader.concepts.pattern import Anything, Bind, Both, Branch, Op, Returned

SLUG = "set-prediction-detection"
RAW = Bind("raw", Both(Branch(source=Bind("h", Anything())), Anything()))


def reference(raw: Value) -> Value:
    """sigmoid(b), the box as fractions of the image. Shapes: b and the result (B, queries, 4)."""
    return raw.sigmoid()


_MODEL = """
class Layer(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.a = nn.Linear(c.d, c.d)

    def forward(self, x):
        return x + torch.tanh(self.a(x))

class Decoder(PreTrainedModel):
    def __init__(self, c):
        super().__init__(c)
        self.s = nn.ModuleList([Layer(c) for _ in range(c.n)])

    def forward(self, x):
        for one in self.s:
            x = one(x)
        return x

class {name}({base}):
    def __init__(self, c):
        super().__init__()
        self.m, self.k, self.b = nn.Linear(c.d, c.d), nn.Linear(c.d, c.n), nn.Linear(c.d, 4)
        self.d = Decoder(c)

    def forward(self, x):
        h = torch.tanh(self.m(x))
        {body}
"""

CONCEPT = Concept(
    slug=SLUG,
    kind="composition",
    name=Text("Set-prediction detection", "集合预测检测"),
    explanation=Text(
        "A fixed number of queries each predict a class, or none, and a box in fractions of the image. In training the "
        "predictions are matched one to one with the objects, so that no object is found twice.",
        "固定数目的查询各自预测一个类别（或无）和一个以图像比例表示的框。训练时预测与目标一一匹配，"
        "因而同一目标不会被重复检出。",
    ),
    citations=(at(DETR, "§3.1, Eq. (1), (2)"),),
    equations=(
        r"\sym{output}=\sigma(\sym{raw}(\sym{h})),\quad\hat{p}=\mathrm{softmax}(\sym{h}\,W+b)",
        r"\hat{\sigma}=\arg\min_{\sigma}\sum_i\mathcal{L}_{\mathrm{match}}(y_i,\hat{y}_{\sigma(i)})",
    ),
    symbols=(
        Symbol("h", "h", Text("Hidden states of the queries", "查询的隐状态")),
        Symbol("raw", "b", Text("The box before the sigmoid", "sigmoid 之前的框")),
        Symbol("output", r"\hat{b}", Text("Centre and size as fractions of the image", "以图像比例表示的中心与大小")),
    ),
    patterns=(Returned(Bind("output", Op(("sigmoid",), (RAW,)))),),
    class_patterns=(
        All(
            (
                IsKind(("model",)),
                Implements((SLUG,)),
                # What runs the decoder itself makes first guesses for its queries.
                Not(Calls(concepts=("layer-stack",), child=IsKind(("model",)))),
                Any(
                    (
                        Calls(classes=("torch.nn.Linear",), returned=True),
                        Calls(concepts=("encoder-decoder-model", "model-assembly")),
                    )
                ),
            )
        ),
    ),
    output="output",
    reference=reference,
    matches=(_MODEL.format(name="Model", base="PreTrainedModel", body="return self.k(h), self.b(h).sigmoid()"),),
    rejects=(
        # A gate in a module; scores alone; no sigmoid; first guesses of a model that runs its decoder.
        _MODEL.format(name="Detection", base="nn.Module", body="return self.k(h), self.b(h).sigmoid()"),
        _MODEL.format(name="Detection", base="PreTrainedModel", body="return self.k(h)"),
        _MODEL.format(name="Detection", base="PreTrainedModel", body="return self.k(h), self.b(h)"),
        _MODEL.format(
            name="Detection", base="PreTrainedModel", body="return self.d(h), self.k(h), self.b(h).sigmoid()"
        ),
    ),
)
