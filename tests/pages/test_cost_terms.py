from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hfreader.facts.traces import ModuleRecord, Product, TensorFact
from hfreader.pages.cost_terms import UNKNOWN, own_terms, product, value_of, written
from tests.facts_builder import HIDDEN

SIZES = st.lists(st.sampled_from(["B", "T", "hidden", "T + 1", "3"]), min_size=1, max_size=4).map(tuple)
VALUES = {"B": 2, "T": 5, "hidden": 7}


def cost(kind: str, factor: int, *symbols: str) -> Product:
    return Product(kind, factor, TensorFact((1,) * 2, "", "", symbols))


def test_calls_of_a_module_are_added_up_and_kinds_kept_apart():
    calls = [
        ModuleRecord(
            "a", "A", "", n, n, 1, (), HIDDEN, 0, costs=(cost("flops", 2, "T", "B"), cost("parameters", 1, "B", "B"))
        )
        for n in range(2)
    ]
    assert own_terms(calls) == {("a", "flops"): Counter({("B", "T"): 4}), ("a", "parameters"): Counter({("B", "B"): 2})}


def test_a_size_without_a_symbol_makes_the_sum_unknown():
    record = ModuleRecord("", "A", None, 0, 0, 0, (), HIDDEN, 0, costs=(cost("flops", 2), cost("flops", 1, "B", "B")))
    terms = own_terms([record])["", "flops"]
    assert UNKNOWN in terms and written(terms) is None


@given(st.dictionaries(SIZES, st.integers(1, 9), max_size=4))
def test_what_is_written_has_the_value_of_the_sum(terms: dict[tuple[str, ...], int]):
    text = written(Counter(terms))
    expected = 0
    for sizes, factor in terms.items():
        for size in sizes:
            factor *= eval(size, {}, VALUES)
        expected += factor
    assert value_of(text or "0", VALUES) == expected


def test_a_factor_of_one_is_left_out():
    assert product(1, ("1", "hidden")) == "hidden" and product(1, ()) == "1" and product(2, ("T + 1",)) == "2*(T + 1)"


def test_quotients_are_exact_and_unknown_names_refused():
    assert value_of("(image_size / patch_size)**2", {"image_size": 6, "patch_size": 4}).denominator == 4
    assert value_of("vision.hidden/2", {"vision.hidden": 6}) == 3
    with pytest.raises(KeyError):
        value_of("B*S", VALUES)


def test_rounded_sizes_and_places_in_lists_have_values():
    values = {"image_size": 112, "vision.hidden_sizes[1]": 8}
    assert value_of("ceil(image_size/32)**2*vision.hidden_sizes[1]", values) == 128
    assert value_of("floor(image_size/32) + 1", values) == 4
