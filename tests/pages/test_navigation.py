"""The navigation: sections by folder, groups within them, letters where there are many pages."""

import pytest

from hfreader.pages import navigation as module
from hfreader.pages.manifest import PageRecord
from hfreader.pages.navigation import navigation


def record(page: str, label: str, group: str = "") -> PageRecord:
    return PageRecord(page, label, group, "key", (), (), 0)


def test_each_kind_of_page_has_a_section_with_its_index_first():
    records = [
        record("models/toy", "Toy"),
        record("library/activations", "activations.py"),
        record("concepts/gelu", "GELU"),
        record("index", "hfreader"),
        record("concepts/index", "Concepts"),
        record("models/index", "Models"),
    ]
    assert navigation(records, ["index.md", "trace-json.md", "how-to.md"]) == [
        {"Home": "index.md"},
        {"Concepts": ["concepts/index.md", {"GELU": "concepts/gelu.md"}]},
        {"Models": ["models/index.md", {"Toy": "models/toy.md"}]},
        {"Shared code": [{"activations.py": "library/activations.md"}]},
        {"Guide": ["how-to.md", "trace-json.md"]},
    ]


def test_pages_with_groups_stand_in_them():
    records = [
        record("concepts/a", "A", "First"),
        record("concepts/b", "B", "Second"),
        record("concepts/c", "C", "First"),
    ]
    first = {"First": [{"A": "concepts/a.md"}, {"C": "concepts/c.md"}]}
    assert navigation(records, []) == [{"Concepts": [first, {"Second": [{"B": "concepts/b.md"}]}]}]


@pytest.mark.parametrize("most", [module.MOST_ENTRIES, 2])
def test_a_page_of_no_group_stands_beside_the_groups(monkeypatch, most: int):
    monkeypatch.setattr(module, "MOST_ENTRIES", most)
    records = [
        record("concepts/index", "Concepts"),
        record("concepts/a", "A", "First"),
        record("concepts/b", "B", "Second"),
        record("concepts/papers", "Papers"),
    ]
    groups = [{"First": [{"A": "concepts/a.md"}]}, {"Second": [{"B": "concepts/b.md"}]}]
    papers = {"Papers": "concepts/papers.md"}
    assert navigation(records, []) == [{"Concepts": ["concepts/index.md", papers, *groups]}]


def test_many_pages_stand_under_their_first_letter(monkeypatch):
    monkeypatch.setattr(module, "MOST_ENTRIES", 2)
    records = [record("models/gpt2", "GPT2"), record("models/bert", "Bert"), record("models/glm", "glm")]
    (section,) = navigation(records, [])
    assert section == {
        "Models": [
            {"B": [{"Bert": "models/bert.md"}]},
            {"G": [{"glm": "models/glm.md"}, {"GPT2": "models/gpt2.md"}]},
        ]
    }


def test_folders_of_prose_are_sections_with_their_index_first():
    pages = ["study/2-b.md", "study/index.md", "index.md", "study/1-a.md", "guide.md"]
    assert navigation([record("concepts/a", "A")], pages) == [
        {"Home": "index.md"},
        {"Study plan": ["study/index.md", "study/1-a.md", "study/2-b.md"]},
        {"Concepts": [{"A": "concepts/a.md"}]},
        {"Guide": ["guide.md"]},
    ]
