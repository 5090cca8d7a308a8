"""Whether the links of a built site lead somewhere."""

import re
from collections.abc import Callable, Iterator
from functools import cache
from html import unescape
from pathlib import Path
from urllib.parse import unquote

ATTRIBUTE = re.compile(r"""\s(id|name|href|src)=(?:"([^"]*)"|'([^']*)'|([^\s>"']+))""")
TAG = re.compile(r"<[a-zA-Z][^<>]*>")
ELSEWHERE = re.compile(r"[a-z][a-z0-9+.-]*:|//")


def broken_links(site: Path) -> Iterator[str]:
    """Every link and every anchor within a folder of pages that leads nowhere: `page: address`."""
    root, anchors = site.resolve(), cache(anchors_of)
    for page in sorted(root.rglob("*.html")):
        yield from (f"{page.relative_to(root)}: {target}" for target in links_nowhere(page, anchors))


def links_nowhere(page: Path, anchors: Callable[[Path], frozenset[str] | None]) -> Iterator[str]:
    """The links of one page that lead nowhere; `anchors` gives those of a page, None where there is no such file."""
    for target in dict.fromkeys(value for name, value in _attributes(page) if name in ("href", "src")):
        if ELSEWHERE.match(target) or page.name == "404.html":
            continue
        path, _, fragment = target.partition("#")
        there = anchors((page.parent / unquote(path.partition("?")[0])).resolve() if path else page)
        if "+" in fragment:  # two pages that the script of the page they are compared on reads
            chosen = [one for one in fragment.split("+") if one]
            fragment = "" if all(_beside(page.parent / path, one).is_file() for one in chosen) else fragment
        if there is None or (fragment and unquote(fragment) not in there):
            yield target


def anchors_of(page: Path) -> frozenset[str] | None:
    """The anchors of a page; None where there is no such file."""
    if not page.is_file():
        return None
    return frozenset(
        value for name, value in (_attributes(page) if page.suffix == ".html" else ()) if name in ("id", "name")
    )


def _beside(compared: Path, name: str) -> Path:
    """A page by its name, which counts from the root of a language, as `compare/index.html` stands below it."""
    return compared.resolve().parent.parent / f"{name}.html"


def _attributes(page: Path) -> Iterator[tuple[str, str]]:
    for tag in TAG.finditer(page.read_text(encoding="utf-8")):
        for found in ATTRIBUTE.finditer(tag[0]):
            yield found[1], unescape(found[2] or found[3] or found[4] or "")
