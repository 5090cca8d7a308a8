"""A rendered page before MkDocs sees it."""

from dataclasses import dataclass


@dataclass(frozen=True)
class SearchEntry:
    """What the search finds: an anchor on the page ("" for the page itself), its title and its text, and for a concept
    in how many places it was found."""

    anchor: str
    title: str
    text: str
    places: int = 0


@dataclass(frozen=True)
class Fragment:
    """The body of one page.

    page      where it lies on the site, without suffix (`models/bert`).
    title     what the page is called in the browser and at its top; `label` in the navigation, within `group` where
              the pages of its kind have groups.
    contents  the table of contents: anchor and title of each entry.
    symbols   the most symbols that a block of the page has.
    data      a script that other pages can load to know of this one; empty: none.
    """

    page: str
    title: str
    html: str
    contents: tuple[tuple[str, str], ...] = ()
    search: tuple[SearchEntry, ...] = ()
    symbols: int = 0
    label: str = ""
    group: str = ""
    data: str = ""
