"""A model put together from parts that do the work."""

from hfreader.concepts.class_pattern import All, Calls, Computes, Implements, IsKind, Not
from hfreader.concepts.model import Concept, Text
from hfreader.concepts.papers import TRANSFORMER, at

SLUG = "model-assembly"
PARTS = (SLUG, "layer-stack", "encoder-decoder-model", "multimodal-token-merge", "contrastive-dual-encoder")

# What the parts compute together has a name of its own.
NAMED = Implements(
    (
        "position-wise-ffn",
        "gated-ffn",
        "multi-head-self-attention",
        "multi-head-cross-attention",
        "linear-projection",
        "time-series-patches",
    )
)

PARTED = """
class Layer(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.a = nn.Linear(c.d, c.d)

    def forward(self, x):
        return x + torch.tanh(self.a(x))

class Stack(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.s = nn.ModuleList([Layer(c) for _ in range(c.n)])

    def forward(self, x):
        for one in self.s:
            x = one(x)
        return x

class Up(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.l = nn.Linear(c.d, c.e)

    def forward(self, x):
        return F.gelu(self.l(x))

class Down(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.l = nn.Linear(c.e, c.d)

    def forward(self, x):
        return self.l(x)

class {name}(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.s, self.a = Stack(c), Layer(c)
        self.u, self.d = Up(c), Down(c)

    def forward(self, x, mask=None):
        {body}
"""

CONCEPT = Concept(
    slug=SLUG,
    kind="composition",
    name=Text("Assembly of parts", "部件装配"),
    explanation=Text(
        "A class that hands its input from part to part, such as embeddings, encoder and pooler, or passes on what one "
        "part returns. What is computed, the parts compute.",
        "把输入依次交给各个部分（如嵌入、编码器、池化）的类，或原样转交某一部分的结果。计算都在各个部分里进行。",
    ),
    citations=(at(TRANSFORMER, "§3"),),
    equations=(r"y=\mathrm{Pool}(\mathrm{Enc}(\mathrm{Emb}(x)))",),
    class_patterns=(
        All((IsKind(("module", "model")), Calls(), Not(Computes()), Not(NAMED))),
        Calls(concepts=PARTS),
        # A backbone that only the configuration knows, around which little is done.
        All((IsKind(("model",)), Calls(returned=True))),
    ),
    otherwise=True,
    matches=(
        PARTED.format(name="Head", body="return self.a(self.s(x))"),
        PARTED.format(name="Layer2", body="return self.s(x * (1 - mask))"),
    ),
    rejects=(
        # A layer between others computes itself; a stack is more than an assembly; a feed-forward network has a name.
        PARTED.format(name="Model", body="return self.d(self.u(x))"),
        PARTED.format(name="Model", body="return x + self.a(x)"),
        PARTED.format(name="Model", body="return torch.tanh(x)"),
    ),
)
