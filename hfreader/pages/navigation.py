"""The navigation of the site: a section for each kind of page, divided where it has many pages."""

from collections import defaultdict
from collections.abc import Iterable, Sequence

from hfreader.pages.language import gettext as _
from hfreader.pages.language import noted
from hfreader.pages.manifest import PageRecord
from hfreader.pages.naming import KINDS

# More pages than this in one list are divided by their first letter.
MOST_ENTRIES = 60
GUIDE = noted("Guide")
SECTIONS = {
    "concepts": noted("Concepts"),
    "models": noted("Models"),
    "compare": noted("Comparisons"),
    "library": noted("Shared code"),
    "study": noted("Study plan"),
}
INDEX = "index"

Entry = str | dict[str, "str | list[Entry]"]


def navigation(records: Sequence[PageRecord], prose: Iterable[str]) -> list[Entry]:
    """The `nav` of MkDocs: the home page, the sections of the fragments, and `prose`, the pages of the user's own."""
    folders: dict[str, list[PageRecord]] = defaultdict(list)
    for record in records:
        folder = record.page.rpartition("/")[0]
        if folder:
            folders[folder].append(record)
    sections: list[Entry] = [
        {_(SECTIONS.get(folder, folder.capitalize())): _section(folders[folder])}
        for folder in sorted(folders, key=lambda name: ([*SECTIONS, name].index(name), name))
    ]
    pages = sorted(prose)
    home: list[Entry] = [{_("Home"): f"{INDEX}.md"}] if f"{INDEX}.md" in pages else []
    guide: list[Entry] = [page for page in pages if "/" not in page and page != f"{INDEX}.md"]
    last: list[Entry] = [{_(GUIDE): guide}] if guide else []
    return [*home, *_prose_sections(pages), *sections, *last]


def _prose_sections(pages: Sequence[str]) -> list[Entry]:
    """A section for each folder of prose, its index page first."""
    folders: dict[str, list[Entry]] = defaultdict(list)
    for page in sorted(pages, key=lambda page: (not page.endswith(f"/{INDEX}.md"), page)):
        if "/" in page:
            folders[page.partition("/")[0]].append(page)
    return [{_(SECTIONS.get(folder, folder.capitalize())): entries} for folder, entries in folders.items()]


def _section(records: Sequence[PageRecord]) -> list[Entry]:
    """The index page, then the pages: by their group, by first letter where there are many without one, or as
    they come."""
    first: list[Entry] = [f"{record.page}.md" for record in records if _is_index(record)]
    pages = sorted((record for record in records if not _is_index(record)), key=lambda one: one.label.casefold())
    groups: dict[str, list[PageRecord]] = defaultdict(list)
    lettered = len(pages) > MOST_ENTRIES and not any(record.group for record in pages)
    for record in pages:
        letter = record.label[0].upper() if lettered else ""
        groups[record.group or (letter if letter.isalpha() or not letter else "0–9")].append(record)
    if len(groups) < 2:
        return first + [_entry(record) for record in pages]
    first += [_entry(record) for record in groups.pop("", ())]  # a page of no group stands beside them
    kinds = list(KINDS.values())
    ordered = sorted(groups, key=lambda name: (kinds.index(name) if name in kinds else 0, name))
    return first + [{_(name): [_entry(record) for record in groups[name]]} for name in ordered]


def _is_index(record: PageRecord) -> bool:
    return record.page.endswith(f"/{INDEX}")


def _entry(record: PageRecord) -> Entry:
    return {record.label: f"{record.page}.md"}
