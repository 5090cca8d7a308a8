import json
import os
from dataclasses import replace
from pathlib import Path

import pytest

from hfreader.errors import HfreaderError
from hfreader.facts.code import ClassFacts, FileFacts
from hfreader.facts.mapping import Role
from hfreader.facts.places import Span
from hfreader.pages import home, plans
from hfreader.pages.book import Family, address
from hfreader.pages.manifest import Manifest, read_html, read_manifest, shell_file
from hfreader.pages.search import append_entries, entries
from hfreader.pages.site import write_fragments
from hfreader.pages.stylesheet import symbol_rules
from hfreader.progress import silent
from tests.pages import toy
from tests.pages.shelf import Families


def written(book: Families, file: str) -> None:
    path = book.snapshot.path(file)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("class Linear:\n    pass\n")


LINEAR = ClassFacts("Linear", "transformers.layers.Linear", "module", Span(1, 0, 2, 8), Span(1, 6, 1, 12), ())


def write(book: Families, folder: Path) -> Manifest:
    return write_fragments(book.book, book, folder, silent, toy.CONCEPTS)


def test_every_page_has_a_fragment_and_a_shell(toy_book: Families, fragments: Path):
    manifest = write(toy_book, fragments)
    pages = ["models/toy", "concepts/toy-attention", "index", "concepts/index", "concepts/papers", "models/index"]
    assert [record.page for record in manifest.pages] == pages
    assert read_manifest(fragments) == manifest
    for record in manifest.pages:
        assert "hf-page" in read_html(fragments, record.page)
        assert shell_file(fragments, record.page).is_file()


def test_what_did_not_change_is_not_rendered_again(toy_book: Families, fragments: Path):
    write(toy_book, fragments)
    pages = sorted((fragments / "html").rglob("*.html"))
    for path in pages:
        os.utime(path, (1, 1))
    write(toy_book, fragments)
    assert [path.stat().st_mtime for path in pages] == [1.0] * len(pages)
    changed = replace(toy_book, families=(replace(toy_book.families[0], run=None),))
    write(changed, fragments)
    kept = [path.stem for path in pages if path.stat().st_mtime == 1]
    assert kept == ["papers"], "what was run says nothing of papers"


def test_pages_that_are_no_longer_planned_go(toy_book: Families, fragments: Path):
    write(toy_book, fragments)
    write(replace(toy_book, families=()), fragments)
    assert not shell_file(fragments, "models/toy").exists()
    assert not (fragments / "html/models/toy.html").exists()


def test_a_damaged_manifest_is_written_anew(toy_book: Families, fragments: Path):
    fragments.mkdir()
    (fragments / "manifest.json").write_text("{")
    assert write(toy_book, fragments).pages


def test_no_fragments_is_one_clear_line(tmp_path: Path):
    with pytest.raises(HfreaderError, match="run `hfreader build` first"):
        read_manifest(tmp_path)


def test_search_entries_are_added_once(toy_book: Families, fragments: Path, tmp_path: Path):
    manifest = write(toy_book, fragments)
    index = tmp_path / "search_index.json"
    index.write_text(json.dumps({"config": {}, "docs": []}))
    append_entries(index, manifest)
    append_entries(index, manifest)
    locations = [entry["location"] for entry in json.loads(index.read_text())["docs"]]
    assert locations == [entry["location"] for entry in entries(manifest)]
    assert {"models/toy.html", "models/toy.html#ToyAttention", "concepts/toy-attention.html"} <= set(locations)


@pytest.mark.parametrize(
    ("target", "origin", "expected"),
    [
        ("models/bert#L3", "models/bert", "#L3"),
        ("models/gpt2#L3", "models/bert", "../models/gpt2.html#L3"),
        ("concepts/a", "index", "concepts/a.html"),
        ("index", "models/bert", "../index.html"),
    ],
)
def test_addresses_are_relative(target: str, origin: str, expected: str):
    assert address(target, origin) == expected


def test_each_symbol_has_a_rule_and_a_hue():
    rules = symbol_rules(9)
    assert ".t8:is(:hover,:focus)) :is(.s8,.t8){" in rules and ".s8,.t8{--hue:var(--hf-hue-0)}" in rules
    assert "t9" not in rules and "body" not in rules


def test_the_home_page_counts_proofs_and_links_to_places(toy_book: Families, fragments: Path):
    write(toy_book, fragments)
    html = read_html(fragments, "index")
    assert "href=models/toy.html#ToyAttention>" in html and "href=concepts/toy-attention.html>" in html
    assert "1 disproven" in html


def test_a_class_counts_once_as_a_place_of_the_equation_or_as_one_of_the_role(toy_book: Families, fragments: Path):
    (family,) = toy_book.families
    (analysis,) = family.analyses
    roles = tuple(
        Role("toy-attention", f"{toy.MODULE}.{name}", toy.match().place) for name in ("ToyAttention", "ToyModel")
    )
    played = replace(family, analyses=(replace(analysis, roles=roles),))
    write(replace(toy_book, families=(played,)), fragments)
    html = read_html(fragments, "index")
    count = len(analysis.matches)
    assert f"<td class=hf-number>{count} + 1 by role</td>" in html
    assert "href=models/toy.html#ToyModel>" in html


def test_a_cut_list_of_places_leads_to_the_whole(monkeypatch: pytest.MonkeyPatch, toy_book: Families, fragments: Path):
    monkeypatch.setattr(home, "MOST_PLACES", 1)
    write(toy_book, fragments)
    assert "<a href=concepts/toy-attention.html#places>…</a>" in read_html(fragments, "index")


def test_the_lists_of_concepts_and_models_lead_to_their_pages(toy_book: Families, fragments: Path):
    write(toy_book, fragments)
    concepts, models = (read_html(fragments, page) for page in ("concepts/index", "models/index"))
    assert "Mechanisms" in concepts and "href=../concepts/toy-attention.html>" in concepts
    assert "<a href=../models/toy.html>Toy</a>" in models and toy.FILE in models


def test_a_home_page_of_many_models_leads_to_their_list(
    monkeypatch: pytest.MonkeyPatch, toy_book: Families, fragments: Path
):
    monkeypatch.setattr(home, "MOST_FILES", 0)
    write(toy_book, fragments)
    html = read_html(fragments, "index")
    assert "<a href=models/index.html>All 1 families</a>" in html and toy.FILE not in html


def test_a_page_is_rendered_again_where_what_it_links_to_has_moved(toy_book: Families, fragments: Path):
    (record,) = (record for record in write(toy_book, fragments).pages if record.page == "models/toy")
    assert "Linear" in dict(record.asked), "it asked for the page of a class that ran"
    page = fragments / "html/models/toy.html"
    os.utime(page, (1, 1))
    shared = replace(toy.analysis(), code=FileFacts("layers.py", "transformers.layers", "", (LINEAR,)), matches=())
    more = replace(toy_book, families=(*toy_book.families, Family("layers", (shared,), shared=True)))
    written(toy_book, "layers.py")
    write(more, fragments)
    assert page.stat().st_mtime > 1
    assert "../library/layers.html#Linear" in page.read_text(encoding="utf-8")


def test_other_families_leave_the_page_of_a_file_alone(toy_book: Families, fragments: Path):
    oak, elm = named(toy_book, "oak"), named(toy_book, "elm")
    write(replace(toy_book, families=(*toy_book.families, oak)), fragments)
    page = fragments / "html/models/toy.html"
    os.utime(page, (1, 1))
    write(replace(toy_book, families=(*toy_book.families, oak, elm)), fragments)
    assert page.stat().st_mtime == 1
    write(toy_book, fragments)
    assert page.stat().st_mtime > 1, "there is no other to compare it with"


def named(toy_book: Families, name: str) -> Family:
    """A family with one class of that name's file."""
    code = FileFacts(f"models/{name}/modeling_{name}.py", f"transformers.models.{name}.modeling_{name}", "", (LINEAR,))
    written(toy_book, code.file)
    return Family(name, (replace(toy.analysis(), code=code, matches=(), diagrams=(), dispatches=()),))


def test_a_page_that_cannot_be_made_says_why_and_is_tried_again(
    monkeypatch: pytest.MonkeyPatch, toy_book: Families, fragments: Path
):
    with monkeypatch.context() as patch:
        patch.setattr(plans, "model_page", lambda *given: {}["nothing"])
        (record,) = (record for record in write(toy_book, fragments).pages if record.problem)
    assert (record.page, record.problem) == ("models/toy", "KeyError: 'nothing'")
    assert "This page could not be made" in read_html(fragments, "models/toy")
    assert not [record for record in write(toy_book, fragments).pages if record.problem]


@pytest.mark.slow
def test_several_processes_write_the_same(toy_book: Families, fragments: Path):
    alone = write_fragments(toy_book.book, toy_book, fragments / "1", silent)
    together = write_fragments(toy_book.book, toy_book, fragments / "2", silent, jobs=2)
    assert together == alone
    for record in alone.pages:
        assert read_html(fragments / "1", record.page) == read_html(fragments / "2", record.page)
