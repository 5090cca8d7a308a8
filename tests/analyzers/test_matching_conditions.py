"""Conditions of matches where a value is what it is in several ways."""

from dataclasses import replace

import pytest

from hfreader.analyzers.matching import find
from hfreader.concepts import catalogue
from hfreader.concepts.pattern import Anything, Bind, Op
from tests.concepts.examples import graph_of, matches_in

SQUASHED = Bind("left", Op(("exp",), (Op(("tanh",), (Anything(),)),)))
PLAIN = Bind("right", Op(("sigmoid",), (Anything(),)))
NESTED = """
def f(x, y, a, b, c):
    u, v = torch.tanh(x), torch.sigmoid(y)
    if a:
        if b:
            {both}
        else:
            {one}
    return u @ v
"""


def guards(both: str, one: str) -> list[set[str]]:
    """The conditions of the matches of a product of something squashed, `exp(tanh(x))`, with a plain `sigmoid(y)`."""
    pattern = Bind("output", Op(("matmul",), (SQUASHED, PLAIN)))
    concept = replace(catalogue()["gelu"], slug="part", patterns=(pattern,))
    found = find(graph_of(NESTED.format(both=both, one=one)), [*catalogue().values(), concept])
    return [set(match.guards) for match in found if match.concept == "part"]


@pytest.mark.parametrize(
    ("both", "one", "expected"),
    [
        ("u, v = torch.exp(u), torch.exp(v)", "u = torch.exp(u)", [{"a", "not (b)"}]),
        ("u = torch.exp(u)", "u, v = torch.exp(u), torch.exp(v)", [{"a", "b"}]),
        ("u = torch.exp(u)", "u = torch.exp(u)", [{"a"}]),
        ("u = torch.exp(u)", "v = torch.exp(v)", [{"a", "b"}]),
        ("u, v = torch.exp(u), torch.exp(v)", "v = torch.exp(v)", []),
    ],
)
def test_what_is_left_plain_asks_for_the_other_branch(both: str, one: str, expected: list[set[str]]):
    assert guards(both, one) == expected


WRITTEN_NORM = """
class Norm(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.w, self.scaled = nn.Parameter(torch.ones(c.d)), c.scaled

    def forward(self, x):
        x = x * torch.rsqrt(x.pow(2).mean(-1, keepdim=True) + 1e-6)
        return self.w * x if self.scaled else x


class Layer(nn.Module):
    def __init__(self, c, i):
        super().__init__()
        self.n, self.w = Norm(c), nn.Linear(c.d, c.d)
        self.t = nn.Linear(c.d, c.d) if i > 0 else None

    def forward(self, x):
        y = x if self.t is None else self.t(x)
        return x + self.w(self.n(y))
"""


def test_a_norm_written_out_keeps_what_its_input_asks_for_and_not_how_it_computes():
    """Entering a submodule leaves its own branches behind; those before it still say which value goes in."""
    slug = "transformer-block-other"
    (found,) = (match for match in matches_in(WRITTEN_NORM, slug) if match.owner.endswith(".Layer"))
    assert found.guards == ("self.t is None",)
