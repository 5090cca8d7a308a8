"""Functions of which many files have a copy: one place that tells where, and in how many versions.

transformers repeats them in every file on purpose ("single model file"), so a search for one would find hundreds.
"""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from operator import itemgetter

from hfreader.concepts.model import Concept
from hfreader.facts.survey import Surveyed, by_body
from hfreader.pages.book import Book, address, concept_page, page_of
from hfreader.pages.fragment import Fragment, SearchEntry
from hfreader.pages.home import name_of
from hfreader.pages.implementers import concepts_of
from hfreader.pages.language import gettext as _
from hfreader.pages.language import ngettext, own
from hfreader.pages.rendering import fill

COPIED = "copied"
FEWEST = 2
"""Files that have a function of the same name for it to be told of here."""


@dataclass(frozen=True)
class Copied:
    """One name.

    concepts  what functions of this name compute: names and addresses.
    versions  the files whose functions are identical, the largest group first: what each is called, and its address.
    """

    name: str
    concepts: tuple[tuple[str, str], ...]
    versions: tuple[tuple[tuple[str, str], ...], ...]

    @property
    def files(self) -> int:
        """How many files have it."""
        return sum(map(len, self.versions))


def copied_rows(book: Book, concepts: Mapping[str, Concept]) -> list[Copied]:
    """The names, that of most files first."""
    by_name: dict[str, list[tuple[str, Surveyed]]] = defaultdict(list)
    for chapter in book.chapters:
        for part in chapter.files:
            for function in part.functions:
                by_name[function.name].append((name_of(part), function))
    rows = [_row(name, found, concepts) for name, found in by_name.items() if len(found) >= FEWEST]
    return sorted(rows, key=lambda row: (-row.files, row.name))


def _row(name: str, found: list[tuple[str, Surveyed]], concepts: Mapping[str, Concept]) -> Copied:
    slugs = dict.fromkeys(slug for _, one in found for slug in concepts_of(one) if slug in concepts)
    return Copied(
        name,
        tuple((own(concepts[slug].name), address(concept_page(slug), COPIED)) for slug in slugs),
        tuple(
            tuple((called, address(f"{page_of(one.file)}#{name}", COPIED)) for called, one in group)
            for group in by_body(found, itemgetter(1))
        ),
    )


def copied_page(book: Book, concepts: Mapping[str, Concept]) -> Fragment | None:
    """The page of these functions; None where no two files have one."""
    rows = copied_rows(book, concepts)
    if not rows:
        return None
    title = _("Functions that several files have")
    html = str(fill("copied.html", rows=rows))
    return Fragment(COPIED, title, html, (), tuple(map(_entry, rows)), label=title)


def _entry(row: Copied) -> SearchEntry:
    files = ngettext("in %(num)d file", "in %(num)d files", row.files) % {"num": row.files}
    computes = "; ".join(name for name, _link in row.concepts)
    return SearchEntry(row.name, row.name, f"{files}: {computes}" if computes else files)
