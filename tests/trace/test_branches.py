import ast
from types import SimpleNamespace

import pytest
import torch
from hypothesis import HealthCheck, Phase, assume, given, settings
from torch import nn

from hfreader.facts.branches import Branch
from hfreader.trace.recorder import Recorder
from hfreader.trace.recording import record, recorder_for
from tests.trace.conftest import PACKAGE
from tests.trace.programs import programs
from tests.trace.test_rewrite import is_python, outcome
from tests.trace.tiny import SNAPSHOT, setting


def branches(written, source: str, call) -> list[Branch]:
    module, folder = written(source)
    with Recorder(["code.py"], folder, branches=True).recording(nn.Module()) as recording:
        call(module)
    return list(recording.branches())


def told(branch: Branch) -> list[tuple[bool, int, dict[str, str]]]:
    return [(each.holds, each.count, dict(each.values)) for each in branch.outcomes]


def test_both_ways_and_the_values_of_the_first(written):
    source = """
        def run(xs, flag=None):
            for x in xs:
                if x > 2 and flag is None:
                    pass
                elif not flag:
                    pass
    """
    first, second = branches(written, source, lambda module: module.run([1, 5, 7]))
    assert (first.condition, first.function, first.kind) == ("x > 2 and flag is None", "sample.code.run", "statement")
    # A false `and` ends at its first operand: the second was not looked at.
    assert told(first) == [(True, 2, {"x": "5", "flag": "None"}), (False, 1, {"x": "1"})]
    assert told(second) == [(True, 1, {"flag": "None"})]
    assert (first.place.span.line, first.place.span.column) == (4, 11)


def test_choices_calls_and_conditions_within_called_functions(written):
    source = """
        def small(x):
            return True if x < 3 else False

        def run(x):
            if small(x) or x == len([1]):
                return 1
    """
    inner, outer = branches(written, source, lambda module: module.run(5))
    assert (inner.kind, told(inner)) == ("expression", [(False, 1, {"x": "5"})])
    assert told(outer) == [(False, 1, {"small(x)": "False", "x": "5", "len([1])": "1"})]


def test_tensors_of_one_number_are_that_number(written):
    source = """
        def run(x):
            if x.all() and x.shape[0] > 1:
                return x
    """
    (found,) = branches(written, source, lambda module: module.run(torch.ones(2, 3)))
    assert told(found) == [(True, 1, {"x.all()": "True", "x.shape[0]": "2"})]


def test_truth_is_asked_once(written):
    asked = []
    thing = type("Thing", (), {"__bool__": lambda self: bool(asked.append(1)) or True})()
    (found,) = branches(written, "def run(x):\n    if x:\n        return 1\n", lambda module: module.run(thing))
    assert len(asked) == 1
    assert told(found) == [(True, 1, {"x": "Thing"})]


def test_a_condition_that_raises_leaves_nothing_behind(written):
    source = """
        def run(x):
            try:
                if x.y and x.z:
                    pass
            except AttributeError:
                pass
            if x:
                pass
    """
    (found,) = branches(written, source, lambda module: module.run(SimpleNamespace(y=1)))
    assert told(found)[0][2] == {"x": "SimpleNamespace"}


def test_a_model_says_why():
    one = setting("bert")
    files = ("models/bert/modeling_bert.py",)
    found = record(one, one.model(), SNAPSHOT, recorder_for(files, PACKAGE, branches=True))
    (decoder, *_) = [each for each in found.branches if each.condition == "self.config.is_decoder"]
    assert told(decoder) == [(False, 1, {"self.config.is_decoder": "False"})]
    positions = next(each for each in found.branches if each.condition == "position_ids is None")
    assert told(positions) == [(True, 1, {"position_ids": "None"})]
    assert record(one, one.model(), SNAPSHOT, recorder_for(files, PACKAGE)).branches == ()


@pytest.mark.slow
@settings(
    max_examples=40,
    deadline=None,
    phases=(Phase.explicit, Phase.reuse, Phase.generate),
    suppress_health_check=list(HealthCheck),
)
@given(source=programs())
def test_results_stay_and_every_body_that_ran_has_its_condition(written, source):
    assume(is_python(source))
    module, folder = written(source)
    plain = outcome(module.run, 1)
    with Recorder(["code.py"], folder, branches=True).recording(nn.Module()) as recording:
        assert outcome(module.run, 1) == plain
    held = {(b.place.span.line, b.place.span.column) for b in recording.branches() if any(o.holds for o in b.outcomes)}
    ran = {span.line for span in recording.executions()[0].ran}
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.If) and node.body[0].lineno in ran:
            assert (node.test.lineno, node.test.col_offset) in held
