"""A linear map of what a model returns: projections into a shared space, heads of unusual sizes."""

from hfreader.concepts.class_pattern import All, Calls, Implements, IsKind
from hfreader.concepts.heads import CHOICE, EVERY, FIRST, MODEL, head_symbols, linear
from hfreader.concepts.linear_projection import DEEP_LEARNING
from hfreader.concepts.model import Concept, Text
from hfreader.concepts.pattern import LINEAR, Anything, Bind, Layer, Returned

SLUG = "linear-readout"

CONCEPT = Concept(
    slug=SLUG,
    kind="composition",
    otherwise=True,
    name=Text("Linear readout of a model", "模型输出的线性读出"),
    explanation=Text(
        "A linear map of what another model returns, and none of the heads with names of their own: a projection into "
        "a space that two models share, a score of an unusual kind.",
        "对另一模型的结果做一次线性映射，且不属于有专门名称的任务头：例如投影到两个模型共享的空间，或某种特殊的分数。",
    ),
    citations=(DEEP_LEARNING,),
    equations=(r"\sym{output}=\sym{h}\,\sym{w}+b",),
    symbols=head_symbols(
        Text("What the model returned", "模型返回的值"), Text("The learned linear map", "可学习的线性映射")
    ),
    patterns=(Returned(Bind("output", Layer(LINEAR, (Bind("h", Anything()),), "w"))),),
    class_patterns=(All((IsKind(("model",)), Implements((SLUG,)), Calls(classes=("transformers.",)))),),
    output="output",
    reference=linear,
    matches=(MODEL.format(name="Model", size="c.p", body=EVERY), MODEL.format(name="Model", size="2", body=FIRST)),
    rejects=(
        # Heads that have names; what is not linear.
        MODEL.format(name="Readout", size="c.num_labels", body=FIRST),
        MODEL.format(name="Readout", size="1", body=CHOICE),
        MODEL.format(name="Readout", size="c.p", body="return torch.tanh(self.w(self.m(ids)))"),
    ),
)
