"""The site as fragments: what has changed is rendered, by several processes where it is much, the rest is left.

A page is rendered again only when its facts, its concepts, what it says of other pages, the snapshot or hfreader's own
code have changed.
"""

import shutil
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from pathlib import Path

from hfreader.concepts import catalogue
from hfreader.concepts.model import Concept
from hfreader.facts.codec import to_json
from hfreader.jobs import spread
from hfreader.pages.book import Book, Shelf, Site
from hfreader.pages.language import ENGLISH, LANGUAGES, in_language
from hfreader.pages.manifest import (
    COMMIT,
    Manifest,
    PageRecord,
    html_file,
    known_pages,
    remove_page,
    write_manifest,
)
from hfreader.pages.plans import FilePage, Plan, Renderer, plans
from hfreader.progress import Report
from hfreader.store import digest, digest_files

PACKAGE = Path(__file__).parent.parent
# Fewer pages than this are rendered faster than other processes are started.
FEW = 12


def write_fragments(
    book: Book,
    shelf: Shelf,
    folder: Path,
    report: Report,
    concepts: Mapping[str, Concept] | None = None,
    languages: Sequence[str] = (ENGLISH,),
    jobs: int = 1,
    partial: bool = False,
) -> Manifest:
    """Render every page of the book into `folder`, leaving what is up to date, removing what is not planned, unless the
    book is `partial`: then that is kept for the next whole one.

    `shelf` gives the facts of one family at a time. `concepts` are those of the catalogue unless given; other ones can
    only be rendered in this process. The first of the `languages` goes into the folder itself, each other into a folder
    of its own within it. The result is the manifest of the first language.
    """
    for code in set(LANGUAGES) - set(languages[1:]):
        shutil.rmtree(folder / code, ignore_errors=True)
    work = _Work(book, shelf, report, concepts, tuple(languages), jobs, partial)
    made = [_write_language(work, folder, place) for place in range(len(languages))]
    return made[0]


@dataclass(frozen=True)
class _Work:
    """What `write_fragments` was given."""

    book: Book
    shelf: Shelf
    report: Report
    concepts: Mapping[str, Concept] | None
    languages: tuple[str, ...]
    jobs: int
    partial: bool


def _write_language(work: _Work, whole: Path, place: int) -> Manifest:
    """The pages in the language at a place among the languages."""
    concepts, language = work.concepts, work.languages[place]
    folder = whole / language if place else whole
    snapshot = replace(work.book.snapshot, ref=None, commit=work.book.snapshot.commit and COMMIT)
    book = replace(work.book, snapshot=snapshot)
    known = known_pages(folder)
    base = digest(language, to_json(replace(snapshot, package="")), digest_files(_code_files()))
    with in_language(language):
        planned = list(plans(book, catalogue() if concepts is None else concepts, base))
    records = {plan.page: known[plan.page] for plan in planned if _is_fresh(plan, known, book.site, folder)}
    stale = [plan for plan in planned if plan.page not in records]
    given = (book.site, work.shelf, folder, concepts, language)
    processes = 1 if concepts is not None or len(stale) < FEW else work.jobs
    for made in spread(_write, list(_together(stale)), processes, _begin, given):
        records |= {record.page: record for record in made}
        done, total = place * len(planned) + len(records), len(work.languages) * len(planned)
        work.report("pages", f"{made[-1].page}, {LANGUAGES[language]}", done, total)
    left = {page: record for page, record in known.items() if page not in records}
    others = tuple(left.values()) if work.partial else ()
    pages = tuple(records[plan.page] for plan in planned)
    manifest = Manifest(pages, work.book.snapshot, language, work.languages, others)
    write_manifest(folder, manifest)
    for page in () if work.partial else left:
        remove_page(folder, page)
    work.report("pages", "done", (place + 1) * len(planned), len(work.languages) * len(planned))
    return manifest


def _is_fresh(plan: Plan, known: Mapping[str, PageRecord], site: Site, folder: Path) -> bool:
    record = known.get(plan.page)
    if record is None or record.key != plan.key or not html_file(folder, plan.page).is_file():
        return False
    return all(site.homes.get(name) == answer for name, answer in record.asked)


def _together(stale: Sequence[Plan]) -> Iterator[list[Plan]]:
    """The pages of one family together, all others alone."""
    for _, group in groupby(stale, lambda plan: plan.subject.chapter if isinstance(plan.subject, FilePage) else plan):
        yield list(group)


class _Process:
    """What a process keeps from one page to the next."""

    renderer: Renderer


def _begin(site: Site, shelf: Shelf, folder: Path, concepts: Mapping[str, Concept] | None, language: str) -> None:
    _Process.renderer = Renderer(site, shelf, catalogue() if concepts is None else concepts, folder, language)


def _write(group: Sequence[Plan]) -> list[PageRecord]:
    return [_Process.renderer.write(plan) for plan in group]


def _code_files() -> list[Path]:
    """Everything of hfreader that pages are made with; of the concepts each page counts its own."""
    rooms = [PACKAGE / name for name in ("pages", "facts")]
    files = [file for room in rooms for file in room.rglob("*") if file.suffix in (".py", ".html", ".po")]
    return [*files, *(PACKAGE / "concepts" / name for name in ("model.py", "equations.py"))]
