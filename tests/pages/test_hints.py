from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from hfreader.facts.places import Place, Span
from hfreader.facts.traces import LineRecord, ModuleRecord, TensorFact, Value
from hfreader.pages.hints import Hint, Records, preferred
from hfreader.pages.shapes import in_symbols, mentions_past
from tests.facts_builder import place
from tests.pages import toy
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


def line_of(number):
    return Place("f.py", Span(number, 4, number, 8))


def called(path, line, value):
    """What a run records where `part` of the module `path` is called on a line."""
    there = LineRecord(line_of(line), "x", "assign", "m.f", path, 0, HIDDEN)
    return there, ModuleRecord(f"{path}.part", "Linear", path, 1, 0, 1, (), value, 8)


def test_a_module_has_the_shape_it_gave_on_the_line_that_called_it():
    calls = (called("one", 12, tensor("B T 3*hidden", 1, 3, 24)), called("two", 14, tensor("B S 2*hidden", 1, 4, 16)))
    lines, modules = zip(*calls, strict=True)
    records = Records([replace(toy.trace(), lines=lines, modules=modules)])
    assert records.module_shape(line_of(12), "part") == "(B, T, 3*hidden)"
    assert records.module_shape(line_of(14), "part") == "(B, S, 2*hidden)"
    assert records.module_shape(line_of(14), "other") is None
    assert records.module_shape(line_of(15), "part") is None


def hint_of(value: Value, **changed: object) -> Hint:
    lines = (LineRecord(line_of(12), "x", "assign", "m.f", "", 0, value),)
    records = Records([replace(toy.trace(), lines=()), replace(toy.trace(), lines=lines, changed=changed)])
    (hint,) = records.hints("f.py", 12, toy.trace().class_name)
    return hint


NUMBERS = Value("Tensor", TensorFact((2, 64), "float32", "cpu"))


def test_numbers_of_a_run_at_other_sizes_are_said_to_be_that():
    own, small = hint_of(HIDDEN), hint_of(HIDDEN, hidden_size=8)
    assert (small.text, small.numbers) == (own.text, f"{own.numbers} in a small run")
    assert hint_of(NUMBERS).text == "(2, 64)"
    unnamed = hint_of(NUMBERS, hidden_size=64)
    assert unnamed.text == unnamed.numbers == "(2, 64) in a small run" and not unnamed.certain


def test_a_count_of_a_run_at_other_sizes_too_but_no_other_scalar():
    assert hint_of(Value("int", text="8"), head_dim=8).text == "= 8 in a small run"
    assert hint_of(Value("int", text="8")).text == "= 8"
    assert hint_of(Value("float", text="0.5"), head_dim=8).text == "= 0.5"


def test_a_diagram_has_no_numbers_of_a_small_run():
    lines = (LineRecord(line_of(12), "x", "assign", "m.f", "", 0, NUMBERS),)
    own, small = (
        Records([toy.trace(), replace(toy.trace(), lines=lines, changed=changed)]).shape(line_of(12), "ToyModel")
        for changed in ({}, {"hidden_size": 64})
    )
    assert (own, small) == ("(2, 64)", None)


def test_a_page_of_a_run_at_other_sizes_speaks_of_these():
    lines = (LineRecord(line_of(12), "x", "assign", "m.f", "", 0, NUMBERS),)
    changed = replace(toy.trace(), lines=lines, changed={"hidden_size": 64})
    (hint,) = Records([changed, replace(changed, lines=())]).hints("f.py", 12, "ToyModel")
    assert hint.text == "(2, 64)"
