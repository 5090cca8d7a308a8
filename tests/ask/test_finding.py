"""Implementations are grouped by what is written in them; totals are honest about what did not run."""

from hfreader.ask import counting
from hfreader.ask.counting import coverage
from hfreader.ask.finding import find
from hfreader.facts.answers import Coverage, Implementations
from hfreader.facts.codec import from_json, to_json
from hfreader.facts.matches import Proof
from hfreader.facts.runs import FamilyRun
from hfreader.facts.sweep import Sweep, TypeRun
from hfreader.progress import silent
from hfreader.ran import remember_run
from hfreader.sources import Sources


def test_identical_sources_are_one_group(snapshot):
    found = find(snapshot, "rms-norm", silent)
    assert from_json(to_json(found), Implementations) == found
    assert [group.origin.rpartition(".")[2] for group in found.groups] == ["AshNorm"]
    members = found.groups[0].members
    assert [(one.qualified.rpartition(".")[2], one.lines, one.state) for one in members] == [
        ("AshNorm", (16,), "matched"),
        ("BirchNorm", (17,), "matched"),
    ]
    assert (found.families, found.classes, found.functions) == (2, 2, 0)


def test_a_concept_that_nothing_implements(snapshot):
    assert find(snapshot, "causal-lm-head", silent).groups == ()


def test_totals_without_a_run(snapshot):
    found = coverage(snapshot, silent)
    assert from_json(to_json(found), Coverage) == found
    assert (found.families, found.classes, found.module_classes) == (2, 6, 6)
    assert found.families_traced is None
    assert (found.matches_executed, found.proven, found.proven_share, found.disproven) == (None, None, None, None)
    assert found.mapped == found.module_classes - len(found.unmapped)
    assert found.matches >= 4


def test_totals_after_all_types_were_run(snapshot, monkeypatch):
    runs = (TypeRun("ash", "ash", "AshModel"), TypeRun("oak", "oak", reason="it broke"))
    monkeypatch.setattr(counting, "sweep_so_far", lambda source: Sweep("5.0", None, runs))
    found = coverage(snapshot, silent)
    assert (found.architectures, found.architectures_traced, found.traced_share) == (2, 1, 0.5)
    assert found.families_traced == 1
    assert found.model_classes_traced is not None
    assert (found.matches_executed, found.proven_share) == (None, None)


def test_totals_after_a_run(snapshot):
    place = find(snapshot, "rms-norm", silent).groups[0].members[0]
    key = f"rms-norm@{place.qualified}.forward@{place.file}:16:15"
    proofs = (
        Proof(key, "proven", 1e-16, 3, ran=True),
        Proof("x@a.b@c:1:0", "disproven", 0.1, 1, ran=True),
        Proof("y@a.b@c:1:0", "matched", reason="the place of output cannot be recorded", ran=True),
        Proof("z@a.b@c:1:0", "matched", reason="never executed in any run", ran=False),
    )
    remember_run(Sources(snapshot), FamilyRun("ash", (), proofs))
    found = coverage(snapshot, silent)
    assert (found.families_traced, found.matches_executed, found.proven, found.disproven) == (1, 3, 1, 1)
    assert found.proven_share == 1 / 3
    assert find(snapshot, "rms-norm", silent).groups[0].members[0].state == "proven"
