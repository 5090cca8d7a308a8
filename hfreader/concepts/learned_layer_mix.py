"""What all layers of a model hold, mixed by learned weights."""

from typing import Any

from hfreader.concepts.linear_maps import LEARNED
from hfreader.concepts.model import Citation, Concept, NotCovered, Symbol, Text
from hfreader.concepts.pattern import Anything, Bind, Op

ELMO = Citation(
    "Deep contextualized word representations",
    "Peters, Neumann, Iyyer, Gardner, Clark, Lee, Zettlemoyer",
    2018,
    "1802.05365",
    "§3.2, Eq. (1)",
)
WEIGHTS = Bind("share", Op(("softmax",), (Bind("weights", LEARNED),)))
LAYERS = Bind("layers", Anything())


def reference(weights: Any, share: Any, layers: Any, like: Any) -> dict[str, Any]:
    """sum_l s_l h_l with s = softmax(w). Shapes: w (L,), the layers (B, L, T, d) or (..., L, d), the result without the
    dimension of the layers."""
    s = weights.reshape(-1).softmax(0)
    axes = [axis for axis in range(layers.dim()) if layers.shape[axis] == s.numel()]
    results = [layers.movedim(axis, -1) @ s for axis in axes]
    fitting = [one for one in results if one.numel() == like.numel()]
    if len(fitting) != 1:
        raise NotCovered("which dimension holds the layers cannot be told by the sizes")
    return {"share": s.reshape(share.shape), "output": fitting[0].reshape(like.shape)}


_MIX = """
class {name}(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.w = nn.Parameter(torch.ones(c.n))
        self.l = nn.Linear(c.d, c.n)

    def forward(self, h):
        s = self.w.softmax(-1)
        return {body}
"""

CONCEPT = Concept(
    slug="learned-layer-mix",
    name=Text("Learned mix of layers", "可学习的层混合"),
    explanation=Text(
        "Lower layers of a model know other things than higher ones. The states of all layers are added with learned "
        "weights that sum to one, so that a task takes from each what it needs.",
        "模型的低层与高层包含不同的信息。各层的状态按可学习且和为一的权重相加，任务因而能从每一层取其所需。",
    ),
    citations=(ELMO,),
    equations=(r"\sym{output}=\sum_l\sym{share}_l\,\sym{layers}_l,\quad\sym{share}=\mathrm{softmax}(\sym{weights})",),
    symbols=(
        Symbol("layers", "h", Text("States of all layers", "所有层的状态")),
        Symbol("weights", "w", Text("A learned number for each layer", "每层一个可学习的数")),
        Symbol("share", "s", Text("Share of each layer", "每层的权重")),
        Symbol("output", "y", Text("The mix", "混合结果")),
    ),
    patterns=(
        Bind("output", Op(("sum",), (Op(("mul",), (LAYERS, WEIGHTS)),))),
        Bind("output", Op(("matmul",), (WEIGHTS, LAYERS))),
    ),
    output="output",
    reference=reference,
    matches=(
        _MIX.format(name="Norm", body="(h * s.view(-1, 1, 1)).sum(dim=1)"),
        _MIX.format(name="Other", body="(self.w.softmax(0) @ h).squeeze(-2)"),
    ),
    rejects=(
        # Weights that do not sum to one; weights of each input; nothing added.
        _MIX.format(name="Mix", body="(h * self.w.view(-1, 1, 1)).sum(dim=1)"),
        _MIX.format(name="Mix", body="(h * self.l(h).softmax(-1)).sum(dim=1)"),
        _MIX.format(name="Mix", body="h * s.view(-1, 1, 1)"),
    ),
)
