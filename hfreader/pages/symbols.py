"""The symbols of one class block: numbered for CSS, and laid over its lines as marks that never overlap.

Every symbol of every match in a block has a number n. Whatever belongs to it lights up: what may be pointed at to light
it carries the class `t<n>`, all else the class `s<n>`. Where tokens lie inside one another (`key` inside
`matmul(query, key)`), only the innermost is pointed at, though all of them light.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from hfreader.concepts.model import Concept, Symbol
from hfreader.facts.matches import Match
from hfreader.facts.places import Place, Span
from hfreader.pages.equations import LinkedSymbol
from hfreader.pages.highlight import Mark


@dataclass(frozen=True)
class SymbolUse:
    """One symbol of one match within a block."""

    number: int
    symbol: Symbol
    tokens: tuple[Place, ...]

    @property
    def css(self) -> str:
        """The class of what is pointed at and lit."""
        return f"t{self.number}"


@dataclass(frozen=True)
class MatchUse:
    """One match within a block, with its concept and its numbered symbols in the order of the glossary."""

    match: Match
    concept: Concept
    symbols: tuple[SymbolUse, ...]

    def linked(self) -> dict[str, tuple[str, str]]:
        """The symbols as equations want them."""
        return {use.symbol.name: LinkedSymbol(use.symbol.latex, use.css) for use in self.symbols}

    def plain(self) -> dict[str, tuple[str, str]]:
        """The symbols as an equation wants them within an element that carries their class."""
        return {use.symbol.name: LinkedSymbol(use.symbol.latex, "") for use in self.symbols}


def number_symbols(matches: Iterable[Match], concepts: Mapping[str, Concept]) -> tuple[MatchUse, ...]:
    """Number the symbols of a block's matches; symbols that no token carries are numbered too, so that the equation
    and the glossary still light each other. Symbols of several matches that the same tokens carry share a number: one
    stretch of code has one colour."""
    uses: list[MatchUse] = []
    shared: dict[frozenset[Place], int] = {}
    number = 0
    for match in matches:
        concept = concepts[match.concept]
        tokens = {binding.symbol: binding.tokens for binding in match.bindings}
        before = dict(shared)
        symbols: list[SymbolUse] = []
        for symbol in concept.symbols:
            carried = frozenset(tokens.get(symbol.name, ()))
            same = before.pop(carried, None) if carried else None
            symbols.append(SymbolUse(number if same is None else same, symbol, tokens.get(symbol.name, ())))
            if same is None:
                shared.setdefault(carried, number)
                number += 1
        uses.append(MatchUse(match, concept, tuple(symbols)))
    return tuple(uses)


class Overlay:
    """Where the symbols of a block lie in the source."""

    def __init__(self, uses: Sequence[MatchUse]) -> None:
        self._by_line: dict[tuple[str, int], list[tuple[Span, int]]] = defaultdict(list)
        self._exact: dict[Place, list[int]] = defaultdict(list)
        carried = ((place, use.number) for match in uses for use in match.symbols for place in use.tokens)
        for place, number in dict.fromkeys(carried):
            self._exact[place].append(number)
            for line in range(place.span.line, place.span.end_line + 1):
                self._by_line[place.file, line].append((place.span, number))

    def at(self, place: Place) -> tuple[int, ...]:
        """The symbols that exactly this place carries."""
        return tuple(self._exact.get(place, ()))

    def within(self, place: Place) -> tuple[int, ...]:
        """The symbols with a token on the place's lines and inside it, in ascending order."""
        lines = range(place.span.line, place.span.end_line + 1)
        spans = {pair for line in lines for pair in self._by_line.get((place.file, line), ())}
        return tuple(sorted({number for span, number in spans if place.span.holds(span)}))

    def marks(self, file: str, line: int, text: str) -> list[Mark]:
        """The marks of one line, from left to right."""
        cut = [(*_on_line(span, line, text), span, number) for span, number in self._by_line.get((file, line), ())]
        ranges = [item for item in cut if item[0] < item[1]]
        edges = sorted({edge for start, end, _, _ in ranges for edge in (start, end)})
        marks: list[Mark] = []
        for start, end in pairwise(edges):
            covering = [(_size(span), number) for first, last, span, number in ranges if first <= start and end <= last]
            if covering:
                marks.append(Mark(start, end, _attributes(covering)))
        return marks


def _attributes(covering: Sequence[tuple[tuple[int, int], int]]) -> str:
    """The HTML attributes of a mark that several tokens cover: all light, only the smallest is pointed at."""
    smallest = min(size for size, _ in covering)
    css = dict.fromkeys(f"{'t' if size == smallest else 's'}{number}" for size, number in covering)
    return f' class="{" ".join(css)}"'


def _size(span: Span) -> tuple[int, int]:
    return span.end_line - span.line, span.end_column - span.column


def _on_line(span: Span, line: int, text: str) -> tuple[int, int]:
    """The columns of a span on one of its lines, without the indentation of continued lines."""
    indentation = len(text) - len(text.lstrip())
    start = span.column if line == span.line else indentation
    end = span.end_column if line == span.end_line else len(text.rstrip())
    return start, end
