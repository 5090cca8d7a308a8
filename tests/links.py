"""Whether the links of a built site lead somewhere."""

import re
from collections.abc import Iterator
from functools import cache
from html import unescape
from pathlib import Path
from urllib.parse import unquote

ATTRIBUTE = re.compile(r"""\s(id|name|href|src)=(?:"([^"]*)"|'([^']*)'|([^\s>"']+))""")
TAG = re.compile(r"<[a-zA-Z][^<>]*>")
ELSEWHERE = re.compile(r"[a-z][a-z0-9+.-]*:|//")


def broken_links(site: Path) -> Iterator[str]:
    """Every link and every anchor within a folder of pages that leads nowhere: `page: address`."""
    root = site.resolve()

    @cache
    def anchors(page: Path) -> frozenset[str] | None:
        """The anchors of a page; None where there is no such file."""
        if not page.is_file():
            return None
        if page.suffix != ".html":
            return frozenset()
        return frozenset(value for name, value in _attributes(page) if name in ("id", "name"))

    for page in sorted(root.rglob("*.html")):
        for target in dict.fromkeys(value for name, value in _attributes(page) if name in ("href", "src")):
            if ELSEWHERE.match(target) or page.name == "404.html":
                continue
            path, _, fragment = target.partition("#")
            there = anchors((page.parent / unquote(path.partition("?")[0])).resolve() if path else page)
            if "+" in fragment:  # two pages that the script of the page they are compared on reads
                chosen = [one for one in fragment.split("+") if one]
                fragment = "" if all(_beside(page.parent / path, one).is_file() for one in chosen) else fragment
            if there is None or (fragment and unquote(fragment) not in there):
                yield f"{page.relative_to(root)}: {target}"


def _beside(compared: Path, name: str) -> Path:
    """A page by its name, which counts from the root of a language, as `compare/index.html` stands below it."""
    return compared.resolve().parent.parent / f"{name}.html"


def _attributes(page: Path) -> Iterator[tuple[str, str]]:
    for tag in TAG.finditer(page.read_text(encoding="utf-8")):
        for found in ATTRIBUTE.finditer(tag[0]):
            yield found[1], unescape(found[2] or found[3] or found[4] or "")
