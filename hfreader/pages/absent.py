"""What a card says of symbols that stand in the equations and not in the code."""

from collections.abc import Collection, Iterator, Mapping, Sequence

from markupsafe import Markup

from hfreader.concepts.equations import equations_here, matchable, symbols_in
from hfreader.concepts.model import Concept, Symbol
from hfreader.facts.matches import Proof
from hfreader.pages import equations
from hfreader.pages.language import gettext as _
from hfreader.pages.language import ngettext


def absences(
    concept: Concept, bound: Collection[str], proof: Proof, linked: Mapping[str, tuple[str, str]]
) -> Iterator[Markup]:
    """Sentences on each symbol of the equations that a match does not bind (`bound` are those that it does): where
    else the code holds it, that it has no code of its own (the reference computes it), or that the equation was
    checked without it."""
    standing = {name for latex in equations_here(concept, bound) for name in symbols_in(latex)}
    absent = [symbol for symbol in concept.symbols if symbol.name in standing and symbol.name not in bound]
    held = {symbol.name: tuple(name for name in symbol.within if name in bound) for symbol in absent}
    for holders in dict.fromkeys(value for value in held.values() if value):
        inside = [symbol for symbol in absent if held[symbol.name] == holders]
        yield Markup(_("{}: held in {} here")).format(_list(inside, linked), _names(holders, linked))
    given = matchable(concept) - concept.hints
    left = [symbol for symbol in absent if not held[symbol.name]]
    if implied := [symbol for symbol in left if symbol.name not in given]:
        said = ngettext("no code of its own here: {}", "no code of their own here: {}", len(implied))
        yield Markup(said).format(_list(implied, linked))
    if missing := [symbol for symbol in left if symbol.name in given]:
        yield Markup(_missing(len(missing), proof.state == "matched")).format(_list(missing, linked))


def _missing(count: int, read: bool) -> str:
    """What is said of symbols that are not matched in an equation that is only read, or was checked."""
    if read:
        return ngettext(
            "not matched here: {}; the equation is read without it",
            "not matched here: {}; the equation is read without them",
            count,
        )
    return ngettext(
        "not matched here: {}; the equation was checked without it",
        "not matched here: {}; the equation was checked without them",
        count,
    )


def _list(symbols: Sequence[Symbol], linked: Mapping[str, tuple[str, str]]) -> Markup:
    return _names([symbol.name for symbol in symbols], linked)


def _names(names: Sequence[str], linked: Mapping[str, tuple[str, str]]) -> Markup:
    return Markup(_(", ")).join(equations.render(rf"\sym{{{name}}}", linked, display=False) for name in names)
