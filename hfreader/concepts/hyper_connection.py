"""Hyper-connections: several residual streams, collapsed before a layer and mixed after it."""

from typing import Any

from hfreader.concepts.model import Citation, Concept, Symbol, Text
from hfreader.concepts.pattern import Anything, Bind, Both, DerivedFrom, Number, Op

HYPER = Citation("Hyper-Connections", "Zhu et al.", 2024, "2409.19606")
MHC = Citation("mHC: Manifold-Constrained Hyper-Connections", "DeepSeek-AI", 2025, "2512.24880")
WEIGHTS = Both(DerivedFrom(("sigmoid", "softmax"), ("add", "mul")), Anything())
WEIGHTED = Op(("mul",), (Bind("weights", WEIGHTS), Bind("streams", Anything())))


def reference(weights: Any, streams: Any) -> Any:
    """sum_i a_i h_i. Shapes: a (B, T, n, 1), the streams (B, T, n, d), the result (B, T, d)."""
    return (weights * streams).sum(2)


_STREAMS = """
class {name}(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.w, self.s = nn.Linear(c.n * c.d, c.n), nn.Parameter(torch.ones(1))

    def forward(self, x):
        a = {weights}
        return {body}
"""
_LEARNED = "torch.sigmoid(self.w(x.flatten(2)) * self.s) + 1e-6"

CONCEPT = Concept(
    slug="hyper-connection",
    name=Text("Hyper-connection", "超连接"),
    explanation=Text(
        "The residual path carries several streams. Weights computed from the streams collapse them into the input of "
        "a layer, and others spread its output over them again.",
        "残差通路由多条流组成。由这些流算出的权重把它们合并为一层的输入，另一些权重再把该层的输出分配回各条流。",
    ),
    citations=(HYPER, MHC),
    equations=(r"\sym{output}=\sum_i\sym{weights}_i\,\sym{streams}_i",),
    symbols=(
        Symbol("streams", "H", Text("The residual streams", "各条残差流")),
        Symbol("weights", "a", Text("One weight per stream, computed from them", "由各流算出的权重，每条一个")),
        Symbol("output", "h", Text("The input of the layer", "该层的输入")),
    ),
    patterns=(Bind("output", Op(("sum",), (WEIGHTED,), keywords=(("dim", Number(2)),))),),
    output="output",
    reference=reference,
    matches=(_STREAMS.format(name="Head", weights=_LEARNED, body="(a.unsqueeze(-1) * x).sum(dim=2)"),),
    rejects=(
        _STREAMS.format(name="Hyper", weights=_LEARNED, body="(a.unsqueeze(-1) * x).sum(dim=-1)"),
        _STREAMS.format(name="Hyper", weights="self.w(x.flatten(2))", body="(a.unsqueeze(-1) * x).sum(dim=2)"),
        _STREAMS.format(name="Hyper", weights=_LEARNED, body="x.sum(dim=2)"),
    ),
)
