"""The wiring of a class in one line."""

import pytest

from hfreader.analyzers.matching_flow import Flow
from hfreader.analyzers.roles_wiring import wiring
from tests.concepts.examples import graph_of

MODULE = """
class Inner(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.z = nn.Linear(c.d, c.d)

    def forward(self, h, m=None):
        return torch.tanh(self.z(h)), m

class Outer(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.a, self.b, self.g = Inner(c), Inner(c), c.g
        self.n, self.m, self.p = nn.LayerNorm(c.d), nn.LayerNorm(c.d), nn.Dropout(0.1)
        self.s = nn.ModuleList([nn.Linear(c.d, c.d) for _ in range(c.k)])

    def forward(self, x, mask=None):
        {body}

    def f(self, h):
        return self.b(self.m(h))[0]
"""


@pytest.mark.parametrize(
    ("body", "wanted"),
    [
        ("h, _ = self.a(self.n(x), m=mask)\n        x = x + self.p(h)\n        return x + self.f(x)",
         "y1 = x + a(n(x)); y2 = y1 + b(m(y1))"),
        ("x = self.n(self.a(x)[0] + x)\n        return (self.m(x + self.f(x)),)",
         "y1 = n(a(x) + x); y2 = m(y1 + b(m(y1)))"),
        ("return self.a(x)[0] * self.g", "y1 = a(x) * g"),
        ("return (x - self.a(x)[0]) * self.g", "y1 = (x - a(x)) * g"),
        ("if mask is None:\n            x = x * 2\n        return self.n(x.transpose(1, 2))", "y1 = n(x)"),
        ("x = self.n(x)\n        for one in self.s:\n            x = one(x)\n        return self.m(x)",
         "y1 = m([one]*(n(x)))"),
        ("return x + 1", None),
        ("return " + " + ".join(["self.a(x)[0]"] * 40), None),
    ],
)  # fmt: skip
def test_wiring(body: str, wanted: str | None):
    assert wiring(Flow(graph_of(MODULE.replace("{body}", body)))) == wanted
