from dataclasses import replace

import pytest

from hfreader.errors import HfreaderError
from hfreader.facts.branches import Branch, Outcome
from hfreader.facts.traces import Value
from hfreader.views.listing import Annotation, branch_note, class_listings, functions_of, module_listing, value_texts
from tests.facts_builder import FILE, MODULE, SOURCE, SYMBOLS, make_trace, place, tensor

SOURCES = {FILE: SOURCE}


def lines_of(listing, index=0):
    return {line.number: line for line in listing.functions[index].lines}


def test_a_module_shows_its_forward_and_what_it_dispatched_to():
    listing = module_listing(make_trace(), SOURCES, "layers.1.attention")
    assert (listing.class_name, listing.calls) == ("ToyAttention", 1)
    assert [(item.function, item.dispatched) for item in listing.functions] == [
        ("ToyAttention.forward", None),
        ("eager", "eager"),
    ]


def test_a_function_that_left_no_values_is_shown_as_written():
    trace = make_trace(layers=1)
    kept = tuple(item for item in trace.lines if not item.function.endswith(".eager"))
    listing = module_listing(make_trace(layers=1, lines=kept), SOURCES, "layers.0.attention")
    assert [(item.function, item.dispatched) for item in listing.functions][1:] == [("eager", "eager")]
    assert not any(line.annotations for line in listing.functions[1].lines)


def test_every_line_is_there_dedented_byte_for_byte():
    listing = module_listing(make_trace(), SOURCES, "layers.0.attention")
    shown = [line.text for line in listing.functions[0].lines]
    assert shown == [line[4:] for line in SOURCE.splitlines()[10:20]]


def test_values_stand_on_their_lines():
    lines = lines_of(module_listing(make_trace(), SOURCES, "layers.0.attention"))
    (query,) = lines[12].annotations
    assert (query.name, query.symbols, query.numbers) == ("query", "(B, T, hidden)", "(1, 4, 8)")
    assert [note.name for note in lines[15].annotations] == ["out"]


def test_what_did_not_run_is_marked_once_per_stretch():
    lines = lines_of(module_listing(make_trace(), SOURCES, "layers.0.attention"))
    assert [number for number, line in lines.items() if line.ran is False] == [14]
    assert [number for number, line in lines.items() if line.idle] == [14]
    assert lines[11].ran is None and lines[17].ran is True


def test_a_line_that_ran_only_for_another_module_did_not_run_here():
    trace = make_trace(layers=2)
    kept = tuple(item for item in trace.lines if (item.module, item.name) != ("layers.1.attention", "out"))
    changed = make_trace(layers=2, lines=kept)
    assert lines_of(module_listing(changed, SOURCES, "layers.0.attention"))[15].ran is True
    assert lines_of(module_listing(changed, SOURCES, "layers.1.attention"))[15].ran is False


@pytest.mark.parametrize("path", ["", ".", "ToyModel"])
def test_the_model_itself(path):
    listing = module_listing(make_trace(), SOURCES, path)
    assert [item.function for item in listing.functions] == ["ToyModel.forward"]


@pytest.mark.parametrize(
    ("path", "near"),
    [("layer.0.attention", "layers.0.attention"), ("attention", "layers.0.attention"), ("embd", "embed")],
)
def test_an_unknown_module_names_near_ones(path, near):
    with pytest.raises(HfreaderError, match=f"no module '{path}' ran in ToyModel; did you mean .*{near}"):
        module_listing(make_trace(), SOURCES, path)


def test_a_module_of_torch_has_no_lines():
    assert module_listing(make_trace(), SOURCES, "embed").functions == ()


def test_each_class_and_each_function_is_listed_once():
    listings = class_listings(make_trace(layers=3), SOURCES)
    assert [listing.path for listing in listings] == ["", "layers.0", "layers.0.attention"]
    functions = [item.function for listing in listings for item in listing.functions]
    assert len(functions) == len(set(functions)) == 4


def test_without_its_source_a_function_is_left_out():
    assert module_listing(make_trace(), {}, "layers.0.attention").functions == ()


def test_several_values_of_one_variable_are_said():
    trace = make_trace(layers=1)
    last = trace.lines[-2]
    repeated = tuple(
        type(last)(last.place, last.name, last.kind, last.function, "", 0, value)
        for value in [tensor(1, size, 8) for size in (1, 2, 3, 5, 6)]
    )
    lines = lines_of(module_listing(make_trace(layers=1, lines=(*trace.lines[:2], *repeated)), SOURCES, ""))
    assert 5 not in SYMBOLS
    assert lines[32].annotations[0].symbols == "(B, B, hidden); (B, 2, hidden); (B, 3, hidden)"
    assert lines[32].annotations[0].numbers == "(1, 1, 8); (1, 2, 8); (1, 3, 8); and 2 more"


def test_numbers_in_a_loop_are_joined():
    trace = make_trace(layers=1)
    first = trace.lines[0]
    counted = tuple(
        type(first)(first.place, "i", "assign", first.function, "", 0, Value("int", text=str(i))) for i in range(3)
    )
    lines = lines_of(module_listing(make_trace(layers=1, lines=counted), SOURCES, ""))
    assert [note.symbols for note in lines[29].annotations] == ["= 0, 1, 2"]


@pytest.mark.parametrize(
    ("value", "texts"),
    [
        (tensor(1, 4, 8), ("(B, T, hidden)", "(1, 4, 8)")),
        (tensor(1, 4, symbols=False), ("(1, 4)", "")),
        (Value("NoneType", text="None"), ("= None", "")),
        (Value("DynamicCache"), ("DynamicCache", "")),
        (Value("str", text="x" * 100), ("str", "")),
        (Value("dict", text="{}"), ("= {}", "")),
        (Value("dict", text="{a: None}", keys=("a",)), ("= {a: None}", "")),
        (Value("dict", text="x" * 100, keys=("a", "b")), ("dict of 2 keys", "")),
        (Value("dict", text="x" * 100, keys=("a",)), ("dict of 1 key", "")),
    ],
)
def test_values_in_words(value, texts):
    assert value_texts(value) == texts


def test_functions_are_found_under_decorators_and_conditions():
    source = "if x:\n    def a(): pass\nclass C:\n    @d\n    @e\n    def b(self):\n        return 1\n"
    assert functions_of(source) == {"a": range(2, 3), "C.b": range(4, 8)}
    assert functions_of("def broken(:") == {}


def test_conditions_say_how_they_came_out():
    missed = Branch(
        place(13, "self.cross"),
        "self.cross",
        f"{MODULE}.ToyAttention.forward",
        "statement",
        (Outcome(False, 2, "layers.0.attention", (("self.cross", "False"),)),),
    )
    both = replace(missed, outcomes=(Outcome(True, 1, "", (("self.cross", "True"),)), *missed.outcomes))
    listing = module_listing(make_trace(branches=(missed,)), {FILE: SOURCE}, "layers.0.attention")
    (line,) = [line for line in listing.functions[0].lines if line.number == 13]
    assert [note.symbols for note in line.annotations] == ["not taken: self.cross = False"]
    words = "taken 1 of 3 times: self.cross = True; not taken 2 of 3 times: self.cross = False"
    assert branch_note(both).symbols == words
    assert branch_note(replace(missed, kind="expression")) == Annotation(
        "if self.cross", "false: self.cross = False", ""
    )
