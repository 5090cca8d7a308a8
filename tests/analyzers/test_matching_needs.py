"""What patterns need: never more than a match has, and enough to leave most searches unbegun."""

from dataclasses import replace

import pytest

from hfreader.analyzers.dataflow import dataflow
from hfreader.analyzers.library import Library
from hfreader.analyzers.matching import find
from hfreader.analyzers.matching_features import bits, features, reach
from hfreader.analyzers.matching_flow import Flow
from hfreader.analyzers.matching_needs import Need, Needs
from hfreader.analyzers.matching_ways import Ways
from hfreader.concepts import catalogue
from hfreader.concepts.pattern import LINEAR, Anything, Bind, Branch, Computes, Equation, Layer, Not, OneOf, Op
from hfreader.facts.dataflow import Node, Operand
from hfreader.source.installed import installed_snapshot
from tests.concepts.examples import graph_of

ROOTS = ["bert.modeling_bert.BertLayer", "gpt2.modeling_gpt2.GPT2LMHeadModel", "t5.modeling_t5.T5Block"]


@pytest.mark.parametrize("root", ROOTS)
def test_nothing_is_lost_by_asking_what_is_needed_first(root: str, monkeypatch: pytest.MonkeyPatch):
    graph = dataflow(Library(installed_snapshot()), f"transformers.models.{root}")
    quick = find(graph, catalogue().values())
    monkeypatch.setattr(Ways, "_has", lambda *_: True)
    assert find(graph, catalogue().values()) == quick
    assert quick or "t5" in root


LEARNED = bits(f"module {name}" for name in LINEAR)


def test_every_part_that_must_be_there_is_needed():
    softmax = Op(("softmax",), (Layer(LINEAR, (Anything(),)),))
    need = Needs({}).of(Bind("p", Computes(softmax)))
    assert need == Need((bits(["module"]),), (bits(["module"]), bits(["softmax"]), LEARNED))


def test_one_of_several_needs_one_thing_of_each_and_what_may_be_anything_needs_nothing():
    one = bits(["exp", "relu", "gelu"])
    assert Needs({}).of(OneOf((Op(("exp",)), Op(("relu", "gelu"))))) == Need((one,), (one,))
    assert Needs({}).of(OneOf((Op(("exp",)), Anything()))) == Need()
    assert Needs({}).of(Not(Op(("exp",)))) == Need()


def test_an_equation_needs_what_its_concept_needs():
    softmax = replace(catalogue()["scaled-dot-product-attention"], patterns=(Bind("output", Op(("softmax",))),))
    inside = replace(softmax, patterns=(Op(("softmax",), (Bind("output", Anything()),)),))
    branch = Branch(Anything(), contains=("a",), applies=LINEAR)
    assert Needs({"a": softmax}).of(Equation("a")) == Need((bits(["softmax"]),), (bits(["softmax"]),))
    assert Needs({"a": softmax}).of(branch) == Need((), (bits(["softmax"]), bits(LINEAR) | LEARNED))
    assert Needs({"a": inside}).of(Equation("a")) == Need()
    assert Needs({}).of(Equation("a")) == Need((0,), (0,))


def test_a_value_is_all_that_it_is_seen_as():
    flow = Flow(graph_of("def f(x, y):\n    return torch.exp(x).view(-1) if y else torch.log(x)\n"))
    ways, result = Ways(flow, Needs({})), flow.graph.result
    assert result is not None
    for op, exact, expected in (
        ("exp", False, True),
        ("log", False, True),
        ("exp", True, False),
        ("sin", False, False),
    ):
        assert ways.is_possible(Op((op,)), result, exact) == expected


def test_reach_goes_through_operands_bodies_and_round_loops():
    nodes = [
        Node("exp", "exp"),
        Node("loop", "x", (Operand(0), Operand(3))),
        Node("inline", "f", (Operand(1),)),
        Node("module", "self.f", (), body=2, classes=("torch.nn.Linear",)),
        Node("log", "log"),
    ]
    found = reach(nodes, [features(node) for node in nodes])
    assert found[1] == found[3] == bits(["exp", "loop", "inline", "module", "module torch.nn.Linear"])
    assert found[4] == bits(["log"])
