"""Every concept: its examples, its texts, and its reference against torch's own implementation."""

import inspect
import math
import re

import pytest
import torch
from torch.nn import functional as F

from hfreader.concepts import catalogue
from hfreader.concepts.model import Concept, NotCovered
from tests.concepts.cases import all_cases, rand
from tests.concepts.examples import matches_in, roles_in

CONCEPTS = catalogue()
EXAMPLES = [
    pytest.param(slug, source, expected, id=f"{slug}-{kind}-{index}")
    for slug, concept in CONCEPTS.items()
    for kind, expected in (("matches", True), ("rejects", False))
    for index, source in enumerate(getattr(concept, kind))
]


@pytest.mark.parametrize(("slug", "source", "expected"), EXAMPLES)
def test_example(slug: str, source: str, expected: bool):
    if CONCEPTS[slug].class_patterns:
        assert bool(roles_in(source, slug)) == expected
        return
    found = matches_in(source, slug)
    assert bool(found) == expected
    for match in found:
        assert CONCEPTS[slug].output in {binding.symbol for binding in match.bindings}
        assert all(binding.tokens for binding in match.bindings)


@pytest.mark.parametrize("concept", CONCEPTS.values(), ids=CONCEPTS.keys())
def test_texts_are_complete(concept: Concept):
    names = {symbol.name for symbol in concept.symbols}
    linked = set(re.findall(r"\\sym\{(\w+)\}", "".join(concept.equations)))
    assert linked <= names, "the glossary lacks symbols of the equations"
    assert concept.citations or concept.kind == "structure"
    assert concept.matches
    assert concept.rejects
    assert concept.patterns or concept.class_patterns
    if concept.patterns:
        assert concept.output in linked
        assert set(inspect.signature(concept.computation).parameters) <= names | {"like"}
    else:
        assert concept.reference is None
    for text in (concept.name, concept.explanation, *(symbol.meaning for symbol in concept.symbols)):
        assert text.en.strip()
        assert re.search("[\u4e00-\u9fff]|^[A-Z]", text.zh)


@pytest.mark.parametrize("concept", CONCEPTS.values(), ids=CONCEPTS.keys())
def test_what_is_akin_is_another_concept(concept: Concept):
    assert set(concept.akin) <= set(CONCEPTS) - {concept.slug}


@pytest.mark.parametrize("concept", CONCEPTS.values(), ids=CONCEPTS.keys())
def test_bound_symbols_have_an_entry_in_the_glossary(concept: Concept):
    names = {symbol.name for symbol in concept.symbols}
    for source in concept.matches if concept.patterns else ():
        for match in matches_in(source, concept.slug):
            assert {binding.symbol for binding in match.bindings} <= names


CASES = all_cases()


@pytest.mark.parametrize("concept", CONCEPTS.values(), ids=CONCEPTS.keys())
def test_reference_agrees_with_torch(concept: Concept):
    torch.manual_seed(0)
    for case in CASES[concept.slug] if concept.reference else ():
        arguments, wanted = case()
        result = concept.computation(**arguments)
        output = result[concept.output] if isinstance(result, dict) else result
        torch.testing.assert_close(output, wanted, rtol=1e-12, atol=1e-12)


def test_the_scale_is_the_equation_s_own():
    q, k, v = rand(1, 1, 3, 16), rand(1, 1, 3, 16), rand(1, 1, 3, 16)
    wrong = ((q @ k.transpose(-1, -2)) / 16).softmax(-1) @ v
    right = CONCEPTS["scaled-dot-product-attention"].computation(query=q, key=k, value=v)["output"]
    assert (right - wrong).abs().max() > 1e-2
    assert math.isclose(float((right - F.scaled_dot_product_attention(q, k, v)).abs().max()), 0, abs_tol=1e-12)


def test_what_an_equation_does_not_cover():
    with pytest.raises(NotCovered):
        CONCEPTS["gelu"].computation(x=rand(3), approximate="sigmoid")
    q = rand(1, 1, 3, 4)
    with pytest.raises(NotCovered):
        CONCEPTS["scaled-dot-product-attention"].computation(query=q, key=q, value=q, scale=1.0)
    with pytest.raises(NotCovered):
        CONCEPTS["causal-mask"].computation(like=torch.zeros(1, 1, 2, 2), padding=torch.zeros(1, 1, 2, 2))
    one, many = rand(1, 3), rand(5, 3, 4)  # of a step of one head, the rates of all
    with pytest.raises(NotCovered):
        CONCEPTS["selective-ssm-mamba1"].computation(
            **dict.fromkeys(("decay", "state", "input", "c", "b", "decays"), many), a=many, dt=one, x=one
        )
    image = rand(2, 8, 8)  # of two dimensions without channels, or a signal with eight
    with pytest.raises(NotCovered):
        CONCEPTS["pooling"].computation(x=image, like=F.max_pool2d(image, 3, 1, 1), size=3, stride=1, padding=1)
