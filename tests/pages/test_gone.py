from dataclasses import replace

import pytest

from hfreader.pages import gone
from hfreader.pages.gone import Gone, Names, gone_page, gone_rows, most_asked, names
from tests.pages import toy
from tests.pages.shelf import Families

LOST = (
    Gone("split_heads", "ToyAttention", "4.9.0", toy.FILE, (("ToyAttention", toy.QUERY_LINE),)),
    Gone("split_heads", "ToyModel", "4.10.0", toy.FILE, (("ToyModel", 0),)),
    Gone("ToySdpaAttention", "", "4.10.0", toy.FILE, (("ToyAttention", 0),)),
    Gone("split_heads", "OakAttention", "5.9.0", "models/oak/modeling_oak.py", (("OakAttention", 3),)),
)


@pytest.fixture
def known(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gone, "names", lambda: Names("5.0.0", LOST))


@pytest.mark.usefixtures("known")
def test_names_lead_to_lines_of_the_families_that_are_there(toy_book: Families):
    method, of_class = gone_rows(toy_book.book)
    assert (method.name, method.owners, method.release) == ("split_heads", ("ToyAttention", "ToyModel"), "4.10.0")
    line = (f"Toy:{toy.QUERY_LINE}", f"models/toy.html#L{toy.QUERY_LINE}")
    assert method.places == (line, ("ToyModel", "models/toy.html#ToyModel"))
    assert of_class.places == (("ToyAttention", "models/toy.html#ToyAttention"),)
    assert most_asked([of_class, method], 1) == [method]


@pytest.mark.usefixtures("known")
def test_another_version_has_other_lines_and_gets_classes(toy_book: Families):
    other = replace(toy_book, snapshot=replace(toy_book.snapshot, version="5.1.0"))
    assert gone_rows(other.book)[0].places[0] == ("ToyAttention", "models/toy.html#ToyAttention")
    assert "another version" in gone_page(other.book).html


@pytest.mark.usefixtures("known")
def test_the_search_knows_the_names(toy_book: Families):
    found = {entry.title: entry for entry in gone_page(toy_book.book).search}
    assert found["split_heads"].text == f"gone since transformers 4.10.0; today: Toy:{toy.QUERY_LINE}, ToyModel"
    assert found["split_heads"].anchor == "split_heads"


def test_nothing_is_said_where_no_family_lost_anything(toy_book: Families):
    assert gone_page(toy_book.book) is None


def test_what_is_shipped_knows_where_the_heads_of_bert_are_split():
    lost = [one for one in names().gone if one.file == "models/bert/modeling_bert.py"]
    (split,) = [one for one in lost if one.name == "transpose_for_scores"]
    assert split.owner == "BertSelfAttention" and len(split.targets) == 3
    (sdpa,) = [one for one in lost if one.name == "BertSdpaSelfAttention"]
    assert sdpa.targets == (("BertSelfAttention", 0),)
