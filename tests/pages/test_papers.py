from dataclasses import replace

from hfreader.concepts.model import Citation
from hfreader.pages.papers import papers, papers_page
from tests.pages import toy


def test_a_paper_that_several_concepts_cite_is_one_row_the_oldest_paper_first():
    older = replace(toy.CONCEPT, slug="older", citations=(Citation("Early", "A", 1999), *toy.CONCEPT.citations))
    early, transformer = papers({**toy.CONCEPTS, "older": older}, "concepts/papers")
    assert early.citation.title == "Early" and early.anchor == "paper-Early"
    assert transformer.anchor == "paper-1706.03762" and transformer.citation.where is None
    assert [link for _, _, link in transformer.concepts] == ["../concepts/older.html", "../concepts/toy-attention.html"]
    assert {where for where, _, _ in transformer.concepts} == {"§3.2.1, Eq. (1)"}


def test_papers_are_found_by_their_title():
    (entry,) = papers_page(toy.CONCEPTS).search
    assert entry.title == "Attention Is All You Need" and entry.anchor == "paper-1706.03762"
