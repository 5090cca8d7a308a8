"""The search entries of the pages, for the index that MkDocs Material reads."""

import json
import logging
import re
from pathlib import Path

import jieba
from markupsafe import escape

from hfreader.pages.manifest import Manifest

_CHINESE = re.compile(r"[\u4e00-\u9fff]+")
jieba.setLogLevel(logging.WARNING)  # its words are loaded with the first cut, and it tells of that


def append_entries(index: Path, manifest: Manifest) -> None:
    """Add the entries of every page to a search index (`search_index.json`), in place; none is added twice."""
    data = json.loads(index.read_text(encoding="utf-8"))
    present = {entry["location"] for entry in data["docs"]}
    data["docs"] += [entry for entry in entries(manifest) if entry["location"] not in present]
    index.write_text(json.dumps(data, ensure_ascii=False, separators=(",", ":")), encoding="utf-8")


def entries(manifest: Manifest) -> list[dict[str, str]]:
    """One entry for each searchable place of the site. Titles and texts are HTML to the search: they are escaped."""
    return [
        {
            "location": _location(record.page, entry.anchor),
            "title": segmented(str(escape(entry.title))),
            "text": segmented(str(escape(entry.text))),
        }
        for record in manifest.pages
        for entry in record.search
    ]


def segmented(text: str) -> str:
    """The text with a zero-width space around each Chinese word, as the search separates words."""
    return _CHINESE.sub(lambda run: "\u200b" + "\u200b".join(jieba.cut(run[0])) + "\u200b", text)


def _location(page: str, anchor: str) -> str:
    return f"{page}.html#{anchor}" if anchor else f"{page}.html"
