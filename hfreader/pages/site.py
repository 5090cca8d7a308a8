"""The plan of the site: which pages there are, rendered to a folder of fragments that the MkDocs plugin reads.

The folder holds `manifest.json`, for each page `html/<page>.html` (its body) and `shells/<page>.md` (the page that
MkDocs sees: a title and a placeholder). A page is rendered again only when its facts, the concepts, the snapshot or
hfreader's own code have changed.
"""

import json
import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from markupsafe import escape

from hfreader.concepts import catalogue
from hfreader.concepts.model import Concept
from hfreader.errors import HfreaderError
from hfreader.facts.codec import from_json, to_json, write_atomically
from hfreader.facts.snapshot import Snapshot
from hfreader.pages.book import Book, compare_page_of, concept_page, page_of
from hfreader.pages.compare_page import COMPARISONS, compare_page, comparisons_index
from hfreader.pages.concept_page import render_concept
from hfreader.pages.fragment import Fragment, SearchEntry
from hfreader.pages.home import CONCEPTS, HOME, MODELS, concepts_index, home_page, models_index
from hfreader.pages.language import ENGLISH, LANGUAGES, in_language
from hfreader.pages.model_page import model_page
from hfreader.progress import Report
from hfreader.store import digest, digest_files

PACKAGE = Path(__file__).parent.parent
PLACEHOLDER = '<div id="hf-fragment"></div>'
MANIFEST = "manifest.json"


@dataclass(frozen=True)
class PageRecord:
    """One page of the manifest; `key` identifies everything it was rendered from. The rest as in `Fragment`."""

    page: str
    label: str
    group: str
    key: str
    contents: tuple[tuple[str, str], ...]
    search: tuple[SearchEntry, ...]
    symbols: int


@dataclass(frozen=True)
class Manifest:
    """All pages of the site that have a fragment, and the source that they were made from.

    language   that of these pages.
    languages  all that the site has: the first at its root, each other in a folder of its own, here and there.
    """

    pages: tuple[PageRecord, ...]
    snapshot: Snapshot
    language: str = ENGLISH
    languages: tuple[str, ...] = (ENGLISH,)


@dataclass(frozen=True)
class _Plan:
    page: str
    facts: tuple[object, ...]
    render: Callable[[], Fragment]


def write_fragments(
    book: Book,
    folder: Path,
    report: Report,
    concepts: Mapping[str, Concept] | None = None,
    languages: Sequence[str] = (ENGLISH,),
) -> Manifest:
    """Render every page of the book into `folder`, leaving what is up to date, removing what is not planned.

    The first of the `languages` goes into the folder itself, each other into a folder of its own within it.
    `concepts` are those of the catalogue unless given. The result is the manifest of the first language.
    """
    concepts = catalogue() if concepts is None else concepts
    for code in set(LANGUAGES) - set(languages[1:]):
        shutil.rmtree(folder / code, ignore_errors=True)
    manifests = [
        _write_language(book, folder / code if place else folder, report, concepts, code, tuple(languages))
        for place, code in enumerate(languages)
    ]
    return manifests[0]


def _write_language(
    book: Book, folder: Path, report: Report, concepts: Mapping[str, Concept], language: str, languages: tuple[str, ...]
) -> Manifest:
    """The pages in one language."""
    known = {record.page: record for record in _known(folder)}
    base = digest(language, to_json(book.snapshot), digest_files(_code_files()))
    plans = list(_plans(book, concepts))
    records: list[PageRecord] = []
    for done, plan in enumerate(plans):
        report("pages", plan.page, done, len(plans))
        key = digest(base, *(to_json(part) for part in plan.facts))
        record = known.get(plan.page)
        if record is None or record.key != key or not _html_file(folder, plan.page).is_file():
            with in_language(language):
                record = _write(folder, plan.render(), key)
        records.append(record)
    manifest = Manifest(tuple(records), book.snapshot, language, languages)
    write_atomically(folder / MANIFEST, to_json(manifest))
    for page in set(known) - {record.page for record in records}:
        _html_file(folder, page).unlink(missing_ok=True)
        shell_file(folder, page).unlink(missing_ok=True)
    report("pages", "done", len(plans), len(plans))
    return manifest


def read_manifest(folder: Path) -> Manifest:
    """The manifest of a folder of fragments; HfreaderError where there is none."""
    path = folder / MANIFEST
    if not path.is_file():
        raise HfreaderError(f"no analysed models in {folder}: run `hfreader build` first")
    return from_json(path.read_bytes(), Manifest)


def read_html(folder: Path, page: str) -> str:
    """The body of a page."""
    return _html_file(folder, page).read_text(encoding="utf-8")


def shell_file(folder: Path, page: str) -> Path:
    """The Markdown file that stands for a page in MkDocs."""
    return folder / "shells" / f"{page}.md"


def _plans(book: Book, concepts: Mapping[str, Concept]) -> Iterator[_Plan]:
    compared = [compare_page_of(one) for one in book.comparisons]
    for family in book.families:
        for analysis in family.analyses:
            page = page_of(analysis.code.file)
            yield _Plan(page, (analysis, family.run, compared), partial(model_page, book, family, analysis, concepts))
    matches = [match for _, _, match in book.matches()]
    roles = [role for family in book.families for analysis in family.analyses for role in analysis.roles]
    proofs = [family.run.proofs for family in book.families if family.run]
    for slug, concept in concepts.items():
        found = [match for match in matches if match.concept == slug]
        played = [role for role in roles if role.concept == slug]
        yield _Plan(concept_page(slug), (slug, found, played, proofs), partial(render_concept, book, concept))
    for one in book.comparisons:
        yield _Plan(compare_page_of(one), (one, sorted(book.files)), partial(compare_page, book, one))
    if book.comparisons:
        yield _Plan(COMPARISONS, book.comparisons, partial(comparisons_index, book))
    yield _Plan(HOME, (book.families,), partial(home_page, book, concepts))
    yield _Plan(CONCEPTS, (book.families,), partial(concepts_index, book, concepts))
    yield _Plan(MODELS, (book.families,), partial(models_index, book))


def _known(folder: Path) -> tuple[PageRecord, ...]:
    """The pages of an earlier build; none where its manifest is missing or of another format."""
    try:
        return read_manifest(folder).pages
    except HfreaderError:
        return ()


def _code_files() -> list[Path]:
    """Everything of hfreader that pages are made with."""
    rooms = [PACKAGE / name for name in ("pages", "concepts", "facts")]
    return [file for room in rooms for file in room.rglob("*") if file.suffix in (".py", ".html", ".po")]


def _html_file(folder: Path, page: str) -> Path:
    return folder / "html" / f"{page}.html"


def _write(folder: Path, fragment: Fragment, key: str) -> PageRecord:
    write_atomically(_html_file(folder, fragment.page), fragment.html.encode())
    front = json.dumps({"title": fragment.title, "search": {"exclude": True}}, ensure_ascii=False)
    shell = f"---\n{front}\n---\n\n<h1>{escape(fragment.title)}</h1>\n\n{PLACEHOLDER}\n"
    write_atomically(shell_file(folder, fragment.page), shell.encode())
    return PageRecord(
        fragment.page,
        fragment.label or fragment.title,
        fragment.group,
        key,
        fragment.contents,
        fragment.search,
        fragment.symbols,
    )
