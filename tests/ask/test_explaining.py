"""Explanations of a class, of a line, and of what nothing was found in."""

from hfreader.ask.explaining import explain
from hfreader.concepts import catalogue
from hfreader.facts.answers import Explanation
from hfreader.facts.codec import from_json, to_json
from hfreader.facts.matches import Proof
from hfreader.facts.runs import FamilyRun
from hfreader.progress import silent
from hfreader.ran import remember_run
from hfreader.sources import Sources
from hfreader.survey import survey


def test_a_class(snapshot):
    found = explain(snapshot, "BirchNorm", silent)
    assert from_json(to_json(found), Explanation) == found
    assert (found.kind, found.place.file, found.docstring) == (
        "module",
        "models/birch/modeling_birch.py",
        "Birch's norm.",
    )
    assert [(one.slug, one.state) for one in found.concepts] == [("rms-norm", "matched")]
    symbols = {one.symbol: one.tokens for one in found.concepts[0].symbols}
    assert ("self.weight", 17) in symbols["gamma"]
    assert found.lineage is not None
    assert [one.origin for one in found.lineage.relations] == ["modular"]
    assert found.lineage.difference is not None
    assert found.lineage.difference.same
    assert ("AshNorm", "models/ash/modeling_ash.py:9") in found.read_on
    assert not found.surveyed


def test_equations_that_are_for_other_code_are_left_out(snapshot):
    """The second of this concept is for code that hands a vector to a norm of its own."""
    first, second = catalogue()["rms-norm"].printed
    assert "RMSNorm" in second
    assert explain(snapshot, "BirchNorm", silent).concepts[0].equations == (first,)


def test_a_line_has_the_symbols_on_it(snapshot):
    found = explain(snapshot, "modeling_ash.py:16", silent)
    assert found.text is not None
    assert found.text.strip().startswith("return self.weight")
    assert all(line == 16 for one in found.concepts for symbol in one.symbols for _, line in symbol.tokens)
    assert {"gamma", "eps"} <= {symbol.symbol for symbol in found.concepts[0].symbols}


def test_a_line_without_an_equation(snapshot):
    assert explain(snapshot, "modeling_ash.py:12", silent).concepts == ()


def test_parts_and_relatives_lead_on(snapshot):
    found = explain(snapshot, "BirchModel", silent)
    assert ("norm: BirchNorm", "models/birch/modeling_birch.py:10") in found.read_on
    assert found.lineage is not None
    assert found.lineage.difference is not None
    assert "pre-norm" in found.lineage.difference.sentence


def test_what_a_build_has_proven_and_a_survey_has_seen_is_told(snapshot):
    before = explain(snapshot, "AshNorm", silent)
    known = survey(snapshot, silent)
    place = next(one for one in known.classes if one.qualified == before.subject).matches[0].place
    key = f"rms-norm@{before.subject}.forward@{place.file}:{place.span.line}:{place.span.column}"
    remember_run(Sources(snapshot), FamilyRun("ash", (), (Proof(key, "proven", 1e-16, 3),)))
    found = explain(snapshot, "AshNorm", silent)
    assert [(one.state, one.error) for one in found.concepts] == [("proven", 1e-16)]
    assert found.surveyed
    assert found.lineage is not None
    assert found.lineage.identical == ("transformers.models.birch.modeling_birch.BirchNorm",)
