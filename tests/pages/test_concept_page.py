import re
from dataclasses import replace
from html import unescape

import pytest

from hfreader.concepts.model import Concept, Symbol, Text
from hfreader.facts.mapping import Part, Role
from hfreader.facts.matches import Binding, Proof
from hfreader.facts.snapshot import Snapshot
from hfreader.pages.book import Family
from hfreader.pages.concept_page import render_concept, totals
from hfreader.pages.fragment import Fragment
from hfreader.pages.implementers import implementers, without
from tests.facts_builder import (
    COMMIT,
    FILE,
    SOURCE,
    make_analysis,
    make_concept,
    make_match,
    make_run,
    make_snapshot,
    place,
)
from tests.pages.shelf import Families

PROVEN = make_match("ToyAttention", 12, "query")
WRONG = make_match("ToyAttention", 14, "query", guards=("self.cross",))
UNCHECKED = make_match("eager", 2, "weights")


@pytest.fixture(scope="module")
def snapshot(tmp_path_factory):
    path = tmp_path_factory.mktemp("package") / FILE
    path.parent.mkdir(parents=True)
    path.write_text(SOURCE, encoding="utf-8")
    return replace(make_snapshot(), package=str(path).removesuffix(f"/{FILE}"))


def rendered(concept: Concept, snapshot: Snapshot, *families: Family) -> Fragment:
    shelf = Families(snapshot, families)
    found = implementers(shelf.book).get(concept.slug, [])
    return render_concept(shelf.site, concept, found, without(shelf.book, found), shelf)


@pytest.fixture(scope="module")
def fragment(snapshot):
    run = make_run(Proof(PROVEN.key, "proven", 3e-16, 4), Proof(WRONG.key, "disproven", 0.1, 1))
    family = Family("toy", (make_analysis(PROVEN, WRONG, UNCHECKED),), run)
    return rendered(make_concept(), snapshot, family)


def text_of(html):
    return " ".join(re.sub(r"<[^>]+>", " ", html).split())


def test_where_the_page_lies_and_what_search_finds(fragment):
    assert (fragment.page, fragment.title, fragment.symbols) == ("concepts/attention", "Attention scores", 3)
    (entry,) = fragment.search
    assert entry.title == "Attention scores 注意力分数" and "queries" in entry.text and "A Paper & More" in entry.text
    assert "§3, Eq. (1)" in entry.text and "1706.03762" in entry.text
    assert "查询" not in entry.text  # said in the other language's site
    assert all(f'id="{anchor}"' in fragment.html for anchor, _ in fragment.contents)


def test_both_languages_and_the_citation(fragment):
    for text in ("How much a query looks at a key.", "查询对键的关注程度。", "查询", "注意力分数"):
        assert text in fragment.html
    assert 'href="https://arxiv.org/abs/1706.03762"' in fragment.html
    assert "One et al. 2017" in fragment.html and "§3, Eq. (1)" in fragment.html


def test_totals_say_every_state(fragment):
    text = text_of(fragment.html)
    assert "in 3 places in 1 file : 1 proven (largest rel. error 3e-16)" in text.replace("file:", "file :")
    assert "1 DISPROVEN" in text and "1 matched without proof" in text


def test_totals_count():
    proofs = [
        Proof("a", "proven", 1e-16),
        Proof("b", "proven", 2e-16),
        Proof("c", "disproven", 0.5),
        Proof("d", "matched"),
    ]
    counted = totals(proofs, 2)
    assert (counted.found, counted.proven, counted.disproven, counted.matched) == (4, 2, 1, 1)
    assert counted.error == 2e-16
    assert totals([], 0).error is None


def test_every_place_links_to_its_class_its_lines_and_upstream(fragment):
    assert fragment.html.count('href="../models/toy.html#ToyAttention"') == 2
    assert 'href="../models/toy.html#L12">line 12</a>' in fragment.html
    assert f"/blob/{COMMIT}/src/transformers/{FILE}#L12" in fragment.html
    assert "<code>self.cross</code>" in fragment.html
    assert f"<code>{SOURCE.splitlines()[11].strip()}</code>" in unescape(fragment.html)


def test_a_symbol_that_no_equation_prints_says_so(snapshot):
    symbols = (*make_concept().symbols, Symbol("bias", "B", Text("a bias", "偏置")))
    page = rendered(make_concept(symbols=symbols), snapshot)
    assert page.html.count("in some code, not in the equation") == 1, "B; Q, K and S are printed"
    assert "a bias <span" in page.html


def test_hover_joins_equation_glossary_and_reference(fragment):
    linked = re.findall(r'class="(t\d)"', fragment.html)
    assert linked.count("t0") == 2 + 1 + 2, "equation, glossary (cell and row), two uses in the reference"


def test_only_code_of_the_reference_carries_symbols(fragment):
    reference = fragment.html.split('id="reference"')[1].split('id="examples"')[0]
    assert reference.count('<b class="t0"') == 2, "not in the docstring, the comment, or after a dot"
    assert "return query @ key.query" in unescape(re.sub("<[^>]+>", "", reference))


def test_examples_are_shown_escaped(fragment):
    examples = fragment.html.split('id="examples"')[1]
    assert "q &lt; k" in examples and "1 that must match" in text_of(examples)


def test_a_concept_found_nowhere_says_so(snapshot):
    page = rendered(make_concept(), snapshot)
    assert "Not found in any of the files" in page.html and "Nowhere in the files" in page.html


def test_prose_is_escaped(snapshot):
    concept = make_concept(citations=())
    page = rendered(concept, snapshot, Family("<i>toy", (make_analysis(PROVEN),)))
    assert "<i>toy" not in page.html and "&lt;i&gt;toy" in page.html


def test_a_role_lists_the_classes_that_play_it(snapshot):
    parts = (Part("norm", (), (), place(12, "query")), Part("mlp", (), (), place(12, "query")))
    roles = (
        Role("block", "toy.ToyBlock", place(12, "query"), parts, "y = x + mlp(norm(x))"),
        Role("block", "toy.ToyLayer", place(12, "query"), parts),
        Role("other", "toy.ToyHead", place(12, "query")),
    )
    family = Family("toy", (make_analysis(roles=roles),))
    concept = make_concept(slug="block", kind="composition", equations=(), symbols=(), patterns=(), output="")
    page = rendered(replace(concept, reference=None), snapshot, family)
    text = text_of(page.html)
    assert "Told from structure: 2 classes in 1 file" in text and "Nowhere" not in text
    assert "ToyBlock y = x + mlp(norm(x))" in text and "ToyLayer calls norm , mlp" in text
    assert 'href="../models/toy.html#ToyBlock"' in page.html and "ToyHead" not in page.html
    assert page.group == "Blocks, heads and models"


def test_what_differs_in_names_alone_stands_together_and_what_lacks_it_is_named(snapshot):
    bodies = {"toy.ToyAttention": "one", "toy.OtherAttention": "one", "toy.ThirdAttention": "another"}
    matches = [make_match(name.rpartition(".")[2], 12, "query") for name in bodies]
    owners = {match.owner: body for match, body in zip(matches, bodies.values(), strict=True)}
    having = Family(
        "toy", (replace(make_analysis(*matches), bodies=owners),), make_run(Proof(matches[1].key, "proven"))
    )
    without_any = Family("oak", (make_analysis(),))
    html = rendered(make_concept(), snapshot, having, without_any).html
    text = text_of(html)
    assert "Written in 2 ways in 1 family" in text
    assert "OtherAttention and 1 alike" in text, "the first by name is the origin"
    assert "The same code under other names: ToyAttention ≈" in text
    assert html.count('id="in-toy"') == 1
    assert "1 family in which it was not found oak" in text


def test_the_body_of_a_group_carries_the_symbols_of_the_equation(snapshot):
    where = place(12, "query")
    match = replace(make_match("ToyAttention", 12, "query"), bindings=(Binding("query", (where,)),))
    html = rendered(make_concept(), snapshot, Family("toy", (make_analysis(match),))).html
    body = html.split('id="body-1"')[1].split("</table>")[0]
    assert '<b class="t0"' in body
    assert 'id="ToyAttention-L12"' in body or "id=ToyAttention-L12" in body
    assert "../models/toy.html#L12" in body
