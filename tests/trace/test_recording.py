import pytest
import torch
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

from hfreader.facts.codec import from_json, to_json
from hfreader.facts.places import Span
from hfreader.facts.traces import Execution, Trace
from hfreader.trace.models import skeleton
from hfreader.trace.recording import files_of, given_to, record, recorder_for, watch, with_executions
from tests.trace.conftest import PACKAGE
from tests.trace.tiny import SNAPSHOT, setting

FILE = "models/bert/modeling_bert.py"


@pytest.fixture(scope="module")
def recorder():
    return recorder_for((FILE, "activations.py"), PACKAGE)


@pytest.fixture(scope="module")
def trace(recorder) -> Trace:
    one = setting("bert")
    return record(one, one.model(), SNAPSHOT, recorder)


def test_files_are_those_of_the_modules():
    one = setting("bert")
    assert files_of(skeleton(one.model_class, one.config), PACKAGE) == (FILE, "activations.py")
    assert files_of(nn.Linear(2, 2), PACKAGE) == ()


def test_a_forward_pass_inherited_from_elsewhere_counts(monkeypatch):
    from transformers.models.llama.modeling_llama import LlamaForQuestionAnswering

    files = files_of(skeleton(LlamaForQuestionAnswering, setting("llama").config), PACKAGE)
    assert files[:2] == ("models/llama/modeling_llama.py", "modeling_layers.py")


def test_the_trace_says_what_ran(trace: Trace):
    assert (trace.family, trace.class_name, trace.attention) == ("bert", "BertModel", "eager")
    assert (trace.device, trace.dtype, trace.weights) == ("cpu", "float32", "random (seed 0)")
    assert trace.changed["hidden_size"] == 16
    assert trace.config["num_hidden_layers"] == 2
    assert {name for name, _ in trace.inputs} == {"input_ids", "attention_mask"}
    assert trace.modules[0].path == ""
    assert trace.parameters == trace.modules[0].parameters
    assert [each.file for each in trace.executions] == [FILE, "activations.py"]
    assert from_json(to_json(trace), Trace) == trace


def test_the_dispatch_leads_to_the_function_whose_lines_ran(trace: Trace):
    (jump,) = trace.dispatches
    assert jump.function == "transformers.models.bert.modeling_bert.eager_attention_forward"
    assert jump.place is not None
    inside = [line for line in trace.lines if line.function == jump.function]
    assert {line.name for line in inside} >= {"query", "attn_weights", "attn_output"}
    assert all(jump.place.span.line <= line.place.span.line <= jump.place.span.end_line for line in inside)


def test_recording_changes_no_bit(recorder):
    one = setting("bert")
    model = one.model()
    bare = one.run(model).last_hidden_state
    with recorder.recording(model):
        recorded = one.run(model).last_hidden_state
    assert torch.equal(bare, recorded)


def test_construction_counts_as_run(recorder, trace: Trace):
    _, construction = watch(recorder, setting("bert").model)
    more = with_executions(trace, construction)
    before, after = trace.executions[0], more.executions[0]
    assert set(before.ran) < set(after.ran)
    assert sorted((*after.ran, *after.idle)) == sorted((*before.ran, *before.idle))


def test_executions_of_other_files_change_nothing(trace: Trace):
    assert with_executions(trace, (Execution("other.py", (Span(1, 0, 1, 5),), ()),)) == trace


def test_what_a_model_was_given_last():
    model = setting("bert").model()
    with given_to(model) as given:
        model(input_ids=torch.ones(1, 3, dtype=torch.long))
        model(input_ids=torch.ones(1, 2, dtype=torch.long), use_cache=False)
    model(input_ids=torch.ones(1, 5, dtype=torch.long))
    assert given["input_ids"].shape == (1, 2)
    assert given["use_cache"] is False


@pytest.mark.parametrize("family", ["bert", "gpt2", "llama", "t5"])
def test_counts_are_those_of_torch_and_transformers(family: str):
    one = setting(family)
    model = one.model()
    with FlopCounterMode(display=False) as counter:
        bare = one.run(model)
    recorder = recorder_for(files_of(model, PACKAGE), PACKAGE)
    found = record(one, model, SNAPSHOT, recorder, counted=True)
    assert found.flops == counter.get_total_flops() > 0
    assert found.parameters == model.num_parameters()
    with FlopCounterMode(display=False):
        assert torch.equal(one.run(model)[0], bare[0])
    assert torch.equal(one.run(model)[0], bare[0])
    assert record(one, model, SNAPSHOT, recorder).flops is None
