"""The code of one implementation on the page of its concept, with the symbols of the equation."""

from collections.abc import Iterator
from dataclasses import dataclass

from markupsafe import Markup

from hfreader.concepts.model import Concept
from hfreader.facts.analysis import Analysis
from hfreader.facts.matches import Match
from hfreader.facts.places import Place, Span
from hfreader.pages.book import Shelf, Site, address
from hfreader.pages.highlight import Stretch, scan
from hfreader.pages.implementers import Implementer
from hfreader.pages.listing import Listing, SourceText, listing_html
from hfreader.pages.naming import line_range
from hfreader.pages.notes import joined, symbol_notes
from hfreader.pages.symbols import MatchUse, Overlay, SymbolUse

# Of a longer function, only the lines around the result are shown: so many before it, and so many after it.
BEFORE, AFTER = 40, 8


@dataclass(frozen=True)
class Body:
    """The lines that compute the result: `title` says which, `code` shows them, `lines` is the page of their file."""

    title: str
    code: Markup
    lines: str


def body(page: str, concept: Concept, one: Implementer, site: Site, shelf: Shelf) -> Body | None:
    """The function that computes the result of a class's first match; None for a role, which has none."""
    if not one.definition.matches or (shown := site.home(one.definition.matches[0].place.file)) is None:
        return None
    first = one.definition.matches[0].key(one.definition.qualified)
    analysis = shelf.analysis(one.definition.file)
    match = next((match for match in analysis.matches if match.key == first), None)
    if match is None:
        return None
    file = match.place.file
    function = _function(analysis, match)
    span = _shown(function, match.place)
    lines = site.snapshot.path(file).read_text(encoding="utf-8").split("\n")
    colours = scan("\n".join(lines[function.line - 1 : span.end_line]))
    before: list[list[Stretch]] = [[]] * (function.line - 1)
    source = SourceText(file, lines, [*before, *colours])
    use = _numbered(concept, match)
    notes = joined(symbol_notes([use], file, source.lines, span.line, span.end_line))
    listing = Listing(source, span.line, span.end_line, Overlay([use]), notes, anchor=f"{one.definition.name}-L")
    return Body(line_range(span.line, span.end_line), listing_html(listing), address(shown, page))


def _numbered(concept: Concept, match: Match) -> MatchUse:
    """The symbols with the numbers that the equation of the page has."""
    tokens = {binding.symbol: binding.tokens for binding in match.bindings}
    symbols = (SymbolUse(number, one, tokens.get(one.name, ())) for number, one in enumerate(concept.symbols))
    return MatchUse(match, concept, tuple(symbols))


def _function(analysis: Analysis, match: Match) -> Span:
    """The innermost function of the file around the result, else the one from which it is reached."""
    around = [span for span in _functions(analysis) if match.place.file == analysis.code.file]
    holding = [span for span in around if span.holds(match.place.span)]
    if holding:
        return max(holding)
    return match.root.span if match.root.file == match.place.file else match.place.span


def _functions(analysis: Analysis) -> Iterator[Span]:
    for item in analysis.code.classes:
        yield from (method.span for method in item.methods)
    yield from (function.span for function in analysis.code.functions)


def _shown(function: Span, place: Place) -> Span:
    first = max(function.line, place.span.line - BEFORE)
    return Span(first, 0, min(function.end_line, place.span.end_line + AFTER), 0)
