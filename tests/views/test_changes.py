import io
from dataclasses import replace

from rich.console import Console

from hfreader.facts.changes import Changes, Link
from hfreader.views.changes import changes
from hfreader.views.changes_view import show_changes
from tests.facts_builder import make_trace, tensor

NAMES = ("toy as it is", "toy with act=relu")


def shown(found: Changes) -> str:
    console = Console(file=io.StringIO(), width=160)
    show_changes(found, console)
    return console.file.getvalue()


def wider(record):
    return replace(record, value=tensor(1, 4, 6)) if record.name == "out" else record


def test_a_run_beside_itself_differs_in_nothing():
    found = changes(make_trace(), make_trace(), NAMES)
    assert (found.fields, found.links, found.lines) == ((), (), ())
    assert all(pair.same for pair in found.modules)
    assert "the same" in shown(found)
    assert f"{len(found.modules)} of {len(found.modules)} modules are the same" in shown(found)


def test_fields_sizes_and_linked_functions():
    gelu, relu = Link("act", "ACT2FN['gelu']", "a.GELU", ("x", "y")), Link("act", "ACT2FN['relu']", "t.ReLU", ("x",))
    left = make_trace(config={"act": "gelu", "rope": {"theta": 1}}, parameters=100, flops=10, links=(gelu,))
    right = make_trace(config={"act": "relu", "rope": {"theta": 2}}, parameters=50, flops=None, links=(relu,))
    found = changes(left, right, NAMES)
    assert found.fields == (("act", "gelu", "relu"), ("rope.theta", 1, 2))
    assert (found.parameters, found.flops, found.links) == ((100, 50), (10, None), ((gelu, relu),))
    text = shown(found)
    assert "50 (× 0.5)" in text
    assert "not counted" in text
    assert "ACT2FN['gelu']: a.GELU, 2 modules" in text
    assert "ACT2FN['relu']: t.ReLU" in text


def test_lines_that_differ_and_lines_that_only_one_ran():
    left = make_trace()
    right = replace(left, lines=tuple(wider(line) for line in left.lines if line.name != "weights"))
    found = changes(left, right, NAMES)
    by_name = {line.name: line for line in found.lines}
    assert by_name["out"].left.numbers == "(1, 4, 4)" or by_name["out"].left.symbols == "(B, T, T)"
    assert by_name["out"].right.symbols == "(B, T, 6)"
    assert by_name["weights"].right is None
    assert "only ran before" in shown(found)


def test_layers_fold_whatever_their_number():
    found = changes(make_trace(layers=12), make_trace(layers=3), NAMES)
    (folded,) = [pair for pair in found.modules if pair.left and pair.left.name == "layers.0-11"]
    assert folded.right is not None
    assert (folded.right.name, folded.right.repeats) == ("layers.0-2", 3)
    assert not folded.same
    assert "ToyLayer ×12 → ToyLayer ×3" in shown(found)


def test_two_classes_stand_side_by_side_and_share_no_lines():
    other = make_trace(layers=1)
    modules = tuple(replace(record, class_name="Other") if not record.path else record for record in other.modules)
    found = changes(make_trace(), replace(other, class_name="Other", modules=modules), NAMES)
    assert found.lines == ()
    text = shown(found)
    assert "ToyModel" in text
    assert "Other" in text
    (row,) = [line for line in text.splitlines() if "ToyLayer ×2" in line]
    assert row.count("ToyLayer") == 2


def test_configurations_of_different_kinds_show_what_both_have():
    left = make_trace(config={"model_type": "a", "width": 1, "x": 2})
    found = changes(left, make_trace(config={"model_type": "b", "width": 2, "y": 3}), NAMES)
    assert found.fields == (("width", 1, 2),)
