import traceback
from collections import Counter
from types import SimpleNamespace

import pytest
from hypothesis import HealthCheck, Phase, assume, given, settings
from torch import nn

from hfreader.facts.places import Span
from hfreader.trace.recorder import Recorder
from tests.trace.oracle import Oracle, first_lines
from tests.trace.programs import programs


def outcome(function, *arguments):
    try:
        return "returned", function(*arguments)
    except Exception as error:
        line = traceback.extract_tb(error.__traceback__)[-1].lineno
        return "raised", type(error), error.args, line


def is_python(source):
    try:
        return bool(compile(source, "", "exec"))
    except SyntaxError:  # a walrus where none may stand
        return False


def recorded(written, source, call):
    """(line, name, kind, text) of every record of `call(module)` on a module of this source."""
    module, folder = written(source)
    with Recorder(["code.py"], folder).recording(nn.Module()) as recording:
        call(module)
    return [(line.place.span.line, line.name, line.kind, line.value.text) for line in recording.lines()]


@pytest.mark.slow
@settings(
    max_examples=60,
    deadline=None,
    phases=(Phase.explicit, Phase.reuse, Phase.generate),
    suppress_health_check=list(HealthCheck),
)
@given(source=programs())
def test_rewritten_code_does_the_same_and_tells_what_settrace_sees(written, source):
    assume(is_python(source))
    module, folder = written(source)
    plain = outcome(module.run, 1)
    oracle = Oracle(folder / "code.py", fact=lambda value: str(value) if type(value) is int else None)
    with oracle.watching():
        assert outcome(module.run, 1) == plain
    with Recorder(["code.py"], folder).recording(nn.Module()) as recording:
        assert outcome(module.run, 1) == plain
    first = first_lines(source)
    ours = Counter((first[r.place.span.line], r.name, r.value.text) for r in recording.lines() if r.value.type == "int")
    assert not oracle.assigned - ours
    ran = {first[span.line] for span in recording.executions()[0].ran}
    assert oracle.statements <= ran
    lines = source.splitlines()
    jumps = {number for number in ran - oracle.statements if lines[number - 1].strip() in ("break", "continue", "pass")}
    assert ran - oracle.statements == jumps


FORMS = {
    "x, (y, *z) = 1, (2, 3)": [(3, "x", "assign", "1"), (3, "y", "assign", "2"), (3, "z", "assign", "[3]")],
    "x = y = 4": [(3, "x", "assign", "4"), (3, "y", "assign", "4")],
    "a.x, b = 1, 2": [(3, "a.x", "assign", "1"), (3, "b", "assign", "2")],
    "a.x += 1": [(3, "a.x", "assign", "6")],
    "a.l[0] = 7": [(3, "a.l", "assign", "[7]")],
    "a.l.append(1)": [],
    "for i, a.x in [(1, 2)]:\n        pass": [(3, "i", "assign", "1"), (3, "a.x", "assign", "2")],
    "if (n := 3) > 2:\n        pass": [(3, "n", "assign", "3")],
    "[v for v in (8,)]": [(3, "v", "assign", "8")],
    "sorted([2], key=lambda v: -v)": [(3, "v", "parameter", "2")],
    "x: int = 1": [(3, "x", "assign", "1")],
    "x: int": [],
    "match [1, 2]:\n        case [first, *others]:\n            pass": [
        (4, "first", "assign", "1"),
        (4, "others", "assign", "[2]"),
    ],
    "return (\n        5\n    )": [(4, "return", "return", "5")],
}


@pytest.mark.parametrize("statement", FORMS)
def test_each_form_of_assignment_is_recorded_at_its_token(written, statement):
    source = f"\ndef run(a):\n    {statement}\n"
    found = recorded(written, source, lambda module: module.run(SimpleNamespace(x=5, l=[0])))
    assert [item for item in found if item[1] != "a"] == FORMS[statement]


def test_parameters_of_every_kind_but_the_receiver_are_recorded(written):
    source = """
    class C:
        def f(self, a, /, b, *c, d=4, **e): "Only a docstring."
        @staticmethod
        def g(a): ...
        @classmethod
        def h(cls, a): ...
    """
    found = recorded(written, source, lambda m: (m.C().f(1, 2, 3, z=5), m.C.g(6), m.C.h(7)))
    assert [(name, text) for _, name, kind, text in found if kind == "parameter"] == [
        ("a", "1"), ("b", "2"), ("d", "4"), ("c", "(3,)"), ("e", "{z: 5}"), ("a", "6"), ("a", "7"),
    ]  # fmt: skip


def test_spans_count_characters_and_not_bytes(written):
    module, folder = written('def run():\n    é = "ü"; x = é\n    return x\n')
    with Recorder(["code.py"], folder).recording(nn.Module()) as recording:
        module.run()
    spans = {line.name: line.place.span for line in recording.lines()}
    assert spans["é"] == Span(2, 4, 2, 5)
    assert spans["x"] == Span(2, 13, 2, 14)


def test_operations_are_recorded_on_request(written):
    module, folder = written("def run(a):\n    return abs(a - 3) * 2\n")
    with Recorder(["code.py"], folder, operations=True).recording(nn.Module()) as recording:
        assert module.run(1) == 4
    found = [(line.name, line.value.text) for line in recording.lines() if line.kind == "expression"]
    assert found == [("a - 3", "-2"), ("abs(a - 3)", "2"), ("abs(a - 3) * 2", "4")]


def test_functions_that_read_their_frame_still_do(written):
    source = """
    class A:
        def __init__(self): self.made = __class__
        def f(self, x): return x + 1
    class B(A):
        def f(self, x):
            y = super().f(x)
            __private = vars(self)
            return y, sorted(name for name in locals() if not name.startswith("_hfreader"))
    """
    module, folder = written(source)
    plain = module.B().f(1)
    with Recorder(["code.py"], folder, operations=True).recording(nn.Module()):
        assert module.B().f(1) == plain
        assert module.B().made is module.A
