"""The catalogue is searched in both languages."""

import pytest

from hfreader.ask.concepts import cited, concept, concepts
from hfreader.concepts import catalogue
from hfreader.concepts.model import Citation
from hfreader.errors import HfreaderError


def test_without_words_the_whole_catalogue():
    assert [one.slug for one in concepts()] == sorted(catalogue())


@pytest.mark.parametrize(("words", "slug"), [(["NORM", "layer"], "layer-norm"), (["层归一化"], "layer-norm")])
def test_words_in_any_case_and_either_language(words, slug):
    assert slug in {one.slug for one in concepts(words)}


def test_a_slug_alone_is_that_concept():
    assert [one.slug for one in concepts(["rms-norm"])] == ["rms-norm"]


def test_what_no_concept_speaks_of():
    with pytest.raises(HfreaderError, match="layer-norm"):
        concepts(["layer-nrm"])


@pytest.mark.parametrize("name", ["layer-norm", "Layer normalization", "层归一化", "layer_norm", "LAYER-NORM"])
def test_a_concept_by_any_of_its_names(name):
    assert concept(name).slug == "layer-norm"


def test_a_name_that_is_nearly_one():
    with pytest.raises(HfreaderError, match="did you mean layer-norm"):
        concept("laier-norm")


def test_every_concept_round_trips_with_its_sources():
    for one in concepts():
        assert len(one.sources) == len(catalogue()[one.slug].citations)
        assert one.computed == (catalogue()[one.slug].reference is not None)


def test_a_source_in_one_line():
    three = Citation("A Title", "Ash, Birch, Cedar", 2020, "2001.00001", "§2, Eq. (1)")
    assert cited(three) == "Ash et al. 2020, A Title, arXiv:2001.00001, §2, Eq. (1)"
    assert cited(Citation("A Title", "Ash", 2020)) == "Ash 2020, A Title"
