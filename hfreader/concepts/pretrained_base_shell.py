"""The base class that the models of a family share."""

from hfreader.concepts.class_pattern import All, Has, IsKind, Not
from hfreader.concepts.model import Concept, Text

CONCEPT = Concept(
    slug="pretrained-base-shell",
    kind="structure",
    name=Text("Pretrained base class", "预训练基类外壳"),
    explanation=Text(
        "A PreTrainedModel without a forward of its own: it holds what the models of a family share, such as how "
        "weights are initialised, which layers must stay on one device and which attention kernels may be chosen. "
        "It computes nothing.",
        "没有自己的 forward 的 PreTrainedModel："
        "它保存一个模型家族共有的东西，如权重的初始化、哪些层必须放在同一设备上、"
        "可以选用哪些注意力内核。它不做任何计算。",
    ),
    citations=(),
    class_patterns=(All((IsKind(("model",)), Not(Has(("forward",))))),),
    matches=(
        """
class Encoder(PreTrainedModel):
    base_model_prefix = "e"
    _no_split_modules = ["Block"]

    def _init_weights(self, module):
        pass
""",
    ),
    rejects=(
        # A model that computes; a model that inherits its forward; a plain module without a forward.
        """
class PreTrained(PreTrainedModel):
    def forward(self, x):
        return x * 2
""",
        """
class Model(PreTrainedModel):
    def forward(self, x):
        return x * 2

class PreTrained(Model):
    pass
""",
        """
class PreTrained(nn.Module):
    def encode(self, x):
        return x * 2
""",
    ),
)
