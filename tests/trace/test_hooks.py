import pytest
import torch
from torch import nn

from hfreader.trace.hooks import ModuleStack, module_calls
from hfreader.trace.instrument import active
from hfreader.trace.recorder import Recorder
from tests.trace.conftest import cases, ids


class Twice(nn.Module):
    def __init__(self):
        super().__init__()
        self.one = nn.Linear(2, 3)
        self.same = self.one

    def forward(self, x, *rest, scale=1, **more):
        if scale == 0:
            raise ValueError("nothing")
        nn.ReLU()(x)
        return {"sum": self.one(x) + self.same(x) * scale, "rest": rest}


@pytest.fixture
def recorder(package):
    return Recorder([], package, lines=False, hits=False)


def test_calls_carry_path_order_inputs_by_name_and_output(recorder):
    model = Twice()
    with recorder.recording(model) as recording:
        model(torch.ones(4, 2), 7, scale=torch.ones(1), flag=True)
    root, first, second = recording.modules()
    assert (root.path, root.class_name, root.parent, root.order, root.depth, root.call) == ("", "Twice", None, 0, 0, 0)
    assert [name for name, _ in root.inputs] == ["x", "*1", "scale", "flag"]
    assert [value.text for _, value in root.inputs] == [None, "7", None, "True"]
    assert (root.output.keys, root.output.items[0].tensor.shape) == (("sum", "rest"), (4, 3))
    assert root.parameters == first.parameters == 9
    assert [(item.path, item.call, item.parent, item.depth) for item in (first, second)] == [
        ("one", 0, "", 1),
        ("one", 1, "", 1),
    ]


def test_a_call_that_raises_leaves_the_stack_as_it_was(recorder):
    model = Twice()
    with recorder.recording(model) as recording:
        with pytest.raises(ValueError, match="nothing"):
            model(torch.ones(1, 2), scale=0)
        model.one(torch.ones(1, 2))
        model(torch.ones(1, 2))
    assert [(item.path, item.parent, item.call, item.output.type) for item in recording.modules()] == [
        ("", None, 0, "raised"),
        ("one", None, 0, "Tensor"),
        ("", None, 1, "dict"),
        ("one", "", 1, "Tensor"),
        ("one", "", 2, "Tensor"),
    ]


def test_without_modules_the_lines_still_know_where_they_are(package):
    case = cases("bert")[0]
    model = case.model()
    with Recorder([case.file], package, modules=False).recording(model) as recording:
        model(ids())
    assert recording.modules() == ()
    assert "encoder.layer.1.output" in {line.module for line in recording.lines()}


def test_the_call_of_modules_is_put_back(recorder):
    before, model = nn.Module.__call__, Twice()
    stack = ModuleStack(model, values=True)
    with module_calls(stack, recording=stack):
        model(torch.ones(1, 2))
        assert stack.calls == []
        token = active.set(stack)
        model(torch.ones(1, 2))
        active.reset(token)
    assert len(stack.calls) == 3
    assert nn.Module.__call__ is before
