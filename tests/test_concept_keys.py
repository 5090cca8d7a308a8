"""What identifies a concept to those who match and to those who prove it."""

import subprocess
import sys
from dataclasses import replace

import pytest

from hfreader import concept_keys
from hfreader.concept_keys import _Content, _patterns, matched_by, proven_by
from hfreader.concepts import catalogue
from hfreader.concepts.model import Concept, Text
from hfreader.concepts.pattern import Anything, Bind

NORM = catalogue()["layer-norm"]


def proven(concept: Concept, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setattr(concept_keys, "catalogue", lambda: {"layer-norm": concept})
    concept_keys._reference.cache_clear()
    found = proven_by(["layer-norm"])
    concept_keys._reference.cache_clear()
    return found


def test_prose_and_examples_do_not_count(monkeypatch: pytest.MonkeyPatch):
    said = replace(NORM, explanation=Text("other", "别的"), citations=(), equations=(), matches=(), rejects=())
    said = replace(said, symbols=tuple(replace(one, latex="x", meaning=Text("", "")) for one in NORM.symbols))
    assert _patterns(said) == _patterns(NORM)
    assert proven(said, monkeypatch) == proven(NORM, monkeypatch)


def test_a_pattern_counts_for_matching_alone(monkeypatch: pytest.MonkeyPatch):
    other = replace(NORM, patterns=(*NORM.patterns, Bind("output", Anything())))
    assert _patterns(other) != _patterns(NORM)
    assert proven(other, monkeypatch) == proven(NORM, monkeypatch)


def helper(x: float) -> float:
    return x + 1


def first(x: float) -> float:
    return helper(x)


def second(x: float) -> float:
    return x


def test_a_reference_counts_with_what_it_uses(monkeypatch: pytest.MonkeyPatch):
    one, two = (proven(replace(NORM, reference=each), monkeypatch) for each in (first, second))
    assert one != two
    monkeypatch.setitem(first.__globals__, "helper", second)
    assert proven(replace(NORM, reference=first), monkeypatch) != one


def test_sets_and_processes_do_not_change_it():
    assert _Content().of(frozenset("abc")) == _Content().of(frozenset("cba"))
    code = "from hfreader.concept_keys import *; print(matched_by(), proven_by(catalogue()))"
    elsewhere = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert elsewhere.stdout.split() == [matched_by(), proven_by(catalogue())]
