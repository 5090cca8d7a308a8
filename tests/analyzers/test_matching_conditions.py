"""Conditions of matches where a value is what it is in several ways."""

from dataclasses import replace

import pytest

from hfreader.analyzers.matching import find
from hfreader.concepts import catalogue
from hfreader.concepts.pattern import Anything, Bind, Op
from tests.concepts.examples import graph_of

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
