"""The papers that concepts come from, by year: from a paper in hand to its equations."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from markupsafe import Markup

from hfreader.concepts.model import Citation, Concept
from hfreader.pages.book import address, concept_page
from hfreader.pages.cards import citation_html
from hfreader.pages.fragment import Fragment, SearchEntry
from hfreader.pages.language import gettext as _
from hfreader.pages.language import own
from hfreader.pages.rendering import fill

PAPERS = "concepts/papers"


@dataclass(frozen=True)
class Paper:
    """One paper: what it is, and the concepts that cite it, each with section or equation, name and address."""

    citation: Citation
    html: Markup
    concepts: tuple[tuple[str, str, str], ...]

    @property
    def anchor(self) -> str:
        """Its place on the page."""
        return anchor_of(self.citation)


def anchor_of(citation: Citation) -> str:
    """The place of a paper on the page of papers."""
    return f"paper-{citation.arxiv or '-'.join(citation.title.split()[:4])}"


def papers(concepts: Mapping[str, Concept], page: str) -> list[Paper]:
    """Every paper that is cited, the oldest first."""
    cited: dict[tuple[int, str], list[tuple[Citation, Concept]]] = defaultdict(list)
    for concept in concepts.values():
        for citation in concept.citations:
            cited[citation.year, citation.title].append((citation, concept))
    return [
        _paper([citation for citation, _one in cited[key]], [one for _citation, one in cited[key]], page)
        for key in sorted(cited)
    ]


def _paper(citations: Sequence[Citation], concepts: Sequence[Concept], page: str) -> Paper:
    whole = Citation(
        citations[0].title, citations[0].authors, citations[0].year, citations[0].arxiv, None, citations[0].url
    )
    rows = [
        (citation.where or "", own(concept.name), address(concept_page(concept.slug), page))
        for citation, concept in zip(citations, concepts, strict=True)
    ]
    return Paper(whole, citation_html(whole), tuple(sorted(rows)))


def papers_page(concepts: Mapping[str, Concept]) -> Fragment:
    """The list of the papers."""
    found = papers(concepts, PAPERS)
    entries = tuple(
        SearchEntry(one.anchor, one.citation.title, f"{one.citation.authors} {one.citation.year}"[:90]) for one in found
    )
    return Fragment(PAPERS, _("Papers"), str(fill("papers.html", papers=found)), (), entries, label=_("Papers"))
