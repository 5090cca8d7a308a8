"""What a build puts side by side."""

import pytest

from hfreader.analyzers.library import Library
from hfreader.build import MOST_COMPARED, comparison_of, pairs_of
from hfreader.cli.building import languages, pairs
from hfreader.errors import HfreaderError
from hfreader.progress import silent
from hfreader.sources import Sources
from tests.two_families import two_families


def test_every_pair_of_few_families_is_compared():
    assert pairs_of(("a", "b", "c"), None) == (("a", "b"), ("a", "c"), ("b", "c"))
    assert pairs_of([str(number) for number in range(MOST_COMPARED + 1)], None) == ()


def test_what_was_asked_for_is_compared_once():
    assert pairs_of(("a", "b", "c"), (("c", "a"), ("c", "a"))) == (("c", "a"),)
    with pytest.raises(HfreaderError, match="--compare names d, which is not built"):
        pairs_of(("a", "b"), (("a", "d"),))


def test_pairs_on_the_command_line():
    assert pairs(["bert,gpt2", " a , b "]) == (("bert", "gpt2"), ("a", "b"))
    for text in ("bert", "bert,bert", "a,b,c", ""):
        with pytest.raises(HfreaderError, match="--compare takes two families"):
            pairs([text])


def test_families_that_cannot_be_compared_do_not_end_the_build(tmp_path, monkeypatch):
    monkeypatch.setenv("HFREADER_CACHE", str(tmp_path / "cache"))
    snapshot = two_families(tmp_path)
    assert comparison_of(Library(snapshot), Sources(snapshot), "ash", "birch", silent).parts
    (tmp_path / "transformers/models/birch/modeling_birch.py").write_text("class Birch:\n    pass\n")
    found = comparison_of(Library(snapshot), Sources(snapshot), "birch", "ash", silent)
    assert found.parts == ()
    assert found.problems[0].subject == "birch and ash"


def test_languages_on_the_command_line():
    assert languages("en") == ("en",)
    assert languages("zh, en,zh") == ("zh", "en")
    with pytest.raises(HfreaderError, match="--lang takes en or zh"):
        languages("zh,fr")
