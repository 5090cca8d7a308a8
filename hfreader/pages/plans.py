"""The plan of the site: which pages there are, what each is made from, and how it is rendered."""

import inspect
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from hfreader.analyzers.analysis import UNFORESEEN, reason
from hfreader.concepts.model import Concept
from hfreader.errors import HfreaderError
from hfreader.facts.codec import to_json
from hfreader.facts.comparison import Comparison
from hfreader.pages.book import Book, Shelf, Site, compare_page_of, concept_page, page_of
from hfreader.pages.compare_page import compare_page
from hfreader.pages.comparisons import comparisons_index
from hfreader.pages.concept_page import MOST_BODIES, render_concept
from hfreader.pages.copied import copied_page
from hfreader.pages.doors import doors
from hfreader.pages.fragment import Fragment
from hfreader.pages.gone import gone_page
from hfreader.pages.home import concepts_index, home_page, models_index
from hfreader.pages.implementers import Implementer, concepts_of, groups, implementers, without
from hfreader.pages.language import CHINESE, in_language
from hfreader.pages.manifest import PageRecord, write_page
from hfreader.pages.model_page import model_page
from hfreader.pages.papers import papers_page
from hfreader.pages.rendering import fill
from hfreader.pages.typography import set_in_chinese
from hfreader.store import digest

Implementers = Mapping[str, Sequence[Implementer]]


@dataclass(frozen=True)
class FilePage:
    """The page of a modeling file of a chapter."""

    chapter: str
    file: str


@dataclass(frozen=True)
class ConceptPage:
    """The page of a concept with all that implements it, and the families without it."""

    slug: str
    found: tuple[Implementer, ...]
    without: Mapping[str, str]


@dataclass(frozen=True)
class Plan:
    """One page: `key` identifies what `subject` is made from, but for what it is told of other pages."""

    page: str
    key: str
    subject: FilePage | ConceptPage | Comparison | Fragment


def plans(book: Book, concepts: Mapping[str, Concept], base: str) -> Iterator[Plan]:
    """Every page of the site; `base` identifies the code that makes them."""
    found = implementers(book)
    known = {slug: concept_digest(concept) for slug, concept in concepts.items()}
    yield from _file_pages(book, known, base)
    contents = {part.file: part.analysis for chapter in book.chapters for part in chapter.files}
    for slug in concepts:
        subject = ConceptPage(slug, tuple(found.get(slug, ())), without(book, found.get(slug, ())))
        shown = [contents[group[0].definition.file] for group in groups(subject.found)[:MOST_BODIES]]
        yield Plan(concept_page(slug), digest(base, known[slug], to_json((subject, shown))), subject)
    for one in book.comparisons:
        yield Plan(compare_page_of(one.left, one.right), digest(base, to_json(one)), one)
    for fragment in _indexes(book, concepts, found):
        yield Plan(fragment.page, digest(base, to_json(fragment)), fragment)


def _file_pages(book: Book, known: Mapping[str, str], base: str) -> Iterator[Plan]:
    for chapter in book.chapters:
        pairs = [pair for pair in book.site.compared if chapter.name in pair]
        for part in chapter.files:
            slugs = {slug for one in part.definitions for slug in concepts_of(one)}
            facts = (part.analysis, part.problems, chapter.run.content if chapter.run else "", pairs)
            key = digest(base, to_json(facts), *(known.get(slug, "") for slug in sorted(slugs)))
            yield Plan(page_of(part.file), key, FilePage(chapter.name, part.file))


def _indexes(book: Book, concepts: Mapping[str, Concept], found: Implementers) -> Iterator[Fragment]:
    if book.comparisons or book.has_choice:
        yield comparisons_index(book, concepts)
    yield home_page(book, concepts, found, doors(book, concepts))
    yield concepts_index(concepts, found)
    yield papers_page(concepts)
    yield models_index(book)
    if (gone := gone_page(book)) is not None:
        yield gone
    if (copied := copied_page(book, concepts)) is not None:
        yield copied


def concept_digest(concept: Concept) -> str:
    """Identifies what pages show of a concept."""
    shown = (
        (concept.slug, concept.kind, concept.name, concept.explanation, concept.citations),
        (concept.equations, concept.symbols, concept.matches, concept.rejects, sorted(concept.hints)),
    )
    return digest(to_json(shown), inspect.getsource(concept.reference) if concept.reference else "")


@dataclass(frozen=True)
class Renderer:
    """Renders planned pages into a folder of fragments."""

    site: Site
    shelf: Shelf
    concepts: Mapping[str, Concept]
    folder: Path
    language: str

    def write(self, plan: Plan) -> PageRecord:
        """Write one page. What goes wrong is said on the page, which is tried again the next time."""
        site, problem = replace(self.site, asked={}), None
        try:
            with in_language(self.language):
                fragment = self._fragment(plan.subject, site)
        except (HfreaderError, OSError, SyntaxError, *UNFORESEEN) as error:
            problem = reason(error) if isinstance(error, HfreaderError) else f"{type(error).__name__}: {error}"
            fragment = Fragment(plan.page, plan.page.rpartition("/")[2], str(fill("failed.html", reason=problem)))
        if self.language == CHINESE:
            fragment = replace(fragment, html=set_in_chinese(fragment.html))
        write_page(self.folder, fragment)
        return PageRecord(
            fragment.page,
            fragment.label or fragment.title,
            fragment.group,
            plan.key if problem is None else "",
            fragment.contents,
            fragment.search,
            fragment.symbols,
            tuple((name, answer) for name, answer in site.asked.items() if not _own(answer, fragment.page)),
            problem,
        )

    def _fragment(self, subject: FilePage | ConceptPage | Comparison | Fragment, site: Site) -> Fragment:
        match subject:
            case FilePage():
                family = self.shelf.family(subject.chapter)
                analysis = next(one for one in family.analyses if one.code.file == subject.file)
                return model_page(site, family, analysis, self.concepts)
            case ConceptPage():
                return render_concept(site, self.concepts[subject.slug], subject.found, subject.without, self.shelf)
            case Comparison():
                return compare_page(site, subject)
            case Fragment():
                return subject


def _own(answer: str | None, page: str) -> bool:
    """Whether an answer leads to the page itself: that it does can change with its own facts alone."""
    return answer is not None and answer.partition("#")[0] == page
