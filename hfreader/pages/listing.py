"""The code of a class as HTML: notes left, code right, shapes behind it, what a dispatch reaches opened in place."""

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from markupsafe import Markup

from hfreader.pages.folds import Fold
from hfreader.pages.highlight import Stretch as Colour
from hfreader.pages.highlight import code_html
from hfreader.pages.hints import Hint
from hfreader.pages.notes import Note
from hfreader.pages.symbols import Overlay

_NEXT_LINE = r"\n<a id=[^>]+></a> *"
_BROKEN = re.compile(rf"<i class=([sc])>[^<]*</i>(?:(?:{_NEXT_LINE})+<i class=\1>[^<]*</i>)+")
_LINK = re.compile(r"<a href=[^>]*>(.*?)</a>")
_BREAK = re.compile(rf"</i>((?:{_NEXT_LINE})+)<i class=[sc]>")


@dataclass(frozen=True)
class SourceText:
    """A file's lines with their colours. `name` is the file as facts give it."""

    name: str
    lines: Sequence[str]
    colours: Sequence[Sequence[Colour]]


@dataclass(frozen=True)
class Listing:
    """Lines `first` to `last` of a file and everything that is shown around them.

    hints    by line.            idle      lines that did not run.
    notes    in any order.       opened    by line: HTML put below that line (functions opened in place).
    folds    none within another.
    anchor   what the ids of lines begin with (`L`); a second showing of the same lines on a page needs another.
    """

    source: SourceText
    first: int
    last: int
    overlay: Overlay
    notes: tuple[Note, ...] = ()
    hints: Mapping[int, Sequence[Hint]] = field(default_factory=dict)
    idle: frozenset[int] = frozenset()
    opened: Mapping[int, Markup] = field(default_factory=dict)
    anchor: str = "L"
    folds: tuple[Fold, ...] = ()


def listing_html(listing: Listing) -> Markup:
    """Rows of a note and the lines it stands beside, in an element that sets the counter of lines. Notes on
    neighbouring lines share a row."""
    notes: dict[int, list[Note]] = defaultdict(list)
    for note in listing.notes:
        notes[note.line].append(note)
    parts: list[str] = []
    for first, last in _rows(listing, notes):
        remarks = [note for line in range(first, last + 1) for note in notes.get(line, ())]
        parts.append(_row_html(listing, first, last, remarks))
        if last in listing.opened:
            parts.append(listing.opened[last])
    return Markup(f'<div style="counter-reset:line {listing.first - 1}">{"".join(parts)}</div>')


def _rows(listing: Listing, notes: Mapping[int, Sequence[Note]]) -> Iterable[tuple[int, int]]:
    """The lines cut before each note (unless the line before has one too), after each opened function, and before and
    after each fold, but not within one."""
    inside = {line for fold in listing.folds for line in range(fold.first + 1, fold.last + 1)}
    edges = {line for fold in listing.folds for line in (fold.first, fold.last + 1)}
    first = listing.first
    for line in range(listing.first + 1, listing.last + 1):
        begins = line in notes and line - 1 not in notes
        if (begins and line not in inside) or line in edges or line - 1 in listing.opened:
            yield first, line - 1
            first = line
    yield first, listing.last


def _row_html(listing: Listing, first: int, last: int, notes: Sequence[Note]) -> str:
    fold = next((one for one in listing.folds if one.first == first), None)
    code = _lines_html(listing, first, last) if fold is None else _fold_html(listing, fold)
    beside = f"<div class=hf-notes>{''.join(map(_note_html, notes))}</div>" if notes else ""
    # A closed fold keeps to itself how many lines it counts.
    after_fold = any(one.last + 1 == first for one in listing.folds)
    counted = f' style="counter-set:line {first - 1}"' if after_fold else ""
    return f"<div class=hf-row{counted}>{beside}{code}</div>"


def _lines_html(listing: Listing, first: int, last: int, counted: str = "") -> str:
    code = _joined("".join(_line_html(listing, line) for line in range(first, last + 1)))
    return f"<pre{counted}>{code}</pre>"


def _fold_html(listing: Listing, fold: Fold) -> str:
    """A fold: its first line, which opens it and therefore holds no links, and the others."""
    line = _line_html(listing, fold.first, Markup('<i class=q data-s="{}"></i>').format(fold.said))
    head = _LINK.sub(r"\1", line)
    rest = _lines_html(listing, fold.first + 1, fold.last, f' style="counter-reset:line {fold.first}"')
    return f"<details class=hf-fold><summary>{head}</summary>{rest}</details>"


def _joined(code: str) -> str:
    """Code in which a string or comment that goes on over lines is one element."""
    return _BROKEN.sub(lambda found: _BREAK.sub(r"\1", found[0]), code)


def _note_html(note: Note) -> str:
    css = " class=hf-idle" if note.kind == "idle" else ""
    return f"<p{css} data-line={note.line}>{note.html}</p>"


def _line_html(listing: Listing, line: int, behind: str = "") -> str:
    """One line: where links arrive, code, shapes, what else stands `behind` it, newline. Only lines that did not run
    have an element around them.

    The number is drawn by CSS, which counts the lines. Its link, upstream, it gets where it is pointed at: written out,
    half of a page would be these addresses, which differ in their number alone."""
    source = listing.source
    text = source.lines[line - 1]
    code = code_html(text, source.colours[line - 1], listing.overlay.marks(source.name, line, text))
    hints = "".join(hint.html(listing.overlay) for hint in listing.hints.get(line, ()))
    anchor = f"{listing.anchor}{line}"
    whole = f"<a id={anchor}></a>{code}{hints}{behind}\n"
    return f"<span class=x>{whole}</span>" if line in listing.idle else whole
