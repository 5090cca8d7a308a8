"""What identical definitions share is what each of them would be found to be on its own."""

import weakref
from functools import cache

import pytest

from hfreader.analyzers import examination
from hfreader.analyzers.examination import Examiner
from hfreader.analyzers.library import Library
from hfreader.analyzers.parsing import collection_paused
from hfreader.source.installed import installed_snapshot

# Copies of each other, in part: the second and third share most of what the first has.
FAMILIES = ["llama", "mistral", "qwen2", "bert", "roberta"]


@cache
def library() -> Library:
    return Library(installed_snapshot())


def roots(family: str) -> list[tuple[str, str]]:
    facts = library().file(f"models/{family}/modeling_{family}.py")
    classes = [(one.qualified, "forward") for one in facts.classes if library().method(one.qualified, "forward")]
    return [*classes, *((f"{facts.module}.{one.name}", one.name) for one in facts.functions)]


@cache
def sharing() -> Examiner:
    return Examiner(library())


@pytest.mark.parametrize("family", FAMILIES)
def test_what_is_shared_is_what_is_found_directly(family: str):
    for owner, function in roots(family):
        assert sharing().examine(owner, function) == Examiner(library()).examine(owner, function), owner


def test_copies_are_examined_once():
    examiner = Examiner(library())
    norms = [f"transformers.models.{name}.modeling_{name}.{prefix}RMSNorm" for name, prefix in NORMS]
    assert len({examiner.body(one) for one in norms}) == 1
    for one in norms:
        examiner.examine(one, "forward")
    assert examiner.looks == 1


NORMS = [("llama", "Llama"), ("mistral", "Mistral"), ("qwen2", "Qwen2")]


def test_what_is_looked_at_is_given_up_without_the_collector(monkeypatch: pytest.MonkeyPatch):
    alive = []

    class Watched(examination.Matcher):
        def __init__(self, *arguments):
            super().__init__(*arguments)
            alive.extend(weakref.ref(one) for one in (self, self.flow, self.solver, self.solver.ways))

    monkeypatch.setattr(examination, "Matcher", Watched)
    with collection_paused():
        Examiner(library()).examine("transformers.models.bert.modeling_bert.BertLayer", "forward")
        assert alive
        assert not any(one() for one in alive)
