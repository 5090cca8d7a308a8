"""What the concepts of heads share: which hidden states they read, what their models look like."""

from typing import Any

from hfreader.concepts.class_pattern import Calls, ClassPattern, Implements
from hfreader.concepts.model import Symbol, Text
from hfreader.concepts.pattern import LINEAR, Anything, Bind, Both, DerivedFrom, Layer, Not, Op, Pattern

# One vector for a whole sequence: a position, a mean or maximum over positions, and what layers make of it alone.
POOLED = DerivedFrom(
    (
        "position",
        "mean",
        "amax",
        "pooler_output",
        "torch.nn.AdaptiveAvgPool1d",
        "torch.nn.AdaptiveAvgPool2d",
        "torch.nn.AvgPool1d",
        "torch.nn.AvgPool2d",
        "adaptive_avg_pool2d",
    ),
    ("module", "tanh", "relu", "gelu", "silu", "activation", "linear", "layer_norm"),
)
H = Bind("h", Anything())
# The head of BART and others as a class of its own: what it pools, its caller has taken.
SQUASHED = Op(("tanh",), (Layer(LINEAR, (Op(("parameter",)),)),))


def pooled(pattern: Pattern = H) -> Pattern:
    """One vector per sequence."""
    return Both(POOLED, pattern)


def unpooled(pattern: Pattern = H) -> Pattern:
    """Not known to be one vector per sequence."""
    return Both(Both(Not(POOLED), Not(SQUASHED)), pattern)


def scores(h: Pattern, outputs: str) -> Pattern:
    """The logits: a linear map whose number of outputs is a field of the config."""
    return Bind("output", Layer(LINEAR, (h,), "w", outputs=outputs))


def role(slug: str) -> tuple[ClassPattern, ...]:
    """A class that computes the head itself, or returns what a submodule with the head gives."""
    return Implements((slug,)), Calls(concepts=(slug,), returned=True)


def linear(h: Any, w: Any) -> Any:
    """h W + b. Shapes: h (..., d), W (d, classes)."""
    return h @ w.weight if w.bias is None else h @ w.weight + w.bias


OUTPUT = Symbol("output", "z", Text("The scores before softmax", "softmax 之前的分数"))


def head_symbols(states: Text, weight: Text) -> tuple[Symbol, ...]:
    """The symbols of z = h W + b."""
    return Symbol("h", "h", states), Symbol("w", "W", weight), OUTPUT


MODEL = """
class Encoder(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.e, self.a = nn.Embedding(c.v, c.d), nn.Linear(c.d, c.d)

    def forward(self, ids):
        h = self.e(ids)
        return h + torch.tanh(self.a(h))

class {name}(PreTrainedModel):
    def __init__(self, c):
        super().__init__(c)
        self.m, self.t = Encoder(c), nn.Linear(c.d, c.d)
        self.w = nn.Linear(c.d, {size})

    def forward(self, ids, labels=None):
        {body}
"""
EVERY = "return self.w(self.m(ids))"
FIRST = "return self.w(self.m(ids)[:, 0])"
AVERAGE = "return self.w(torch.tanh(self.t(self.m(ids).mean(dim=1))))"
LAST = (
    "z = self.w(self.m(ids))\n        n = ids.shape[0]\n        "
    "return z[torch.arange(n, device=z.device), (ids != 0).sum(-1) - 1]"
)
SPAN = "z = self.w(self.m(ids))\n        s, e = z.split(1, dim=-1)\n        return s.squeeze(-1), e.squeeze(-1)"
CHOICE = "n = ids.shape[1]\n        h = self.m(ids.view(-1, ids.size(-1)))\n        return self.w(h[:, 0]).view(-1, n)"
CTC = (
    "z = self.w(self.m(ids))\n        p = F.log_softmax(z, dim=-1).transpose(0, 1)\n        "
    "loss = F.ctc_loss(p, labels, (ids > 0).sum(-1), (labels > 0).sum(-1))\n        return loss, z"
)
