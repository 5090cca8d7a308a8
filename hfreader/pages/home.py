"""The tables of the home page: every concept and every model, with how much of it is proven."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from markupsafe import Markup

from hfreader.concepts.model import Concept
from hfreader.facts.analysis import Analysis
from hfreader.facts.matches import Match, Proof
from hfreader.pages.book import Book, Family, address, bare, concept_page, page_of
from hfreader.pages.cards import citation_html
from hfreader.pages.fragment import Fragment
from hfreader.pages.language import gettext as _
from hfreader.pages.naming import KINDS, source_name
from hfreader.pages.rendering import fill

HOME = "index"
CONCEPTS = "concepts/index"
MODELS = "models/index"
MOST_PLACES = 6
# Where there are more files than this, the home page leads to the list of them instead of holding it.
MOST_FILES = 60


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
    players: int


@dataclass(frozen=True)
class _FileRow:
    name: str
    file: str
    home: str
    classes: int
    runs: int
    counts: Counts


def home_page(book: Book, concepts: Mapping[str, Concept]) -> Fragment:
    """The fragment that the home page's prose is followed by."""
    groups = _file_groups(book, HOME)
    long = sum(len(rows) for _, _, rows in groups) > MOST_FILES
    html = fill(
        "home.html",
        concepts=_concept_rows(book, concepts, HOME),
        groups=[] if long else groups,
        models=address(MODELS, HOME) if long else None,
        families=len(book.families),
        snapshot=book.snapshot,
    )
    anchors = (("models", _("Models")),) if long else tuple(group[:2] for group in groups)
    return Fragment(HOME, "hfreader", html, (("concepts", _("Concepts")), *anchors))


def concepts_index(book: Book, concepts: Mapping[str, Concept]) -> Fragment:
    """The list of all concepts, by their kind."""
    rows = _concept_rows(book, concepts, CONCEPTS)
    groups = [
        (kind, _(heading), [row for row in rows if row.concept.kind == kind])
        for kind, heading in KINDS.items()
        if any(row.concept.kind == kind for row in rows)
    ]
    html = fill("concepts.html", groups=groups)
    return Fragment(CONCEPTS, _("Concepts"), html, tuple(group[:2] for group in groups))


def models_index(book: Book) -> Fragment:
    """The list of all modeling files, by their names."""
    groups = _file_groups(book, MODELS)
    return Fragment(MODELS, _("Models"), fill("models.html", groups=groups), tuple(group[:2] for group in groups))


def _concept_rows(book: Book, concepts: Mapping[str, Concept], page: str) -> list[_ConceptRow]:
    """The concepts, those found most often first."""
    found: dict[str, list[tuple[Family, Analysis, Match]]] = {slug: [] for slug in concepts}
    for family, analysis, match in book.matches():
        if match.concept in found:
            found[match.concept].append((family, analysis, match))
    players: dict[str, dict[str, str]] = {slug: {} for slug in concepts}
    for analysis in (analysis for family in book.families for analysis in family.analyses):
        for role in (role for role in analysis.roles if role.concept in players):
            players[role.concept][bare(role.owner)] = _link(analysis, role.owner, page)
    rows = [_concept_row(concepts[slug], items, players[slug], page) for slug, items in found.items()]
    return sorted(rows, key=lambda row: -(row.counts.total + row.players))


def _concept_row(
    concept: Concept, found: Sequence[tuple[Family, Analysis, Match]], players: Mapping[str, str], page: str
) -> _ConceptRow:
    places = {_place_name(analysis, match): _link(analysis, match.owner, page) for _, analysis, match in found}
    by_role = {name: link for name, link in players.items() if name not in places}
    places |= by_role
    whole = concept_page(concept.slug)
    more = [("…", address(f"{whole}#places", page))] if len(places) > MOST_PLACES else []
    return _ConceptRow(
        concept,
        address(whole, page),
        citation_html(concept.citations[0]) if concept.citations else None,
        count(family.proof(match) for family, _, match in found),
        (*tuple(places.items())[:MOST_PLACES], *more),
        len(by_role),
    )


def _place_name(analysis: Analysis, match: Match) -> str:
    """The class, or for a function its file as well (`bert: eager_attention_forward`)."""
    owner = bare(match.owner)
    return f"{source_name(analysis)}: {owner}" if match.function == owner else owner


def _link(analysis: Analysis, owner: str, page: str) -> str:
    """The block of a class or function on the page of its file."""
    return address(f"{page_of(analysis.code.file)}#{bare(owner)}", page)


def _file_groups(book: Book, page: str) -> list[tuple[str, str, list[_FileRow]]]:
    """Anchor, heading and rows of the models, and of the files that models share where there are any."""
    models = _file_rows([family for family in book.families if not family.shared], page)
    shared = _file_rows([family for family in book.families if family.shared], page)
    return [("models", _("Models"), models), *([("shared", _("Files that models share"), shared)] if shared else [])]


def _file_rows(families: Iterable[Family], page: str) -> list[_FileRow]:
    rows = [
        _FileRow(
            source_name(analysis),
            analysis.code.file,
            address(page_of(analysis.code.file), page),
            len(analysis.code.classes),
            len(family.run.traces) if family.run else 0,
            count(family.proof(match) for match in analysis.matches),
        )
        for family in families
        for analysis in family.analyses
    ]
    return sorted(rows, key=lambda row: row.name.casefold())
