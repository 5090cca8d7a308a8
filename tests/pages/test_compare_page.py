from dataclasses import replace

import pytest

from hfreader.pages.compare_page import compare_page
from hfreader.pages.comparisons import comparisons_index
from hfreader.pages.model_page import model_page
from tests.pages import toy
from tests.pages.html import Element, parse
from tests.pages.shelf import Families


@pytest.fixture(scope="module")
def book(toy_book: Families) -> Families:
    return replace(toy_book, comparisons=(toy.COMPARISON,))


@pytest.fixture(scope="module")
def tree(book: Families) -> Element:
    return parse(compare_page(book.site, toy.COMPARISON).html)


def rows(tree: Element, table: int) -> list[list[str]]:
    found = tree.all("table")[table].all("tr")[1:]
    return [[cell.text.strip() for cell in row.children if isinstance(cell, Element)] for row in found]


def test_traits_say_what_is_the_same(tree):
    assert rows(tree, 0) == [["norms", "pre-norm", "post-norm"], ["biases", "none", "the same"]]


def test_fields_that_differ_come_first_and_those_alike_are_folded(tree):
    assert rows(tree, 1) == [["hidden_size", "32", "64 as width"], ["window", "not there", "8"]]
    assert rows(tree, 2) == [["heads", "4", "4"]]
    assert [one.tag for one in tree.all("details")[0].all("table")] == ["table"]


def test_shapes_in_fields_and_in_numbers(tree):
    assert rows(tree, 3) == [
        ["query.weight", "hidden_size, hidden_size 32 × 32", "qkv.weight", "3 * width, width 192 × ?"]
    ]


def test_classes_with_what_differs_and_where(tree):
    first = tree.all("section", "hf-pair")[0]
    assert "ToyAttention" in first.text
    assert "OakAttention" in first.text
    change = first.all("li")[0]
    assert " ".join(change.text.split()) == f"→ {toy.FUSED.text} toy:27 oak:9"
    links = {link.text: link.attributes["href"] for link in change.all("a")}
    assert links["toy:27"] == "../models/toy.html#L27"
    assert links["oak:9"].endswith("/models/oak/modeling_oak.py#L9"), "what has no page here leads upstream"


def test_identical_classes_are_collapsed_and_those_alone_are_named(tree):
    assert "Norm: ToyNorm norm and OakNorm norm" in " ".join(tree.all("details")[-1].text.split())
    assert "ToyNorm" not in tree.all("section", "hf-pair")[0].text
    assert tree.text.count("OakGate") == 1


def test_what_could_not_be_compared_says_why(book):
    nothing = replace(toy.COMPARISON, traits=(), fields=(), parameters=(), parts=(), problems=(toy.PROBLEM,))
    fragment = compare_page(book.site, nothing)
    assert toy.PROBLEM.reason in fragment.html
    assert fragment.contents == ()


def test_the_index_and_the_model_page_lead_to_it(book):
    index = parse(comparisons_index(book.book, toy.CONCEPTS).html)
    assert index.all("a")[0].attributes["href"] == "../compare/toy-oak.html"
    assert rows(index, 0) == [["toy and oak", "norms", "1", "1", "0"]]
    family = book.families[0]
    model = parse(model_page(book.site, family, family.analyses[0], toy.CONCEPTS).html)
    assert ("toy and oak", "../compare/toy-oak.html") in [
        (one.text, one.attributes.get("href")) for one in model.all("a")
    ]
