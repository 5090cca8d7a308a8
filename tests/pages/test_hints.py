from hypothesis import given
from hypothesis import strategies as st

from hfreader.facts.traces import LineRecord
from hfreader.pages.hints import preferred
from hfreader.pages.shapes import in_symbols, mentions_past
from tests.facts_builder import place
from tests.pages.toy import HIDDEN, tensor


def record(value, call=0):
    return LineRecord(place(12, "query"), "mask", "assign", "m.f", "attention", call, value)


FIRST, LATER = tensor("B T_past", 2, 5), tensor("B T_past+T", 2, 6)
PLAIN = tensor("B T", 2, 5)


def shapes(*values):
    return [in_symbols(one.value) for one in preferred([record(value, call) for call, value in enumerate(values)])]


def test_a_run_without_a_cache_is_the_better_example():
    assert shapes(FIRST, LATER, PLAIN)[0] == "(B, T)"


def test_of_a_run_with_a_cache_the_last_call_is_shown():
    assert shapes(FIRST, LATER)[0] == "(B, T_past+T)"


@given(st.lists(st.sampled_from([FIRST, LATER, PLAIN, HIDDEN]), max_size=6))
def test_nothing_is_lost_and_what_has_no_cache_keeps_its_order(values):
    records = [record(value, call) for call, value in enumerate(values)]
    ordered = preferred(records)
    assert sorted(one.call for one in ordered) == list(range(len(values)))
    plain = [one for one in records if not mentions_past(one.value)]
    assert ordered[: len(plain)] == plain
