"""The records that models return."""

from hfreader.concepts.class_pattern import IsKind
from hfreader.concepts.model import Concept, Text

CONCEPT = Concept(
    slug="output-dataclass",
    kind="structure",
    name=Text("Model output record", "输出数据类"),
    explanation=Text(
        "A ModelOutput: a dataclass that names what a model returns. It can be read by name, by key or by index, and "
        "fields that are None are left out of the latter two.",
        "ModelOutput 数据类：为模型返回的各个值命名。"
        "可以按名称、按键或按序号读取，值为 None 的字段在后两种方式中被略去。",
    ),
    citations=(),
    class_patterns=(IsKind(("output",)),),
    matches=(
        """
class Result(ModelOutput):
    loss: torch.Tensor | None = None
    logits: torch.Tensor | None = None
""",
    ),
    rejects=(
        # A module that ends a sub-layer, as BERT's are called.
        """
class BertOutput(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.a = nn.Linear(c.e, c.d)

    def forward(self, h, r):
        return self.a(h) + r
""",
    ),
)
