"""Names that earlier releases had, and where what they did is done today.

The data is `gone.json`, made by `tools/gone_names.py`.
"""

import json
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from hfreader.pages.book import Book, address, page_of
from hfreader.pages.fragment import Fragment, SearchEntry
from hfreader.pages.home import name_of
from hfreader.pages.language import gettext as _
from hfreader.pages.rendering import fill

GONE = "gone"
DATA = Path(__file__).parent / "gone.json"
# Places that a search result names.
MOST_SAID = 3


@dataclass(frozen=True)
class Gone:
    """One name that a file no longer has: a method of the class `owner`, or a class where that is empty.

    release  the last of the releases compared that had it.
    targets  classes and lines of the same file that do its work in `Names.version`; line 0: the whole class.
    """

    name: str
    owner: str
    release: str
    file: str
    targets: tuple[tuple[str, int], ...]


@dataclass(frozen=True)
class Names:
    """All of them, and the version whose lines they lead to."""

    version: str
    gone: tuple[Gone, ...]


@cache
def names() -> Names:
    """The data as it is shipped."""
    data = json.loads(DATA.read_text(encoding="utf-8"))
    return Names(data["version"], tuple(_gone(*row) for row in data["names"]))


def _gone(name: str, owner: str, release: str, file: str, targets: Sequence[tuple[str, int]]) -> Gone:
    return Gone(name, owner, release, file, tuple((one, line) for one, line in targets))


@dataclass(frozen=True)
class Row:
    """One name of the table: of how many classes it was a method (or a class itself), when it was last seen, and where
    to look today: text and address."""

    name: str
    owners: tuple[str, ...]
    release: str
    places: tuple[tuple[str, str], ...]


def gone_rows(book: Book, page: str = GONE) -> list[Row]:
    """The names of the families of a book; lines only where the book shows the version that they were found in."""
    known = names()
    exact = book.snapshot.version == known.version
    called = {part.file: name_of(part) for chapter in book.chapters for part in chapter.files}
    by_name: dict[str, list[Gone]] = defaultdict(list)
    for one in known.gone:
        if one.file in called:
            by_name[one.name].append(one)
    return [
        Row(
            name,
            tuple(dict.fromkeys(one.owner for one in found if one.owner)),
            max((one.release for one in found), key=lambda release: [int(part) for part in release.split(".")]),
            tuple(dict.fromkeys(place for one in found for place in _places(one, called[one.file], exact, page))),
        )
        for name, found in by_name.items()
    ]


def _places(one: Gone, called: str, exact: bool, page: str) -> list[tuple[str, str]]:
    home = page_of(one.file)
    return [
        (f"{called}:{line}", address(f"{home}#L{line}", page))
        if line and exact
        else (owner, address(f"{home}#{owner}", page))
        for owner, line in one.targets
    ]


def gone_page(book: Book) -> Fragment | None:
    """The page of the names; None where no family of the book has lost any."""
    rows = gone_rows(book)
    if not rows:
        return None
    title = _("Names of earlier releases")
    html = fill("gone.html", rows=rows, version=names().version, exact=book.snapshot.version == names().version)
    return Fragment(GONE, title, str(html), (), tuple(map(_entry, rows)), label=title)


def _entry(row: Row) -> SearchEntry:
    said = _(", ").join(text for text, _link in row.places[:MOST_SAID])
    return SearchEntry(
        row.name,
        row.name,
        _("gone since transformers %(release)s; today: %(places)s") % {"release": row.release, "places": said},
    )


def most_asked(rows: Sequence[Row], count: int) -> list[Row]:
    """Those that lead to most lines."""
    return sorted(rows, key=lambda row: (-sum("#L" in link for _text, link in row.places), row.name))[:count]
