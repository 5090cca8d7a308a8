"""Who implements a concept, and how sure that is in short."""

from dataclasses import replace

import pytest

from hfreader.facts.mapping import Role
from hfreader.facts.matches import Proof
from hfreader.pages.book import Family
from hfreader.pages.implementers import groups, implementers, said, signs, totalled, without
from tests.facts_builder import make_analysis, make_match, make_run, make_snapshot, place
from tests.pages.shelf import Families

A, B, C = (make_match(name, line, "query") for name, line in (("Ash", 12), ("Birch", 12), ("Ash", 14)))
ROLE = Role("attention", "toy.Cedar", place(12, "query"))


@pytest.fixture
def shelf(tmp_path) -> Families:
    bodies = {A.owner: "one", B.owner: "one"}
    having = make_analysis(A, B, C, roles=(ROLE,))
    run = make_run(Proof(A.key, "proven", 0.0, 1), Proof(B.key, "disproven", 0.5, 1))
    package = tmp_path / having.code.file
    package.parent.mkdir(parents=True)
    package.write_text("\n" * 30)
    families = (Family("toy", (replace(having, bodies=bodies),), run), Family("oak", (make_analysis(),)))
    return Families(make_snapshot(str(tmp_path)), families)


def test_everything_that_implements_a_concept_is_there_once(shelf: Families):
    found = implementers(shelf.book)["attention"]
    assert [one.definition.name for one in found] == ["Ash", "Birch", "Cedar"]
    assert [dict(one.states) for one in found] == [{"proven": 1, "matched": 1}, {"disproven": 1}, {"role": 1}]
    assert totalled(found) == {"proven": 1, "matched": 1, "disproven": 1, "role": 1}
    assert found[0].line.endswith("#L12") and found[2].line == found[2].home


def test_those_of_one_body_stand_together_the_most_first(shelf: Families):
    found = groups(implementers(shelf.book)["attention"])
    assert [[one.definition.name for one in group] for group in found] == [["Ash", "Birch"], ["Cedar"]]


def test_families_without_it_are_named(shelf: Families):
    found = implementers(shelf.book)["attention"]
    assert list(without(shelf.book, found)) == ["oak"]
    assert list(without(shelf.book, [])) == ["toy", "oak"]


def test_states_in_words_and_in_signs():
    assert (said({"proven": 2}), signs({"proven": 2})) == ("2 proven", "✓")
    assert said({"proven": 1, "disproven": 3}) == "3 DISPROVEN, 1 proven"
    assert signs({"matched": 1, "proven": 2}) == "✓2 ≈1"
