"""What the tables of the catalogue, of implementations and of totals show."""

import io
from dataclasses import replace

from rich.console import Console

from hfreader.ask.concepts import concepts
from hfreader.facts.answers import Coverage, ImplementationGroup, Implementations, Implementing, Unmapped
from hfreader.facts.places import Place, Span
from hfreader.facts.problems import Problem
from hfreader.views.answers_view import show_concepts, show_coverage, show_implementations

MODELS = "transformers.models"
TOTALS = Coverage(
    transformers="5.0",
    commit=None,
    families=10,
    families_traced=None,
    architectures=None,
    architectures_traced=None,
    traced_share=None,
    model_classes=40,
    model_classes_traced=None,
    classes=100,
    module_classes=80,
    mapped=76,
    mapped_share=0.95,
    computing=50,
    with_equation=45,
    equation_share=0.9,
    matches=200,
    matches_executed=None,
    proven=None,
    proven_share=None,
    disproven=None,
    problems=3,
    unmapped=(
        Unmapped("transformers.models.ash.modeling_ash.AshThing", "models/ash/modeling_ash.py", "it fits nothing"),
    ),
)


def shown(show, *arguments) -> str:
    text = io.StringIO()
    show(*arguments[:1], Console(file=text, width=120), *arguments[1:])
    return text.getvalue()


def test_the_catalogue_and_a_single_concept():
    text = shown(show_concepts, concepts())
    assert "layer-norm" in text
    assert "层归一化" in text
    alone = shown(show_concepts, concepts(["layer-norm"]))
    assert "Ba et al. 2016" in alone
    assert "\\sym" not in alone


def test_what_did_not_run_is_said_so_and_is_not_zero():
    text = shown(show_coverage, TOTALS)
    assert text.count("not run") == 6
    assert "95.0%" in text
    assert "Nothing was run so far" in text
    assert "AshThing" not in text
    assert "it fits nothing" in shown(show_coverage, TOTALS, True)


def test_what_ran():
    ran = replace(
        TOTALS,
        architectures=9,
        architectures_traced=8,
        traced_share=8 / 9,
        families_traced=2,
        model_classes_traced=6,
        matches_executed=20,
        disproven=1,
        proven=19,
        proven_share=0.95,
    )
    text = shown(show_coverage, ran)
    assert "not run" not in text
    assert "88.9%" in text
    assert "15.0%" in text


def test_problems_are_listed_with_their_places_as_far_as_there_is_room():
    place = Place("models/ash/modeling_ash.py", Span(7, 6, 7, 12))
    problems = (Problem("analyzers", "AshThing", "it is nested too deeply", place), *[Problem("trace", "x", "y")] * 30)
    text = shown(show_coverage, replace(TOTALS, problems=31, problems_found=problems))
    assert "AshThing: it is nested too deeply (models/ash/modeling_ash.py:7)" in text
    assert "and 11 more problems" in text


def test_groups_name_a_few_members_and_all_when_asked():
    names = [f"{MODELS}.ash{number}.modeling_ash{number}.AshNorm" for number in range(9)]
    members = tuple(Implementing(name, "models/ash/modeling_ash.py", (12,), "matched") for name in names)
    found = Implementations(concepts(["layer-norm"])[0], (ImplementationGroup(names[0], members),), 9, 9, 0)
    text = shown(show_implementations, found)
    assert "ash3.AshNorm:12" in text
    assert "and 3 more" in text
    assert "9 classes and 0 functions in 9 families; 1 distinct implementation." in text
    assert "ash8.AshNorm" in shown(show_implementations, found, True)
    nothing = replace(found, groups=(), classes=0, families=0)
    assert "No class" in shown(show_implementations, nothing)
