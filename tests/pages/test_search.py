"""What the search is given: words, also Chinese ones, and how much each entry counts."""

from dataclasses import replace

import pytest

from hfreader.facts.snapshot import Snapshot
from hfreader.pages.fragment import SearchEntry
from hfreader.pages.gone import GONE
from hfreader.pages.manifest import Manifest, PageRecord
from hfreader.pages.search import ANCHOR_BOOST, entries, segmented


def manifest(*found: SearchEntry) -> Manifest:
    records = tuple(PageRecord(f"concepts/{at}", "", "", "", (), (entry,), 0) for at, entry in enumerate(found))
    return Manifest(records, Snapshot("installed", None, None, None, "5.0.0", ""))


def test_chinese_is_cut_into_words_and_the_rest_left_as_it_is():
    assert segmented("多头自注意力 Multi-head").split("\u200b") == ["", "多头", "自", "注意力", " Multi-head"]
    assert segmented("self attention") == "self attention"


def test_a_concept_counts_by_the_places_where_it_is_found():
    often, once, never = (SearchEntry("", "Attention", "text", places) for places in (400, 1, 0))
    boosts = [entry["boost"] for entry in entries(manifest(often, once, never))]
    assert boosts[0] == 2.0 and 2.0 > boosts[1] > boosts[2] == 1.0


def test_a_class_makes_up_for_the_preference_of_whole_pages():
    _page, entry = entries(manifest(SearchEntry("BertSelfOutput", "BertSelfOutput", "")))
    assert (entry["location"], entry["boost"]) == ("concepts/0.html#BertSelfOutput", ANCHOR_BOOST)


@pytest.mark.parametrize(
    ("near", "far"),
    [
        ("BertSelfAttention", "MegatronBertSelfAttention"),
        ("MixtralAttention", "MixtralFlashAttention2"),
        ("apply_rotary_pos_emb", "apply_rotary_pos_emb_2d_self_attn"),
    ],
)
def test_of_names_with_the_same_words_the_shorter_counts_more(near: str, far: str):
    _page, one, other = (
        entries(manifest(SearchEntry(near, near, ""))) + entries(manifest(SearchEntry(far, far, "")))[1:]
    )
    assert one["boost"] > other["boost"]


def test_names_that_are_gone_stand_behind_those_of_today():
    record = PageRecord(GONE, "Names", "", "", (), (SearchEntry("split", "split", "today"),), 0)
    _page, gone = entries(Manifest((record,), Snapshot("installed", None, None, None, "5.0.0", "")))
    _page, today = entries(manifest(SearchEntry("split", "split", "today")))
    assert gone["boost"] < today["boost"]


def test_a_result_is_headed_by_its_page_also_where_only_parts_of_it_are_found():
    record = PageRecord("gone", "Names", "", "", (), (SearchEntry("split", "split", "today"),), 0)
    found = entries(Manifest((record,), Snapshot("installed", None, None, None, "5.0.0", "")))
    assert [(entry["location"], entry["title"]) for entry in found] == [
        ("gone.html", "Names"),
        ("gone.html#split", "split"),
    ]
    whole = replace(record, search=(SearchEntry("", "Names", "all of them"), *record.search))
    assert len(entries(Manifest((whole,), Snapshot("installed", None, None, None, "5.0.0", "")))) == len(found)


def test_nothing_found_anywhere_counts_once():
    assert [entry["boost"] for entry in entries(manifest(SearchEntry("", "Attention", "")))] == [1.0]


def test_titles_and_texts_are_escaped():
    (entry,) = entries(manifest(SearchEntry("", "A & B", "<script>alert()</script>")))
    assert (entry["title"], entry["text"]) == ("A &amp; B", "&lt;script&gt;alert()&lt;/script&gt;")
