import functools
import threading
from collections import Counter
from types import FunctionType, SimpleNamespace

import pytest
import torch
from torch import nn

from hfreader.errors import HfreaderError
from hfreader.trace.recorder import Recorder
from tests.trace.conftest import CONFIGS, Case, cases, ids
from tests.trace.oracle import Oracle, first_lines

CASES = [pytest.param(case, id=f"{family}-{case.name}") for family in CONFIGS for case in cases(family)]


@functools.cache
def recorder_of(package, file):
    return Recorder([file], package)


def tensors(value):
    """All tensors in an output, in order."""
    if isinstance(value, torch.Tensor):
        return [value]
    parts = list(value.values()) if isinstance(value, dict) else value if isinstance(value, tuple | list) else []
    return [tensor for part in parts for tensor in tensors(part)]


def run(case: Case, **extra):
    torch.manual_seed(3)
    with torch.no_grad():
        return case.run(case.model(), **extra)


@pytest.mark.slow
@pytest.mark.parametrize("case", CASES)
def test_every_line_agrees_with_settrace_and_results_are_bit_identical(package, case):
    bare = tensors(run(case))
    oracle = Oracle(package / case.file)
    with oracle.watching():
        run(case)
    recorder = recorder_of(package, case.file)
    with recorder.recording(case.model()) as recording:
        traced = tensors(run(case))
    assert bare
    assert all(torch.equal(one, other) for one, other in zip(bare, traced, strict=True))
    first = first_lines((package / case.file).read_text(encoding="utf-8"))
    ours = Counter(
        (first[line.place.span.line], line.name, (line.value.tensor.shape, f"torch.{line.value.tensor.dtype}"))
        for line in recording.lines()
        if line.value.tensor and line.kind != "return"
    )
    assert len(oracle.assigned) > 20
    assert oracle.assigned - ours == Counter()
    (execution,) = recording.executions()
    assert {first[span.line] for span in execution.ran} == oracle.statements


@pytest.fixture(scope="module")
def bert():
    return cases("bert")[0]


def test_functions_are_put_back_exactly_also_after_an_exception(package, bert):
    from transformers.models.bert import modeling_bert

    functions = {
        name: member
        for part in vars(modeling_bert).values()
        for name, member in (vars(part).items() if isinstance(part, type) else [(id(part), part)])
        if isinstance(member, FunctionType)
    }
    before = {name: (function, function.__code__, function.__defaults__) for name, function in functions.items()}
    model = bert.model()
    with pytest.raises(RuntimeError, match="size"), recorder_of(package, bert.file).recording(model) as recording:
        inside = [function.__code__ for function in functions.values()]
        model(input_ids=ids(), token_type_ids=torch.zeros(1, 3, dtype=torch.long))
    assert any(code is not before[name][1] for name, code in zip(functions, inside, strict=True))
    assert all(function.__code__ is before[name][1] for name, function in functions.items())
    assert nn.Module.__call__ is nn.Module._wrapped_call_impl
    assert recording.modules()[0].output.type == "raised"
    assert recording.lines()


def test_a_second_recording_is_refused_and_the_first_goes_on(package, bert):
    recorder, model = recorder_of(package, bert.file), bert.model()
    with recorder.recording(model) as recording:
        with pytest.raises(HfreaderError, match="already under way"), recorder.recording(model):
            pass
        model(ids())
    assert len(recording.modules()) > 10
    with recorder.recording(model) as again:
        model(ids())
    assert len(again.lines()) == len(recording.lines())


def test_other_threads_are_not_recorded_and_not_disturbed(package, bert):
    recorder, model, other = recorder_of(package, bert.file), bert.model(), bert.model()
    expected, found = other(ids(1, 3))[0], []
    with recorder.recording(model) as recording:
        thread = threading.Thread(target=lambda: found.append(other(ids(1, 3))[0]))
        thread.start()
        thread.join()
        assert recording.lines() == ()
        assert recording.modules() == ()
        assert recording.executions()[0].ran == ()
        model(ids())
    assert torch.equal(found[0], expected)
    assert {line.value.tensor.shape[0] for line in recording.lines() if line.name == "hidden_states"} == {2}


def test_statements_over_several_lines_are_keyed_by_their_span(package, bert):
    recorder, model = recorder_of(package, bert.file), bert.model()
    with recorder.recording(model) as recording:
        model(ids())
    text = (package / bert.file).read_text(encoding="utf-8").splitlines()
    ran, idle = recording.executions()[0].ran, recording.executions()[0].idle
    assert not set(ran) & set(idle)
    assert any(span.end_line > span.line for span in ran)
    for line in recording.lines():
        span = line.place.span
        if line.kind in ("assign", "parameter") and span.line == span.end_line:
            assert text[span.line - 1][span.column : span.end_column] == line.name


def test_each_step_of_generate_is_a_call_of_its_own(package):
    case = next(case for case in cases("gpt2") if case.name == "GPT2LMHeadModel")
    model = case.model()
    with recorder_of(package, case.file).recording(model) as recording:
        model.generate(ids(1, 3), max_new_tokens=4, min_new_tokens=4, do_sample=False, pad_token_id=0)
    calls = [record.call for record in recording.modules() if record.path == "transformer.h.1.attn"]
    assert calls == [0, 1, 2, 3]
    queries = [r for r in recording.lines() if r.name == "query_states" and r.module == "transformer.h.0.attn"]
    assert {(r.call, r.value.tensor.shape[-2]) for r in queries if len(r.value.tensor.shape) == 4} == {
        (0, 3),
        (1, 1),
        (2, 1),
        (3, 1),
    }


@pytest.mark.parametrize("reentrant", [True, False])
def test_replays_of_gradient_checkpointing_are_calls(package, bert, reentrant):
    model = bert.model().train()
    model.gradient_checkpointing_enable({"use_reentrant": reentrant})
    with recorder_of(package, bert.file).recording(model) as recording:
        model(ids())[0].sum().backward()
    calls = Counter(record.path for record in recording.modules())
    assert calls["encoder.layer.0"] == 2
    assert calls["embeddings"] == 1
    again = [line for line in recording.lines() if line.module == "encoder.layer.0.attention.self" and line.call == 1]
    assert {"query_layer", "attn_weights"} <= {line.name for line in again}
    assert next(r.parent for r in recording.modules() if r.path == "encoder.layer.0" and r.call == 1) is None


def test_in_place_changes_are_recorded(written):
    source = """
    def run(x, o):
        x.add_(1)
        x[:, 0] = 5
        x[:, 1] += 5
        o.y.mul_(2)
        o.items[0][..., 1] = 0
        o.y = x
        x.unsqueeze_(
            0)
        list.clear_ = None if False else None
    """.replace("        list.clear_ = None if False else None\n", "")
    module, folder = written(source)
    given = SimpleNamespace(y=torch.ones(3), items=[torch.ones(2, 2)])
    with Recorder(["code.py"], folder).recording(nn.Module()) as recording:
        module.run(torch.zeros(2, 3), given)
    found = [(r.name, r.value.tensor.shape) for r in recording.lines() if r.kind == "assign"]
    assert found == [
        ("x", (2, 3)),
        ("x", (2, 3)),
        ("x", (2, 3)),
        ("o.y", (3,)),
        ("o.items[0]", (2, 2)),
        ("o.y", (2, 3)),
        ("x", (1, 2, 3)),
    ]


def test_functions_behind_decorators_registries_and_closures_are_found(written):
    source = """
    import functools
    REGISTRY = {}
    def bare(function):
        def inner(*args):
            y = function(*args)
            return y
        return inner
    def wrapped(function):
        @functools.wraps(function)
        def inner(*args): return function(*args)
        return inner
    @bare
    @wrapped
    def f(x, *, by=2):
        z = x * by
        return z
    def register(number):
        def added(x):
            w = x + number
            return w
        REGISTRY[number] = added
    register(1)
    """
    module, folder = written(source)
    added = module.REGISTRY[1]
    with Recorder(["code.py"], folder).recording(nn.Module()) as recording:
        assert (module.f(3), module.REGISTRY[1](1)) == (6, 2)
        assert module.REGISTRY[1] is added
    assert {"y", "z", "w"} <= {line.name for line in recording.lines()}


def test_code_that_is_not_the_one_on_disk_is_left_alone(written):
    module, folder = written("def f(x):\n    y = x + 1\n    return y\n")
    (folder / "code.py").write_text("def f(x):\n    y = x + 2\n    return y\n")
    with Recorder(["code.py"], folder).recording(nn.Module()) as recording:
        assert module.f(1) == 2
    assert recording.lines() == ()


@pytest.mark.parametrize(
    ("file", "reason"), [("models/none.py", "cannot record .*none.py"), ("activations.py", "was imported from")]
)
def test_files_that_cannot_be_recorded_are_refused(package, tmp_path, file, reason):
    folder = tmp_path / "transformers"
    folder.mkdir()
    (folder / "activations.py").write_text("")
    with pytest.raises(HfreaderError, match=reason):
        Recorder([file], folder)


def test_values_that_refuse_to_be_looked_at_do_no_harm(written):
    source = """
    class Odd(dict):
        def __repr__(self): raise ValueError
        def items(self): raise ValueError
        def __len__(self): raise ValueError
    def run(nested):
        odd = Odd(a=1)
        same = nested
        return odd
    """
    module, folder = written(source)
    nested = torch.nested.nested_tensor([torch.ones(1), torch.ones(2)])
    with Recorder(["code.py"], folder).recording(nn.Module()) as recording:
        module.run(nested)
    assert {line.name: line.value.type for line in recording.lines()}["odd"] == "Odd"
