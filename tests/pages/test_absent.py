from dataclasses import replace

import pytest

from hfreader.concepts.model import Symbol, Text
from hfreader.facts.matches import Proof
from hfreader.pages.absent import absences, equations_here
from hfreader.pages.equations import LinkedSymbol
from tests.pages import toy

SYMBOLS = tuple(
    Symbol(name, latex, Text(name, name), within)
    for name, latex, within in (
        ("y", "y", ()),
        ("w", "W", ("fused",)),
        ("b", "b", ()),
        ("m", "m", ()),
        ("s", "s", ()),
        ("fused", "F", ()),
        ("spare", "z", ()),
    )
)
LINKED = {symbol.name: LinkedSymbol(symbol.latex, "") for symbol in SYMBOLS}
CONCEPT = replace(
    toy.CONCEPT,
    symbols=SYMBOLS,
    equations=(r"\sym{y}=\sym{w}\,\sym{m}+\sym{b}", r"\sym{s}"),
    reference=lambda w=None, b=None, s=None, fused=None, spare=None: None,
    hints=frozenset({"s"}),
)


def said(*bound: str, state: str = "proven") -> list[str]:
    proof = Proof("match", "proven" if state == "proven" else "matched")
    return [sentence.striptags() for sentence in absences(CONCEPT, bound, proof, LINKED)]


def test_nothing_is_said_where_every_symbol_of_the_equations_is_bound():
    assert said("y", "w", "b", "m", "s") == []


@pytest.mark.parametrize(
    ("bound", "sentence"),
    [
        ("y w m s", "not matched here: b; the equation was checked without it"),
        ("y m s", "not matched here: W, b; the equation was checked without them"),
        ("y b m s fused", "W: held in F here"),
        ("y w b s", "no code of its own here: m"),
        ("y w b", "no code of their own here: m, s"),
    ],
)
def test_what_is_absent_is_said(bound: str, sentence: str):
    assert said(*bound.split()) == [sentence]


def test_without_a_proof_nothing_was_checked():
    assert said("y", "w", "m", "s", state="matched") == ["not matched here: b; the equation is read without it"]


def test_an_equation_about_nothing_that_is_matched_is_for_other_code():
    """One without names that a match can bind belongs to all; what stands in one that is not shown is not missed."""
    other = r"\sym{y}=\sym{spare}\qquad\text{(elsewhere)}"
    concept = replace(CONCEPT, equations=(*CONCEPT.equations, other, r"\sym{y}=\sym{w}"))
    always = (*CONCEPT.equations, r"\sym{y}=\sym{w}")
    assert equations_here(concept, {"y", "w"}) == always
    assert equations_here(concept, {"y", "w", "spare"}) == concept.equations
    assert not any(
        "z" in sentence.striptags() for sentence in absences(concept, {"y", "w"}, Proof("m", "proven"), LINKED)
    )
    held = replace(SYMBOLS[-1], within=("fused",))
    concept = replace(concept, symbols=(*SYMBOLS[:-1], held))
    assert equations_here(concept, {"y", "fused"}) == concept.equations


def test_one_of_the_equations_says_what_the_output_is():
    """Of several, the one that holds here, also where only a hint tells which; the first where none tells."""
    first, usual, other = r"\sym{m}=\sym{w}", r"\sym{y}=\sym{m}\,\sym{b}", r"\sym{y}=\sym{s}"
    concept = replace(CONCEPT, output="y", equations=(first, usual, other))
    assert equations_here(concept, {"y", "w", "s"}) == (first, other)
    assert equations_here(concept, {"y", "w", "b"}) == (first, usual)
    assert equations_here(concept, {"y", "w"}) == (first, usual)
