"""What a card says of symbols that stand in the equations and not in the code."""

import inspect
import re
from collections.abc import Iterator, Mapping, Sequence

from markupsafe import Markup

from hfreader.concepts.model import Concept, Symbol
from hfreader.facts.matches import Match, Proof
from hfreader.pages import equations


def absences(concept: Concept, match: Match, proof: Proof, linked: Mapping[str, tuple[str, str]]) -> Iterator[Markup]:
    """Sentences on each symbol of the equations that the match does not bind: where else the code holds it, that it
    has no code of its own (the reference computes it), or that the equation was checked without it."""
    bound = {binding.symbol for binding in match.bindings if binding.tokens}
    absent = [symbol for symbol in concept.symbols if _stands(symbol, concept) and symbol.name not in bound]
    held = {symbol.name: tuple(name for name in symbol.within if name in bound) for symbol in absent}
    for holders in dict.fromkeys(value for value in held.values() if value):
        inside = [symbol for symbol in absent if held[symbol.name] == holders]
        yield Markup("{}: held in {} here").format(_list(inside, linked), _names(holders, linked))
    given = set(inspect.signature(concept.computation).parameters) - concept.hints
    left = [symbol for symbol in absent if not held[symbol.name]]
    if implied := [symbol for symbol in left if symbol.name not in given]:
        yield Markup("no code of {} own here: {}").format(
            "its" if len(implied) == 1 else "their", _list(implied, linked)
        )
    if missing := [symbol for symbol in left if symbol.name in given]:
        done = "is read" if proof.state == "matched" else "was checked"
        it = "it" if len(missing) == 1 else "them"
        yield Markup("not matched here: {}; the equation {} without {}").format(_list(missing, linked), done, it)


def _stands(symbol: Symbol, concept: Concept) -> bool:
    return any(re.search(rf"\\sym\{{{re.escape(symbol.name)}\}}", latex) for latex in concept.equations)


def _list(symbols: Sequence[Symbol], linked: Mapping[str, tuple[str, str]]) -> Markup:
    return _names([symbol.name for symbol in symbols], linked)


def _names(names: Sequence[str], linked: Mapping[str, tuple[str, str]]) -> Markup:
    return Markup(", ").join(equations.render(rf"\sym{{{name}}}", linked, display=False) for name in names)
