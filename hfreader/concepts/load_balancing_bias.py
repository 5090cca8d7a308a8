"""A number for each expert that evens out how often they are chosen."""

from typing import Any

from hfreader.concepts.model import Citation, Concept, Symbol, Text
from hfreader.concepts.pattern import Anything, Bind, Direct, Op, Returned

LOSS_FREE = Citation(
    "Auxiliary-Loss-Free Load Balancing Strategy for Mixture-of-Experts",
    "Wang, Gao, Zhao, Sun, Dai",
    2024,
    "2408.15664",
    "§3, Eq. (3)",
)
# It begins at zero, and no gradient moves it: it is raised and lowered by how often the expert was chosen.
KEPT = Op(("learned",), (Direct(Op(("zeros",))),), keywords=(("requires_grad", Anything()),))


def reference(scores: Any, bias: Any) -> Any:
    """s_i + b_i for each expert i. Shapes: the scores (..., experts), the biases (experts,) or (1, experts)."""
    return scores + bias.reshape(-1)


_BIAS = """
class {name}(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.b = nn.Parameter(torch.zeros(1, c.n), requires_grad=False)
        self.l = nn.Parameter(torch.zeros(1, c.n))
        self.p = nn.Parameter(torch.sin(torch.arange(c.n)), requires_grad=False)

    def forward(self, s):
        return {body}
"""

CONCEPT = Concept(
    slug="load-balancing-bias",
    name=Text("Load-balancing bias of experts", "专家负载均衡偏置"),
    explanation=Text(
        "Before the best experts are chosen, a number is added to the score of each. No gradient learns it: it goes up "
        "for experts that are chosen too rarely and down for those chosen too often, so that no loss is needed.",
        "在选择最优专家之前，给每个专家的分数加上一个数。它不由梯度学习：被选得太少的专家调高，太多的调低，因而不需要额外损失。",
    ),
    citations=(LOSS_FREE,),
    equations=(r"\sym{output}_i=\sym{scores}_i+\sym{bias}_i",),
    symbols=(
        Symbol("scores", "s", Text("Scores of the experts", "各专家的分数")),
        Symbol("bias", "b", Text("What is added to each", "各自加上的数")),
        Symbol("output", "s'", Text("Scores by which experts are chosen", "用于选择专家的分数")),
    ),
    patterns=(Returned(Bind("output", Op(("add",), (Bind("scores", Op(("parameter",))), Bind("bias", KEPT))))),),
    output="output",
    reference=reference,
    matches=(_BIAS.format(name="Norm", body="s + self.b.squeeze()"),),
    rejects=(
        # A shift that is learned; fixed positions; a factor; scores of something computed.
        _BIAS.format(name="Bias", body="s + self.p"),
        _BIAS.format(name="Bias", body="s + self.l.squeeze()"),
        _BIAS.format(name="Bias", body="s * self.b"),
        _BIAS.format(name="Bias", body="s.sigmoid() + self.b"),
    ),
)
