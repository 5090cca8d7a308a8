from dataclasses import replace

import pytest

from hfreader.facts.code import ClassFacts, SubmoduleFacts
from hfreader.facts.places import Span
from hfreader.facts.traces import ModuleRecord, TensorFact, Trace, Value
from hfreader.pages.module_notes import Modules, weight_notes
from tests.pages import toy

IDS = Value("Tensor", TensorFact((1, 3), "int64", "cpu", ("B", "T")))
HIDDEN = toy.tensor("B T hidden", 1, 3, 8)
WIDE = toy.tensor("B T 3*hidden", 1, 3, 24)
FIRST = toy.tensor("B hidden", 1, 8)


def submodule(line: int, classes: str = "torch.nn.Linear", expression: str = "") -> SubmoduleFacts:
    return SubmoduleFacts("part", (classes,), Span(line, 0, line, 1), expression)


def run(given: Value, gives: Value, count: int, class_name: str = "Linear", **changed: object) -> Trace:
    part = ModuleRecord("part", class_name, "", 1, 0, 1, (("input", given),), gives, count)
    return replace(toy.trace(), class_name="Owner", modules=(part,), changed=changed, config={"vocab_size": 100})


def notes(traces: list[Trace], *submodules: SubmoduleFacts) -> dict[int, str]:
    span = Span(1, 0, 9, 0)
    item = ClassFacts("Owner", "toy.Owner", "module", span, span, (), submodules=submodules or (submodule(1),))
    return {note.line: note.html.striptags() for note in weight_notes(item, Modules(traces), lambda name: None)}


@pytest.mark.parametrize(
    ("given", "gives", "count", "said"),
    [
        (HIDDEN, WIDE, 216, "hidden → 3*hidden, 216 weights"),
        (IDS, HIDDEN, 800, "vocab_size → hidden, 800 weights"),
        (IDS, HIDDEN, 80, "10 → hidden, 80 weights"),
        (IDS, HIDDEN, 81, "81 weights"),
        (HIDDEN, FIRST, 72, "(B, T, hidden) → (B, hidden), 72 weights"),
        (IDS, Value("tuple", items=(HIDDEN, FIRST)), 9, "(B, T) → (B, T, hidden), …, 9 weights"),
        (HIDDEN, HIDDEN, 0, ""),
    ],
)
def test_what_a_module_maps(given: Value, gives: Value, count: int, said: str):
    built = submodule(1, expression="nn.Embedding(config.vocab_size, config.hidden_size)")
    assert notes([run(given, gives, count)], built) == {1: "part: Linear" + (f", {said}" if said else "")}


def test_a_module_that_holds_others_is_no_table():
    trace = run(IDS, HIDDEN, 800)
    inner = replace(trace.modules[0], path="part.inner", parent="part", order=2)
    said = notes([replace(trace, modules=(*trace.modules, inner))])
    assert said == {1: "part: Linear, (B, T) → (B, T, hidden), 800 weights"}


def test_only_a_run_at_default_sizes_tells_how_many_weights():
    small = run(HIDDEN, HIDDEN, 72, hidden_size=8)
    assert notes([small]) == {1: "part: Linear, hidden → hidden"}
    assert notes([small, run(HIDDEN, HIDDEN, 900)]) == {1: "part: Linear, hidden → hidden, 900 weights"}
    assert notes([run(IDS, HIDDEN, 80, vocab_size=10)]) == {1: "part: Linear"}


def test_what_differs_between_instances_is_not_said():
    assert notes([run(HIDDEN, HIDDEN, 72), run(HIDDEN, WIDE, 216)]) == {1: "part: Linear"}


def test_a_module_is_noted_only_where_it_must_have_been_built():
    trace = run(HIDDEN, HIDDEN, 72)
    assert notes([trace], submodule(1), submodule(2)) == {}
    assert list(notes([trace], submodule(1), submodule(2, "torch.nn.Conv1d"))) == [1]


def test_of_several_constructions_each_says_when_it_is_the_one():
    trace = run(HIDDEN, HIDDEN, 72)
    crossed, plain = (replace(submodule(line), condition=text) for line, text in ((1, "cross"), (2, "not (cross)")))
    assert notes([trace], crossed, plain) == {
        1: "part: Linear, built where cross",
        2: "part: Linear, built where not (cross)",
    }
    assert notes([], crossed, plain) == {}, "the class did not run"


PICTURE = toy.tensor("B hidden 4 4", 1, 8, 4, 4)


def test_a_convolution_maps_channels_and_no_width_of_an_image():
    assert notes([run(PICTURE, PICTURE, 72, "Conv2d")]) == {1: "part: Conv2d, hidden → hidden, 72 weights"}
    trace = run(PICTURE, PICTURE, 72, "Block")
    inner = replace(trace.modules[0], path="part.conv", parent="part", order=2)
    said = notes([replace(trace, modules=(*trace.modules, inner))])
    assert said == {1: "part: Block, (B, hidden, 4, 4) → (B, hidden, 4, 4), 72 weights"}


def test_sizes_of_a_small_run_without_names_are_not_said():
    plain = Value("Tensor", TensorFact((2, 64), "float32", "cpu"))
    unsure = Value("Tensor", TensorFact((2, 64), "float32", "cpu", ("B", "64"), (1,)))
    assert notes([run(plain, plain, 72, hidden_size=64)]) == {1: "part: Linear"}
    assert notes([run(unsure, unsure, 72, hidden_size=64)]) == {1: "part: Linear"}
    assert notes([run(plain, plain, 72)]) == {1: "part: Linear, 64 → 64, 72 weights"}
