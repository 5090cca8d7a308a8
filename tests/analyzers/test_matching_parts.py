"""Single parts of patterns: what each fits and what it does not."""

from dataclasses import replace

import pytest

from hfreader.analyzers.matching import find
from hfreader.concepts import catalogue
from hfreader.concepts.pattern import (
    Anything,
    Bind,
    Differs,
    Each,
    Einsum,
    Equation,
    Itself,
    Joined,
    Layer,
    Number,
    Op,
    Pattern,
    Select,
    Slice,
)
from tests.concepts.examples import LINES, graph_of

X = Bind("x", Anything())


def fits(pattern: Pattern, body: str, head: str = "def f(x, y, flag):") -> bool:
    """Whether a pattern fits what a function returns."""
    concept = replace(catalogue()["gelu"], slug="part", patterns=(Bind("output", pattern),))
    source = head + "".join(f"\n    {line}" for line in body.split("; "))
    return any(match.concept == "part" for match in find(graph_of(source), [*catalogue().values(), concept]))


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("return x[..., 1::2]", True),
        ("return x[:, :, 1::2]", True),
        ("return x[..., ::2]", False),
        ("return x[..., 1:]", False),
        ("return x[..., 1::2, :]", False),
        ("return x[0, 1::2]", False),
    ],
)
def test_slice_is_of_the_last_dimension_alone(body: str, expected: bool):
    assert fits(Slice(X, start=Number(1), step=Number(2)), body) == expected


def test_a_start_of_zero_is_left_out():
    assert fits(Slice(X, stop=Anything()), "return x[..., 0:y]")
    assert not fits(Slice(X, start=Number(0), stop=Anything()), "return x[..., 0:y]")


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("return torch.stack([one.exp() for one in x])", True),
        ("return torch.stack([one.sin() for one in x])", False),
        ("return torch.stack([x.exp(), y.exp()])", False),
        ("return torch.stack(x.exp())", False),
    ],
)
def test_each_is_what_fills_a_list(body: str, expected: bool):
    assert fits(Op(("stack",), (Each(Op(("exp",), (Anything(),))),)), body) == expected


def test_each_is_what_a_loop_appends():
    pattern = Op(("stack",), (Each(Op(("exp",), (Anything(),))),))
    head = "def f(x):\n    a = []\n    for one in x:\n        a.append({})"
    assert fits(pattern, "return torch.stack(a)", head.format("one.exp()"))
    assert not fits(pattern, "return torch.stack(a)", head.format("one"))


def test_select_takes_one_index_of_one_dimension():
    assert fits(Select(1, X), "return x[..., 1, :]")
    assert not fits(Select(1, X), "return x[..., 0, :]")
    assert not fits(Select(1, X), "return x[1, 1]")
    assert not fits(Select(1, X), "return x[..., y, :]")


def test_einsum_is_one_up_to_the_choice_of_letters():
    pattern = Einsum(("bhqd,bhkd->bhqk",), (X, Anything()))
    assert fits(pattern, "return torch.einsum('nlij, nlmj -> nlim', x, y)")
    assert not fits(pattern, "return torch.einsum('nlij,nljm->nlim', x, y)")
    assert not fits(pattern, "return torch.einsum('nlij,nlmj,i->nlim', x, y, y)")


def test_a_subscript_that_keeps_all_is_looked_through():
    squared = Op(("mul",), (X, X))
    assert fits(squared, "return x[:, None] * x")
    assert fits(squared, "return x[..., None, :] * x")
    assert not fits(squared, "return x[:, 0] * x")
    assert not fits(squared, "return x[:, 1:] * x")


def test_itself_is_captured_where_it_is_computed():
    def place(part: Pattern) -> int:
        pattern = Op(("matmul",), (part, Anything()))
        concept = replace(catalogue()["gelu"], slug="part", patterns=(pattern,))
        source = "def f(x, y):\n    z = F.relu(x)\n    return z.transpose(0, 1) @ y\n"
        (match,) = find(graph_of(source), [concept])
        return match.place.span.line - LINES

    relu = Bind("output", Op(("relu",), (Anything(),)))
    assert (place(relu), place(Itself(relu))) == (3, 2)


def test_differs_takes_the_branch_that_brings_another_value():
    pattern = Op(("matmul",), (X, Bind("y", Differs("x"))))
    assert fits(pattern, "z = x if y is None else y; return x @ z")
    assert not fits(pattern, "z = x; return x @ z.transpose(0, 1)")


def test_joined_is_cat_or_two_writes():
    pattern = Joined(Op(("relu",), (X,)), Anything())
    assert fits(Op(("tanh",), (pattern,)), "return torch.tanh(torch.cat((F.relu(x), y), dim=-1))")
    assert not fits(Op(("tanh",), (pattern,)), "return torch.tanh(torch.cat((F.relu(x), y), dim=1))")
    writes = "z = x.new_empty(2, 8); z[..., :flag].copy_(F.relu(x)); z[..., flag:].copy_(y); return torch.tanh(z)"
    assert fits(Op(("tanh",), (pattern,)), writes)
    assert not fits(Op(("tanh",), (pattern,)), writes.replace("F.relu(x)", "x"))
    assert not fits(Op(("tanh",), (pattern,)), writes.replace("x.new_empty(2, 8)", "x"))


def test_cat_has_as_many_parts_as_its_pattern():
    assert fits(Op(("cat",), (X, Anything())), "return torch.cat((x, y), dim=-1)")
    assert not fits(Op(("cat",), (X, Anything())), "return torch.cat((x, y, y), dim=-1)")


CLASS = """
class M(nn.Module):
    def __init__(self):
        super().__init__()
        self.a = nn.Linear(3, 3)

    def forward(self, x):
        return F.layer_norm(self.a(x), (3,)) * 2
"""


def test_equation_asks_for_a_match_of_another_concept():
    def scaled(concept: str, inner: Pattern) -> bool:
        pattern = Op(("mul",), (Equation(concept, where=(("x", inner),)), Number(2)))
        one = replace(catalogue()["gelu"], slug="part", patterns=(Bind("output", pattern),))
        return any(match.concept == "part" for match in find(graph_of(CLASS), [*catalogue().values(), one]))

    assert scaled("layer-norm", Layer(("torch.nn.Linear",), (Anything(),)))
    assert not scaled("layer-norm", Layer(("torch.nn.Embedding",), (Anything(),)))
    assert not scaled("gelu", Anything())
    assert not scaled("a concept that there is not", Anything())
