"""Calls of values that are one of several callables."""

import pytest

from hfreader.analyzers.matching import find
from hfreader.analyzers.values import options
from hfreader.concepts.gelu import CONCEPT as GELU
from hfreader.concepts.learned_position_embedding import CONCEPT as POSITIONS
from hfreader.facts.dataflow import Dataflow
from tests.analyzers.conftest import SMALL, small
from tests.analyzers.test_dataflow import forward, shape

CHOICE = """
class M(nn.Module):
    def __init__(self, slow=False):
        super().__init__()
        if slow:
            self.act = self.by_hand
        else:
            self.act = {other}

    def by_hand(self, v):
        return v * 0.5 * (1.0 + torch.erf(v / math.sqrt(2.0)))

    def forward(self, x):
        return self.act(x)
"""
BY_HAND = "mul(mul(x, 0.5), add(1, erf(div(x, 1.41421))))"


def results(graph: Dataflow) -> dict[str, str]:
    """Each value that is returned, under its condition."""
    assert graph.result is not None
    return {" and ".join(guards): shape(graph, node) for node, guards in options(graph.nodes, graph.result)}


@pytest.mark.parametrize(
    ("other", "expected"),
    [
        ("nn.functional.gelu", "gelu(x)"),
        ("functools.partial(F.gelu, approximate='tanh')", "gelu(x, approximate='tanh')"),
        ("functools.partial(functools.partial(F.softmax, dim=0), dtype=None)", "softmax(x, dim=0, dtype=None)"),
        ("lambda v: v @ v", "matmul(x, x)"),
        ("double", "mul(x, 2)"),
        ("functools.partial(scaled, by=3)", "mul(x, 3)"),
        ("torch.tanh", "tanh(x)"),
        ("TABLE", "relu(x)"),
        ("nn.ReLU()", "self.act(x)"),
    ],
)
def test_each_alternative_is_called(other, expected):
    helpers = (
        "import functools\nTABLE = F.relu\ndef double(v):\n    return v * 2\ndef scaled(v, by):\n    return v * by\n"
    )
    graph = small(helpers + CHOICE.format(other=other))
    found = [shape(graph, node) for node, _ in options(graph.nodes, graph.result)]
    if expected.startswith("self.act"):
        assert expected in {shape(graph, index) for index, node in enumerate(graph.nodes) if node.op == "module"}
    else:
        assert sorted(found) == sorted([BY_HAND, expected])


def test_the_conditions_are_those_of_the_choice():
    assert results(small(CHOICE.format(other="F.gelu"))) == {"slow": BY_HAND, "not (slow)": "gelu(x)"}


def test_the_operation_stands_at_the_call():
    graph = small(CHOICE.format(other="F.gelu"))
    node = next(node for node in graph.nodes if node.op == "gelu")
    assert node.span is not None
    assert node.token is not None
    assert node.span.end_column - node.span.column == len("self.act(x)")
    assert node.token.end_column - node.token.column == len("self.act")
    assert graph.file_of(node.scope) == SMALL


def test_what_partial_binds_is_written_elsewhere():
    graph = small("import functools\n" + CHOICE.format(other="functools.partial(F.gelu, approximate='tanh')"))
    node = next(node for node in graph.nodes if node.op == "gelu")
    assert [(one.keyword, one.span is None) for one in node.operands] == [(None, False), ("approximate", True)]


@pytest.mark.parametrize("other", ["F.gelu", "partial(F.gelu, approximate='none')"])
def test_an_equation_is_found_in_every_alternative(other):
    graph = small("from functools import partial\n" + CHOICE.format(other=other))
    found = {match.place.span.end_column - match.place.span.column: match.guards for match in find(graph, [GELU])}
    by_hand = len("v * 0.5 * (1.0 + torch.erf(v / math.sqrt(2.0)))")
    assert found == {by_hand: ("slow",), len("self.act(x)"): ("not (slow)",)}


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("f = F.gelu\nreturn f(x)", {"": "gelu(x)"}),
        ("f = F.gelu if flag else F.relu\nreturn f(x)", {"flag": "gelu(x)", "not (flag)": "relu(x)"}),
        ("f = F.gelu if flag else None\nreturn f(x)", {"": "gelu(x)"}),
        (
            "t = {'a': torch.sin, 'b': torch.cos}\nf = t[flag]\nreturn f(x)",
            {"t[flag]: a": "sin(x)", "t[flag]: b": "cos(x)"},
        ),
    ],
)
def test_locals_that_name_functions(body, expected):
    assert results(forward(body, parameters="x, flag")) == expected


def test_a_local_that_names_classes_of_torch():
    graph = forward("layer = nn.Linear if flag else nn.Identity\nreturn layer(2, 2)(x)", parameters="x, flag")
    assert {one for node in graph.nodes for one in node.classes} == {"torch.nn.Linear", "torch.nn.Identity"}


@pytest.mark.parametrize(
    ("bases", "classes"),
    [
        ("nn.Embedding", ("torch.nn.Embedding",)),
        ("Middle", ("torch.nn.Linear",)),
        ("nn.Module", None),
        ("Unknown", None),
    ],
)
def test_super_reaches_a_layer_of_torch(bases, classes):
    source = f"from x import Unknown\nclass Middle(nn.Linear):\n    pass\nclass M({bases}):\n"
    graph = small(source + "    def forward(self, x):\n        return super().forward(x + 1)\n")
    assert graph.result is not None
    node = graph.nodes[graph.result]
    assert (node.op, node.label) == ("call" if classes is None else "module", "super().forward")
    assert node.classes == (classes or ())
    assert [graph.nodes[one.node].op for one in node.operands] == ["add"]


def test_an_equation_is_found_in_a_layer_that_extends_torch_s():
    lookup = "return super().forward(torch.arange(x.shape[1]) + 2)"
    graph = small(f"class M(nn.Embedding):\n    def forward(self, x):\n        {lookup}\n")
    (match,) = find(graph, [POSITIONS])
    assert {one.symbol: one.kind for one in match.captures}["table"] == "module"


def test_what_is_spread_into_a_call_is_where_it_was_written():
    graph = forward(
        'given = {"input": x, "dim": -1}\nlater = lambda: F.softmax(**given)\nreturn later(), F.softmax(**given)'
    )
    made = [node for node in graph.nodes if node.op == "softmax"]
    placed = {len(graph.call_sites(node.scope)): {one.span is not None for one in node.operands} for node in made}
    assert placed == {0: {True}, 1: {False}}
