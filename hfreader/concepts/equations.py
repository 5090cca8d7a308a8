"""Which equations of a concept a piece of code is about."""

import inspect
from collections.abc import Callable, Collection
from functools import cache

from hfreader.concepts.model import SYMBOL, Concept


def symbols_in(latex: str) -> list[str]:
    """The names of the symbols of an equation, in their order."""
    return list(dict.fromkeys(SYMBOL.findall(latex)))


def equations_here(concept: Concept, bound: Collection[str]) -> tuple[str, ...]:
    """The equations of a concept that a match is about: the first, and each further one, unless it is about things that
    can be matched and none of them is (`bound` are those that are): it says what other code does. One of them says what
    the output is; of that one, even what only tells a reference which form it meets must be there."""
    given, known = matchable(concept), set[str]()
    within = {symbol.name: symbol.within for symbol in concept.symbols}
    defining = [latex for latex in concept.equations if latex.startswith(rf"\sym{{{concept.output}}}")]
    shown: list[str] = []
    for latex in concept.equations:
        about = given if latex in defining else given - concept.hints
        names = given.intersection(symbols_in(latex))
        own = (names & about) - known
        known |= names
        if not shown or not own or any(one in bound for name in own for one in (name, *within[name])):
            shown.append(latex)
    if defining and not any(concept.output in symbols_in(latex) for latex in shown):
        shown.append(defining[0])
    return tuple(shown)


def matchable(concept: Concept) -> frozenset[str]:
    """What a match of a concept can bind: what its reference is given."""
    return _given(concept.computation)


@cache  # thousands of matches have the same
def _given(reference: Callable[..., object]) -> frozenset[str]:
    return frozenset(inspect.signature(reference).parameters)
