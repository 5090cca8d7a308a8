"""The tables of the home page: every concept and every model, with how much of it is proven."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from markupsafe import Markup

from hfreader.concepts.model import Concept
from hfreader.facts.matches import Proof
from hfreader.facts.survey import FileSurvey
from hfreader.pages.book import Book, Chapter, address, concept_page, page_of
from hfreader.pages.cards import citation_html
from hfreader.pages.fragment import Fragment
from hfreader.pages.implementers import Implementer, groups
from hfreader.pages.language import gettext as _
from hfreader.pages.language import noted
from hfreader.pages.naming import KINDS, source_name
from hfreader.pages.rendering import fill

HOME = "index"
CONCEPTS = "concepts/index"
MODELS = "models/index"
SHARED = "shared"
MOST_PLACES = 6
# Where there are more files than this, the home page leads to the list of them instead of holding it.
MOST_FILES = 60
# What models read (`hfreader.analyzers.declared`), in this order.
READ = {
    "text": noted("Text"),
    "image": noted("Images"),
    "video": noted("Video"),
    "audio": noted("Sound"),
    "time": noted("Time series"),
}


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
    modalities: tuple[str, ...]
    year: int | None
    classes: int
    runs: int
    counts: Counts


Table = tuple[str, str, list[_FileRow]]


def home_page(
    book: Book, concepts: Mapping[str, Concept], found: Mapping[str, Sequence[Implementer]], doors: Markup
) -> Fragment:
    """The fragment that the home page's prose is followed by; it begins with `doors`."""
    tables = _file_groups(book, HOME)
    long = sum(len(rows) for _, _, rows in tables) > MOST_FILES
    html = fill(
        "home.html",
        doors=doors,
        concepts=_concept_rows(concepts, found, HOME),
        groups=[] if long else tables,
        models=address(MODELS, HOME) if long else None,
        families=sum(not chapter.shared for chapter in book.chapters),
        snapshot=book.snapshot,
    )
    anchors = (("models", _("Models")),) if long else tuple(table[:2] for table in tables)
    return Fragment(HOME, "hfreader", str(html), (("concepts", _("Concepts")), *anchors))


def concepts_index(concepts: Mapping[str, Concept], found: Mapping[str, Sequence[Implementer]]) -> Fragment:
    """The list of all concepts, by their kind."""
    rows = _concept_rows(concepts, found, CONCEPTS)
    tables = [
        (kind, _(heading), [row for row in rows if row.concept.kind == kind])
        for kind, heading in KINDS.items()
        if any(row.concept.kind == kind for row in rows)
    ]
    html = fill("concepts.html", groups=tables)
    return Fragment(CONCEPTS, _("Concepts"), str(html), tuple(table[:2] for table in tables))


def models_index(book: Book) -> Fragment:
    """The list of all modeling files, by what their models read."""
    tables, years = modality_groups(book, MODELS), by_year(book, MODELS)
    contents = [*(table[:2] for table in tables), *([("years", _("By year"))] if years else [])]
    return Fragment(MODELS, _("Models"), str(fill("models.html", groups=tables, years=years)), tuple(contents))


def _concept_rows(
    concepts: Mapping[str, Concept], found: Mapping[str, Sequence[Implementer]], page: str
) -> list[_ConceptRow]:
    """The concepts, those found most often first."""
    rows = [_concept_row(concept, found.get(slug, ()), page) for slug, concept in concepts.items()]
    return sorted(rows, key=lambda row: -(row.counts.total + row.players))


def _concept_row(concept: Concept, found: Sequence[Implementer], page: str) -> _ConceptRow:
    """Named are those whose source most others share."""
    whole = concept_page(concept.slug)
    leaders = [group[0] for group in groups(found)]
    places = [(one.name, address(one.home, page)) for one in leaders[:MOST_PLACES]]
    more = [("…", address(f"{whole}#places", page))] if len(leaders) > MOST_PLACES else []
    return _ConceptRow(
        concept,
        address(whole, page),
        citation_html(concept.citations[0]) if concept.citations else None,
        count(proof for one in found for proof in one.proofs),
        (*places, *more),
        sum(not one.proofs for one in found),
    )


def name_of(part: FileSurvey) -> str:
    """What readers call a file."""
    return source_name(part.file, (one.name for one in part.classes))


def _file_groups(book: Book, page: str) -> list[Table]:
    """Anchor, heading and rows of the models, and of the files that models share where there are any."""
    models = _file_rows([chapter for chapter in book.chapters if not chapter.shared], page)
    return [("models", _("Models"), models), *_shared(book, page)]


def _shared(book: Book, page: str) -> list[Table]:
    rows = _file_rows([chapter for chapter in book.chapters if chapter.shared], page)
    return [(SHARED, _("Files that models share"), rows)] if rows else []


def modality_groups(book: Book, page: str) -> list[Table]:
    """The same by what the models read: one modality before several."""
    groups: dict[tuple[str, ...], list[_FileRow]] = defaultdict(list)
    for row in _file_rows([chapter for chapter in book.chapters if not chapter.shared], page):
        groups[row.modalities].append(row)
    order = list(READ)
    ordered = sorted(groups, key=lambda names: (not names, len(names), *(order.index(one) for one in names)))
    models = [("-".join(names) or "none", reads(names), groups[names]) for names in ordered]
    return [*models, *_shared(book, page)]


def by_year(book: Book, page: str) -> list[tuple[int, list[_FileRow]]]:
    """The models by the year of their copyright notice; those that have none are left out."""
    years: dict[int, list[_FileRow]] = defaultdict(list)
    for row in _file_rows([chapter for chapter in book.chapters if not chapter.shared], page):
        if row.year is not None:
            years[row.year].append(row)
    return sorted(years.items())


def reads(modalities: Sequence[str]) -> str:
    """What a model reads, in words."""
    names = [_(READ[one]) for one in modalities]
    return _(" and ").join([_(", ").join(names[:-1]), names[-1]] if len(names) > 1 else names) or _("Parts of models")


def _file_rows(chapters: Iterable[Chapter], page: str) -> list[_FileRow]:
    rows = [
        _FileRow(
            name_of(part),
            part.file,
            address(page_of(part.file), page),
            tuple(one for one in part.modalities if one in READ),
            part.year,
            len(part.classes),
            chapter.run.runs if chapter.run else 0,
            count(proof for one in part.definitions for proof in chapter.proofs(one)),
        )
        for chapter in chapters
        for part in chapter.files
    ]
    return sorted(rows, key=lambda row: row.name.casefold())
