"""Classification of a whole sequence, image or sound."""

from hfreader.concepts.heads import (
    AVERAGE,
    EVERY,
    FIRST,
    LAST,
    MODEL,
    SQUASHED,
    head_symbols,
    linear,
    pooled,
    role,
    scores,
)
from hfreader.concepts.model import Concept, Text
from hfreader.concepts.papers import BERT, VIT, at
from hfreader.concepts.pattern import LINEAR, Bind, Layer, Returned

HEAD = """
class Head(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.a, self.b = nn.Linear(c.d, c.d), nn.Linear(c.d, c.k)

    def forward(self, h):
        return self.b(F.dropout(torch.tanh(self.a(h)), p=0.1))
"""

CONCEPT = Concept(
    slug="pooled-classification-head",
    kind="composition",
    name=Text("Pooled classification head", "池化分类头"),
    explanation=Text(
        "One vector for the whole input, such as the first position or the mean over positions, through a "
        "linear map to one "
        "score per class.",
        "用一个向量表示整个输入（如第一个位置或各位置的平均），经线性映射得到每个类别的分数。",
    ),
    citations=(
        at(BERT, "§4.1"),
        at(VIT, "Eq. (4)"),
    ),
    equations=(r"\sym{output}=\sym{h}\,\sym{w}+b,\quad p(c\mid x)=\mathrm{softmax}(\sym{output})_c",),
    symbols=head_symbols(
        Text("The pooled hidden state", "池化后的隐状态"), Text("One column per class", "每个类别一列")
    ),
    patterns=(
        Returned(scores(pooled(), "num_labels")),
        Returned(Bind("output", Layer(LINEAR, (Bind("h", SQUASHED),), "w"))),
    ),
    class_patterns=role("pooled-classification-head"),
    output="output",
    reference=linear,
    matches=(
        HEAD,
        MODEL.format(name="Model", size="c.num_labels", body=FIRST),
        MODEL.format(name="Model", size="c.num_labels", body=AVERAGE),
    ),
    rejects=(
        MODEL.format(name="PooledClassifier", size="c.num_labels", body=EVERY),
        MODEL.format(name="PooledClassifier", size="c.vocab_size", body=FIRST),
        MODEL.format(name="PooledClassifier", size="c.num_labels", body=LAST),
    ),
)
