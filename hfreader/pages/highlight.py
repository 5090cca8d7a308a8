"""Python source to classed stretches in one pass, and a line of code to HTML.

The scanner finds what `tokenize` finds for strings, comments, numbers and names, at a hundredth of its cost, and
names only what is coloured: about one stretch a line.
"""

import keyword
import re
from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from html import escape

from hfreader.pages.identifiers import Find

_STRING_PREFIX = r"(?:[rRuUbBfF]|[rR][bBfF]|[bBfF][rR])?"
_SCANNER = re.compile(
    rf"""
    (?P<comment>\#[^\n]*)
  | (?P<string>{_STRING_PREFIX}(?:
        \"\"\"(?:[^\\\"]|\\.|\"(?!\"\"))*\"\"\" | '''(?:[^\\']|\\.|'(?!''))*'''
      | \"(?:[^\\\"\n]|\\.)*\" | '(?:[^\\'\n]|\\.)*'))
  | (?P<number>(?:0[xX][\da-fA-F_]+|0[bB][01_]+|0[oO][0-7_]+
      | (?:\d[\d_]*\.?[\d_]*|\.\d[\d_]*)(?:[eE][+-]?\d[\d_]*)?[jJ]?))
  | (?P<name>[^\W\d]\w*)
    """,
    re.VERBOSE | re.DOTALL,
)
_DOTTED = re.compile(r"[^\W\d]\w*(?:\.[^\W\d]\w*)*")
_KEYWORDS = frozenset(keyword.kwlist)
_text = partial(escape, quote=False)


@dataclass(frozen=True, slots=True)
class Stretch:
    """Characters `start` to `end` (exclusive) of one line. `kind` is a CSS class: `k` keyword, `s` string,
    `c` comment, `m` number, `d` the name being defined; or `a` for a name that leads `to` what it stands for."""

    start: int
    end: int
    kind: str
    to: str = ""


def scan(source: str, find: Find | None = None) -> list[list[Stretch]]:
    """The stretches of every line (index 0 is line 1). Names for which `find` tells an address become `a` where they
    are used."""
    starts = [0, *(match.end() for match in re.finditer("\n", source))]
    lines: list[list[Stretch]] = [[] for _ in starts]
    defining = False
    for match in _SCANNER.finditer(source):
        kind, defining = _classify(match, defining)
        (start, end), to = match.span(), ""
        if kind is None and find is not None and source[start - 1 : start] != ".":
            found = find((_DOTTED.match(source, start) or match)[0])
            if found is not None:
                kind, end, to = "a", start + found[0], found[1]
        if kind is None:
            continue
        line = bisect_right(starts, start) - 1
        while start < end:
            stop = min(end, starts[line + 1] - 1 if line + 1 < len(starts) else end)
            if start < stop:
                _add(
                    lines[line], Stretch(start - starts[line], stop - starts[line], kind, to), source[start - 1 : start]
                )
            line, start = line + 1, stop + 1
    return lines


def _add(line: list[Stretch], stretch: Stretch, before: str) -> None:
    """Add a stretch to its line; keywords with a blank between them (`is not None`) are one."""
    last = line[-1] if line else None
    if last is not None and last.kind == stretch.kind == "k" and last.end + 1 == stretch.start and before == " ":
        line[-1] = Stretch(last.start, stretch.end, "k")
    else:
        line.append(stretch)


def _classify(match: re.Match[str], defining: bool) -> tuple[str | None, bool]:
    """The kind of a token, and whether the next name is being defined."""
    group = match.lastgroup
    if group != "name":
        return {"comment": "c", "string": "s", "number": "m"}[str(group)], False
    name = match.group()
    if defining:
        return "d", False
    if name in _KEYWORDS:
        return "k", name in ("def", "class")
    return None, False


@dataclass(frozen=True, slots=True)
class Mark:
    """Characters of one line that carry symbols; `attributes` is ready HTML (` class="t1 s2"`). Marks of a line do
    not overlap."""

    start: int
    end: int
    attributes: str


def code_html(text: str, stretches: Sequence[Stretch], marks: Sequence[Mark] = ()) -> str:
    """One line of code as HTML. Its text content is exactly `text`."""
    if not marks:
        return _coloured(text, 0, len(text), stretches)
    parts: list[str] = []
    position = 0
    for mark in marks:
        parts.append(_coloured(text, position, mark.start, stretches))
        parts.append(f"<b{mark.attributes}>{_coloured(text, mark.start, mark.end, stretches)}</b>")
        position = mark.end
    parts.append(_coloured(text, position, len(text), stretches))
    return "".join(parts)


def _coloured(text: str, start: int, end: int, stretches: Iterable[Stretch]) -> str:
    """The characters `start` to `end` with the stretches (cut to that range) as spans and links."""
    parts: list[str] = []
    position = start
    for stretch in stretches:
        first, last = max(stretch.start, start), min(stretch.end, end)
        if first >= last:
            continue
        parts.append(_text(text[position:first]))
        inner = _text(text[first:last])
        whole = first == stretch.start and last == stretch.end
        if stretch.kind == "k":
            parts.append(f"<i>{inner}</i>")
        elif stretch.kind != "a":
            parts.append(f"<i class={stretch.kind}>{inner}</i>")
        else:
            parts.append(f'<a href="{stretch.to}">{inner}</a>' if whole else inner)
        position = last
    parts.append(_text(text[position:end]))
    return "".join(parts)
