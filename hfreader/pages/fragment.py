"""A rendered page before MkDocs sees it."""

from dataclasses import dataclass


@dataclass(frozen=True)
class SearchEntry:
    """What the search finds: an anchor on the page ("" for the page itself), its title and its text."""

    anchor: str
    title: str
    text: str


@dataclass(frozen=True)
class Fragment:
    """The body of one page.

    page      where it lies on the site, without suffix (`models/bert`).
    contents  the table of contents: anchor and title of each entry.
    wide      whether the page wants the room of the site's navigation.
    symbols   the most symbols that a block of the page has.
    """

    page: str
    title: str
    html: str
    contents: tuple[tuple[str, str], ...] = ()
    search: tuple[SearchEntry, ...] = ()
    symbols: int = 0
    wide: bool = False
