"""The search entries of the pages, for the index that MkDocs Material reads."""

import json
import logging
import math
import re
from collections.abc import Iterator
from pathlib import Path

import jieba
from markupsafe import escape

from hfreader.pages.copied import COPIED
from hfreader.pages.fragment import SearchEntry
from hfreader.pages.gone import GONE
from hfreader.pages.manifest import Manifest, PageRecord

ANCHOR_BOOST = 2.0
"""Makes up for the theme, which multiplies what it finds on whole pages by up to 2.5."""
USUAL_WORDS = 3
"""Words of the name of a class. The search does not care how long a title is: of names with all the words that are
asked for, those with fewer others count more."""
GONE_BOOST = 0.6
"""Names that are gone stand behind those of today."""
_WORDS = re.compile(r"[A-Z]{2,}(?![a-z])|[A-Z]?[a-z0-9]+|[A-Z]")
_CHINESE = re.compile(r"[\u4e00-\u9fff]+")
jieba.setLogLevel(logging.WARNING)  # its words are loaded with the first cut, and it tells of that


def append_entries(index: Path, manifest: Manifest) -> None:
    """Add the entries of every page to a search index (`search_index.json`), in place; none is added twice."""
    data = json.loads(index.read_text(encoding="utf-8"))
    present = {entry["location"] for entry in data["docs"]}
    data["docs"] += [entry for entry in entries(manifest) if entry["location"] not in present]
    index.write_text(json.dumps(data, ensure_ascii=False, separators=(",", ":")), encoding="utf-8")


def entries(manifest: Manifest) -> list[dict[str, str | float]]:
    """One entry for each searchable place of the site, a single one for all copies of a function. Titles and texts are
    HTML to the search: they are escaped."""
    copied = {entry.anchor for record in manifest.pages if record.page == COPIED for entry in record.search}
    most = max((entry.places for record in manifest.pages for entry in record.search), default=0)
    return [
        {
            "location": _location(record.page, entry.anchor),
            "title": segmented(str(escape(entry.title))),
            "text": segmented(str(escape(entry.text))),
            "boost": round(_boost(entry, most) * (GONE_BOOST if record.page == GONE and entry.anchor else 1), 2),
        }
        for record in manifest.pages
        for entry in _with_page(record)
        if record.page in (COPIED, GONE) or entry.anchor not in copied
    ]


def _with_page(record: PageRecord) -> Iterator[SearchEntry]:
    """The entries of a page, before them one for the page itself: a result is headed by its page and leads there."""
    if record.search and all(entry.anchor for entry in record.search):
        yield SearchEntry("", record.label, "")
    yield from record.search


def _boost(entry: SearchEntry, most: int) -> float:
    """How much more than its words an entry counts: a concept by the places where it is found (`most` of any), a place
    on a page the more, the fewer words its name has."""
    if entry.anchor:
        words = len(_WORDS.findall(entry.title)) or USUAL_WORDS
        return ANCHOR_BOOST * (1 + 1 / words) / (1 + 1 / USUAL_WORDS)
    return 1 + math.log1p(entry.places) / math.log1p(most) if most else 1.0


def segmented(text: str) -> str:
    """The text with a zero-width space around each Chinese word, as the search separates words."""
    return _CHINESE.sub(lambda run: "\u200b" + "\u200b".join(jieba.cut(run[0], HMM=False)) + "\u200b", text)


def _location(page: str, anchor: str) -> str:
    return f"{page}.html#{anchor}" if anchor else f"{page}.html"
