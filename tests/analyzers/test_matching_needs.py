"""What patterns need: never more than a match has, and enough to leave most searches unbegun."""

import pytest

from hfreader.analyzers.dataflow import dataflow
from hfreader.analyzers.library import Library
from hfreader.analyzers.matching import find
from hfreader.analyzers.matching_features import bits, reach
from hfreader.analyzers.matching_needs import Needs, first_operations
from hfreader.concepts import catalogue
from hfreader.concepts.pattern import LINEAR, Anything, Bind, Computes, Layer, Not, OneOf, Op
from hfreader.facts.dataflow import Node, Operand
from hfreader.source.installed import installed_snapshot

ROOTS = ["bert.modeling_bert.BertLayer", "gpt2.modeling_gpt2.GPT2LMHeadModel", "t5.modeling_t5.T5Block"]


@pytest.mark.parametrize("root", ROOTS)
def test_nothing_is_lost_by_asking_what_is_needed_first(root: str, monkeypatch: pytest.MonkeyPatch):
    graph = dataflow(Library(installed_snapshot()), f"transformers.models.{root}")
    quick = find(graph, catalogue().values())
    monkeypatch.setattr(Needs, "of", lambda self, pattern: ())
    assert find(graph, catalogue().values()) == quick
    assert quick or "t5" in root


def test_every_part_that_must_be_there_is_needed():
    softmax = Op(("softmax",), (Layer(LINEAR, (Anything(),)),))
    needs = Needs().of(Bind("p", Computes(softmax)))
    assert set(needs) == {bits(["module"]), bits(["softmax"]), bits(f"module {name}" for name in LINEAR)}


def test_one_of_several_needs_one_thing_of_each_and_what_may_be_anything_needs_nothing():
    assert Needs().of(OneOf((Op(("exp",)), Op(("relu", "gelu"))))) == (bits(["exp", "relu", "gelu"]),)
    assert Needs().of(OneOf((Op(("exp",)), Anything()))) == ()
    assert Needs().of(Not(Op(("exp",)))) == ()
    assert first_operations(OneOf((Op(("exp",)), Anything()))) is None


def test_reach_goes_through_operands_bodies_and_round_loops():
    nodes = [
        Node("exp", "exp"),
        Node("loop", "x", (Operand(0), Operand(3))),
        Node("inline", "f", (Operand(1),)),
        Node("module", "self.f", (), body=2, classes=("torch.nn.Linear",)),
        Node("log", "log"),
    ]
    found = reach(nodes)
    assert found[1] == found[3] == bits(["exp", "loop", "inline", "module", "module torch.nn.Linear"])
    assert found[4] == bits(["log"])
