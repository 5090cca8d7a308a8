"""Word vectors multiplied by a constant."""

from typing import Any

from hfreader.concepts.learned_position_embedding import POSITIONS
from hfreader.concepts.model import Concept, Symbol, Text
from hfreader.concepts.papers import TRANSFORMER, at
from hfreader.concepts.pattern import EMBEDDING, Anything, Bind, Both, Layer, Not, NotPartOf, OneOf, Op, Scalar

CONSTANT = OneOf((Scalar(), Op(("tensor",), (Scalar(),))))
LOOKUP = Layer(EMBEDDING, (Bind("tokens", Both(Not(POSITIONS), Anything())),), "table")
# A table of relative positions is looked up too, and then compared with queries.
COMPARED = Op(("matmul", "einsum"))


def reference(tokens: Any, table: Any, scale: Any) -> Any:
    """scale * E[x]. Shapes: ids (...), table (vocabulary, d); the result is (..., d)."""
    return table.weight[tokens] * scale


_TABLE = """
class {name}(nn.Embedding):
    def __init__(self, n, d, scale=1.0):
        super().__init__(n, d)
        self.s = scale
        self.b = nn.Buffer(torch.tensor(scale), persistent=False)
        self.p = nn.Parameter(torch.ones(d))

    def forward(self, x):
        return {body}
"""

CONCEPT = Concept(
    slug="scaled-token-embedding",
    name=Text("Scaled token embedding", "缩放词嵌入"),
    explanation=Text(
        "Word vectors are multiplied by a constant as they enter the model: in the paper, by the root of their size. "
        "The table is shared with the output, where smaller numbers are wanted than beside position encodings.",
        "词向量进入模型时乘以常数，论文中是其维数的平方根。词表与输出共享，那里需要的数值比与位置编码相加时小。",
    ),
    citations=(at(TRANSFORMER, "§3.4"),),
    equations=(r"\sym{output}=\sym{scale}\,\sym{table}_{\sym{tokens}},\qquad\sym{scale}=\sqrt{d_{\mathrm{model}}}",),
    symbols=(
        Symbol("tokens", "x", Text("Token ids", "词元编号")),
        Symbol("table", "E", Text("One vector per word of the vocabulary", "每个词一个向量")),
        Symbol("scale", r"\sqrt{d}", Text("The constant", "常数")),
        Symbol("output", "e", Text("What enters the first layer", "进入第一层的向量")),
    ),
    patterns=(Bind("output", NotPartOf(Op(("mul",), (LOOKUP, Bind("scale", CONSTANT))), COMPARED)),),
    output="output",
    reference=reference,
    matches=(
        _TABLE.format(name="Position", body="super().forward(x) * self.s"),
        _TABLE.format(name="Cast", body="super().forward(x) * self.b.to(self.weight.dtype)"),
        """
class Model(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.e = nn.Embedding(c.v, c.d)
        self.d = c.d

    def forward(self, x=None, y=None):
        if y is None:
            y = self.e(x)
        return y * torch.tensor(self.d**0.5, dtype=y.dtype)
""",
    ),
    rejects=(
        # Not scaled; scaled by what is learned; positions.
        _TABLE.format(name="ScaledWordEmbedding", body="super().forward(x)"),
        _TABLE.format(name="ScaledWordEmbedding", body="super().forward(x) * self.p"),
        _TABLE.format(name="ScaledWordEmbedding", body="super().forward(torch.arange(x.shape[1])) * self.s"),
        _TABLE.format(name="ScaledWordEmbedding", body="super().forward(x) + self.s"),
        _TABLE.format(name="ScaledWordEmbedding", body="torch.einsum('d,nd->n', self.p, super().forward(x) * self.s)"),
    ),
)
