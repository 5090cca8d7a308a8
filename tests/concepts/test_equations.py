"""Of the equations of a concept those are shown that the code is about."""

from dataclasses import replace

from hfreader.concepts.equations import equations_here, matchable, symbols_in
from hfreader.concepts.model import Symbol, Text
from tests.pages import toy

SYMBOLS = tuple(Symbol(name, name, Text(name, name)) for name in ("y", "w", "b", "m", "s", "fused", "spare"))
CONCEPT = replace(
    toy.CONCEPT,
    output="",
    symbols=SYMBOLS,
    equations=(r"\sym{y}=\sym{w}\,\sym{m}+\sym{b}", r"\sym{s}"),
    reference=lambda w=None, b=None, s=None, fused=None, spare=None: None,
    hints=frozenset({"s"}),
)


def test_symbols_in_their_order():
    assert symbols_in(r"\sym{y}=\sym{w}\,\sym{m}+\sym{w}") == ["y", "w", "m"]
    assert matchable(CONCEPT) == {"w", "b", "s", "fused", "spare"}


def test_an_equation_about_nothing_that_is_matched_is_for_other_code():
    """One without names that a match can bind belongs to all."""
    other = r"\sym{y}=\sym{spare}\qquad\text{(elsewhere)}"
    concept = replace(CONCEPT, equations=(*CONCEPT.equations, other, r"\sym{y}=\sym{w}"))
    assert equations_here(concept, {"y", "w"}) == (*CONCEPT.equations, r"\sym{y}=\sym{w}")
    assert equations_here(concept, {"y", "w", "spare"}) == concept.equations
    held = replace(SYMBOLS[-1], within=("fused",))
    assert equations_here(replace(concept, symbols=(*SYMBOLS[:-1], held)), {"y", "fused"}) == concept.equations


def test_one_of_the_equations_says_what_the_output_is():
    """Of several, the one that holds here, also where only a hint tells which; the first where none tells."""
    first, usual, other = r"\sym{m}=\sym{w}", r"\sym{y}=\sym{m}\,\sym{b}", r"\sym{y}=\sym{s}"
    concept = replace(CONCEPT, output="y", equations=(first, usual, other))
    assert equations_here(concept, {"y", "w", "s"}) == (first, other)
    assert equations_here(concept, {"y", "w", "b"}) == (first, usual)
    assert equations_here(concept, {"y", "w"}) == (first, usual)
