from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hfreader.facts.traces import ModuleRecord
from hfreader.pages.module_tree import module_tree, ranges
from tests.facts_builder import HIDDEN, SCORES, make_trace


def names(trace):
    root = module_tree(trace.modules)
    return [(depth, node.name, node.repeats) for depth, node in root.walk()]


def test_repeated_layers_are_one():
    assert names(make_trace(layers=12)) == [
        (0, "", 1),
        (1, "embed", 1),
        (1, "layers.0-11", 12),
        (2, "attention", 1),
        (3, "query", 1),
    ]


def test_a_layer_that_differs_inside_stands_alone():
    trace = make_trace(layers=4)
    changed = tuple(
        replace(record, output=SCORES) if record.path == "layers.2.attention" else record for record in trace.modules
    )
    blocks = [(name, repeats) for depth, name, repeats in names(replace(trace, modules=changed)) if depth == 1]
    assert blocks == [("embed", 1), ("layers.0-1,3", 3), ("layers.2", 1)]


def test_plain_layers_of_a_sequence_keep_their_order():
    def record(path, class_name, order):
        parent = None if path == "" else ""
        return ModuleRecord(path, class_name, parent, order, 0, 0, (), HIDDEN, 0)

    rows = [("", "Net"), ("0", "Linear"), ("1", "ReLU"), ("2", "Linear"), ("3", "Linear")]
    records = tuple(record(path, name, order) for order, (path, name) in enumerate(rows))
    assert [name for _, name, _ in names(make_trace(modules=records))] == ["", "0", "1", "2-3"]


def test_shapes_are_those_of_the_first_call_and_calls_are_counted():
    trace = make_trace(layers=1)
    again = replace(trace.modules[1], call=1, order=99, output=SCORES)
    embed = module_tree((*trace.modules, again)).children[0]
    assert (embed.calls, embed.gives, embed.numbers) == (2, "(B, T, hidden)", "(1, 4, 8)")


def test_without_modules_there_is_no_tree():
    assert module_tree(()) is None


@pytest.mark.parametrize(
    ("numbers", "text"), [([0], "0"), ([0, 1], "0-1"), ([0, 2, 3, 4], "0,2-4"), ([0, 2, 4, 6, 8, 10], "0,2,4,…,10")]
)
def test_ranges(numbers, text):
    assert ranges(numbers) == text


@given(st.sets(st.integers(0, 12), min_size=1, max_size=4).map(sorted))
def test_short_ranges_say_every_number(numbers):
    said = []
    for part in ranges(numbers).split(","):
        first, _, last = part.partition("-")
        said += range(int(first), int(last or first) + 1)
    assert said == numbers
