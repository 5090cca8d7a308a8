"""The tables of the home page: every concept and every model, with how much of it is proven."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from markupsafe import Markup

from hfreader.concepts.model import Concept
from hfreader.facts.analysis import Analysis
from hfreader.facts.matches import Match, Proof
from hfreader.pages.book import Book, Family, address, bare, concept_page, page_of
from hfreader.pages.cards import citation_html
from hfreader.pages.fragment import Fragment
from hfreader.pages.model_page import page_title
from hfreader.pages.rendering import fill

HOME = "index"
MOST_PLACES = 6


@dataclass(frozen=True)
class Counts:
    """How many matches there are, and what their proofs say."""

    total: int
    proven: int
    disproven: int


def count(proofs: Iterable[Proof]) -> Counts:
    """Counts over some proofs."""
    states = [proof.state for proof in proofs]
    return Counts(len(states), states.count("proven"), states.count("disproven"))


@dataclass(frozen=True)
class _ConceptRow:
    concept: Concept
    home: str
    citation: Markup | None
    counts: Counts
    places: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class _FileRow:
    title: str
    home: str
    classes: int
    runs: int
    counts: Counts


def home_page(book: Book, concepts: Mapping[str, Concept]) -> Fragment:
    """The fragment that the home page's prose is followed by."""
    groups = (
        ("models", "Models", _file_rows([family for family in book.families if not family.shared])),
        ("shared", "Files that models share", _file_rows([family for family in book.families if family.shared])),
    )
    files = [group for group in groups if group[2] or group[0] == "models"]
    html = fill("home.html", concepts=_concept_rows(book, concepts), groups=files, snapshot=book.snapshot)
    return Fragment(HOME, "hfreader", html, (("concepts", "Concepts"), *[group[:2] for group in files]))


def _concept_rows(book: Book, concepts: Mapping[str, Concept]) -> list[_ConceptRow]:
    """The concepts, those found most often first."""
    rows: list[_ConceptRow] = []
    for slug, concept in concepts.items():
        found = [item for item in book.matches() if item[2].concept == slug]
        places = {_place_name(analysis, match): _place_link(analysis, match) for _, analysis, match in found}
        more = [("…", address(f"{concept_page(slug)}#places", HOME))] if len(places) > MOST_PLACES else []
        rows.append(
            _ConceptRow(
                concept,
                address(concept_page(slug), HOME),
                citation_html(concept.citations[0]) if concept.citations else None,
                count(family.proof(match) for family, _, match in found),
                (*tuple(places.items())[:MOST_PLACES], *more),
            )
        )
    return sorted(rows, key=lambda row: -row.counts.total)


def _place_name(analysis: Analysis, match: Match) -> str:
    """The class, or for a function its file as well (`bert: eager_attention_forward`)."""
    owner = bare(match.owner)
    return f"{page_title(analysis)}: {owner}" if match.function == owner else owner


def _place_link(analysis: Analysis, match: Match) -> str:
    """The block of the class or function on the page of its file."""
    return address(f"{page_of(analysis.code.file)}#{bare(match.owner)}", HOME)


def _file_rows(families: Iterable[Family]) -> list[_FileRow]:
    return [
        _FileRow(
            page_title(analysis),
            address(page_of(analysis.code.file), HOME),
            len(analysis.code.classes),
            len(family.run.traces) if family.run else 0,
            count(family.proof(match) for match in analysis.matches),
        )
        for family in families
        for analysis in family.analyses
    ]
