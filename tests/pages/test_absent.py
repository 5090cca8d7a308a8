from dataclasses import replace

import pytest

from hfreader.concepts.model import Symbol, Text
from hfreader.facts.matches import Proof
from hfreader.pages.absent import absences
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


def test_what_stands_in_an_equation_that_is_for_other_code_is_not_missed():
    other = r"\sym{y}=\sym{spare}\qquad\text{(elsewhere)}"
    concept = replace(CONCEPT, equations=(*CONCEPT.equations, other))
    sentences = list(absences(concept, {"y", "w"}, Proof("m", "proven"), LINKED))
    assert sentences
    assert not any("z" in sentence.striptags() for sentence in sentences)
