"""The short notes beside the code: generated from facts, never written by hand."""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from markupsafe import Markup

from hfreader.facts.places import Place
from hfreader.facts.traces import Trace
from hfreader.pages import equations
from hfreader.pages.execution import Stretch
from hfreader.pages.language import gettext as _
from hfreader.pages.language import own
from hfreader.pages.naming import line_range
from hfreader.pages.run_names import run_name
from hfreader.pages.symbols import MatchUse, SymbolUse

# A note says what a symbol is; what else there is to say of it stands in the glossary above.
_CLAUSE_END = re.compile(r"; | \(|[；（]")
_ASSIGNED = re.compile(r"\s*(,[^=()]*)?(:[^=]+)?=(?!=)")


@dataclass(frozen=True)
class Note:
    """A remark on a line. `kind` is what it tells: `computes`, `weights` or `idle`. `brief` is what stays of it where
    another remark on the same line says the rest."""

    line: int
    kind: str
    html: Markup
    brief: Markup | None = None


def joined(notes: Iterable[Note]) -> tuple[Note, ...]:
    """The notes by line; on a line that builds a module, the symbols stand before the module in one note."""
    by_line: dict[int, list[Note]] = defaultdict(list)
    for note in notes:
        by_line[note.line].append(note)
    return tuple(note for line in sorted(by_line) for note in _on_one_line(by_line[line]))


def _on_one_line(notes: Sequence[Note]) -> Iterator[Note]:
    built = next((note for note in notes if note.kind == "weights"), None)
    symbols = [note.brief for note in notes if note.brief is not None]
    for note in notes:
        if built is None or note.kind == "idle":
            yield note
    if built is not None:
        yield Note(built.line, built.kind, Markup(" ").join([*symbols, built.html]))


def symbol_notes(uses: Iterable[MatchUse], file: str, lines: Sequence[str], first: int, last: int) -> Iterator[Note]:
    """Where each symbol gets its value within the lines `first` to `last`: once per symbol as printed and line."""
    said: set[tuple[int, str]] = set()
    for use in uses:
        for symbol in use.symbols:
            line = value_line(symbol, file, lines, first, last)
            if line is not None and (line, symbol.symbol.latex) not in said:
                said.add((line, symbol.symbol.latex))
                printed = equations.render(rf"\sym{{{symbol.symbol.name}}}", use.linked(), display=False)
                meaning = _CLAUSE_END.split(own(symbol.symbol.meaning), maxsplit=1)[0]
                yield Note(line, "computes", Markup("{} {}").format(printed, meaning), printed)


def value_line(symbol: SymbolUse, file: str, lines: Sequence[str], first: int, last: int) -> int | None:
    """The first line that assigns the symbol, else the first that uses it."""
    tokens = [place for place in symbol.tokens if place.file == file and first <= place.span.line <= last]
    assigned = [place for place in tokens if is_assigned(place, lines)]
    return min((place.span.line for place in assigned or tokens), default=None)


def is_assigned(place: Place, lines: Sequence[str]) -> bool:
    """Whether what stands at a place of a file with these lines gets its value there."""
    return _ASSIGNED.match(lines[place.span.end_line - 1][place.span.end_column :]) is not None


def idle_notes(stretches: Iterable[Stretch], traces: Sequence[Trace]) -> Iterator[Note]:
    """Which lines no run reached, or only another run than the first did, and under what condition they would run."""
    for stretch in stretches:
        lines = line_range(stretch.first, stretch.last)
        condition = Markup(_("; needs <code>{}</code>")).format(stretch.condition) if stretch.condition else ""
        if stretch.run is None:
            html = Markup(_("<strong>Not run</strong> by any forward pass here: {}{}")).format(lines, condition)
        else:
            html = Markup(_("Run only in <em>{}</em>: {}{}")).format(run_name(traces[stretch.run]), lines, condition)
        yield Note(stretch.first, "idle", html)
