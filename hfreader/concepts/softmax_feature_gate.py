"""A gate that shares one unit of weight among the features of a vector."""

from typing import Any

from hfreader.concepts.attention_heads import mapped
from hfreader.concepts.attentions import LAST
from hfreader.concepts.model import Citation, Concept, Symbol, Text
from hfreader.concepts.pattern import LINEAR, Anything, Bind, Layer, Op

X = Bind("x", Anything())


def reference(x: Any, w: Any) -> Any:
    """x * softmax(x W), of any shape (..., d)."""
    raw = mapped(x, w).exp()
    return x * raw / raw.sum(-1, keepdim=True)


CONCEPT = Concept(
    slug="softmax-feature-gate",
    name=Text("Gated attention over features", "特征上的门控注意力"),
    explanation=Text(
        "A linear map of a vector, followed by a softmax over its features, says how much each feature counts; the "
        "vector is multiplied by these weights. Unimportant features are damped, and no position looks at another.",
        "对向量做线性映射，再对特征做 softmax，得到每个特征的权重，"
        "与向量逐元素相乘。不重要的特征被削弱；各位置互不查看。",
    ),
    citations=(
        Citation(
            "TSMixer: Lightweight MLP-Mixer Model for Multivariate Time Series Forecasting",
            "Ekambaram, Jati, Nguyen, Sinthong, Kalagnanam",
            2023,
            "2306.09364",
            "gated attention",
        ),
    ),
    equations=(r"\sym{output}=\sym{x}\odot\mathrm{softmax}(\sym{x}\,\sym{w})",),
    symbols=(
        Symbol("x", "x", Text("The input", "输入")),
        Symbol("w", "W", Text("The linear map that scores the features", "给特征打分的线性映射")),
        Symbol("output", "y", Text("The input with its features weighted", "特征加权后的输入")),
    ),
    patterns=(
        Bind(
            "output",
            Op(("mul",), (X, Op(("softmax",), (Layer(LINEAR, (X,), "w"),), keywords=(("dim", LAST),)))),
        ),
    ),
    output="output",
    reference=reference,
    matches=(
        """
class Mixer(nn.Module):
    def __init__(self, a, b):
        super().__init__()
        self.w, self.s = nn.Linear(a, b), nn.Softmax(dim=-1)

    def forward(self, x):
        return x * self.s(self.w(x))
""",
    ),
    rejects=(
        # A sigmoid in its place; weights of another vector; a softmax over positions.
        """
class GatedAttention(nn.Module):
    def __init__(self, a):
        super().__init__()
        self.attn_layer = nn.Linear(a, a)

    def forward(self, x):
        return x * torch.sigmoid(self.attn_layer(x))
""",
        """
class GatedAttention(nn.Module):
    def __init__(self, a):
        super().__init__()
        self.attn_layer = nn.Linear(a, a)

    def forward(self, x, y):
        return y * F.softmax(self.attn_layer(x), dim=-1)
""",
        """
class GatedAttention(nn.Module):
    def __init__(self, a):
        super().__init__()
        self.attn_layer = nn.Linear(a, a)

    def forward(self, x):
        return x * F.softmax(self.attn_layer(x), dim=-2)
""",
    ),
)
