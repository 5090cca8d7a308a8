import ast

import pytest
import torch

from hfreader.errors import HfreaderError
from hfreader.facts.matches import Capture
from hfreader.facts.places import Place, Span
from hfreader.trace import captures
from hfreader.trace.captures import CaptureSession
from hfreader.trace.spans import SourceText
from tests.trace.conftest import cases, ids

SOURCE = """
import torch
from torch import nn

def helper(x, by):
    scaled = x * by
    scaled.add_(1)
    return scaled

class Inner(nn.Module):
    def __init__(self):
        super().__init__()
        self.linear = nn.Linear(2, 2)
    def forward(self, x):
        first = helper(x, 2)
        second = helper(x, 3)
        y = self.linear(first + second)
        y[0] = 0
        y += 1
        return y

class Outer(nn.Module):
    def __init__(self):
        super().__init__()
        self.parts = nn.ModuleList([Inner(), Inner()])
    @torch.no_grad()
    def forward(self, x):
        for part in self.parts:
            x = part(x)
        if len(x) == 3:
            raise ValueError("three rows")
        return helper(x, 5)
"""


class Code:
    """Finds places in source text."""

    def __init__(self, text):
        self.text, self.source = text, SourceText(text)
        self.nodes = list(ast.walk(ast.parse(text)))

    def expression(self, text, number=0, context=ast.Load):
        spans = [
            self.source.span(node)
            for node in self.nodes
            if isinstance(node, ast.expr)
            and ast.unparse(node) == text
            and isinstance(getattr(node, "ctx", ast.Load()), context)
        ]
        return Place("code.py", sorted(spans)[number])

    def statement(self, text):
        spans = [self.source.span(n) for n in self.nodes if isinstance(n, ast.stmt) and ast.unparse(n) == text]
        return Place("code.py", spans[0])

    def function(self, name, number=0):
        found = [node for node in self.nodes if isinstance(node, ast.FunctionDef) and node.name == name]
        node = sorted(found, key=lambda each: each.lineno)[number]
        span = self.source.span(node)
        line = node.decorator_list[0].lineno if node.decorator_list else span.line
        return Place("code.py", Span(line, span.column, span.end_line, span.end_column))


@pytest.fixture
def code(written):
    module, folder = written(SOURCE)
    torch.manual_seed(0)
    return Code(SOURCE), module, folder


def value(place, *sites):
    return Capture("x", "value", sites, place)


def test_two_inlinings_of_one_helper_are_told_apart(code):
    places, module, folder = code
    root, scaled = places.function("forward"), places.expression("x * by")
    one, other = places.expression("helper(x, 2)"), places.expression("helper(x, 3)")
    model = module.Inner()
    session = CaptureSession([(root, "one", value(scaled, one)), (root, "other", value(scaled, other))], folder)
    x = torch.ones(1, 2)
    with session.recording(model) as invocations:
        model(x)
        model(2 * x)
    assert [item.values["one"][0][0, 0].item() for item in invocations] == [2, 4]
    assert [item.values["other"][0][0, 0].item() for item in invocations] == [3, 6]
    assert all(item.instance is model and item.finished and item.root == root for item in invocations)
    assert session.missing == []


def test_values_are_those_of_the_moment_and_not_of_a_later_change(code):
    places, module, folder = code
    root = places.function("forward")
    called = places.expression("self.linear(first + second)")
    keys = {
        "operand": value(places.expression("first")),
        "module": Capture("W", "module", (), places.expression("self.linear")),
        "result": value(called),
        "target": value(places.expression("y", 0, ast.Store)),
        "slice": value(places.expression("y[0]", 0, ast.Store)),
        "augmented": value(places.statement("y += 1")),
        "parameter": value(Place("code.py", Span(14, 22, 14, 23))),
    }
    model, x = module.Inner(), torch.ones(1, 2)
    with CaptureSession([(root, key, capture) for key, capture in keys.items()], folder).recording(model) as found:
        out = model(x)
    (values,) = [{key: held[0] for key, held in item.values.items()} for item in found]
    assert set(values) == set(keys)
    assert values["module"] is model.linear
    expected = model.linear(values["operand"] + 4).detach()
    assert torch.equal(values["result"], expected)
    assert torch.equal(values["target"], expected)
    assert values["slice"].tolist() == [[0, 0]]
    assert torch.equal(values["augmented"], out.detach())
    assert torch.equal(values["parameter"], x)
    assert not any(held.requires_grad for held in values.values() if isinstance(held, torch.Tensor))


def test_roots_inside_roots_do_not_disturb_each_other(code):
    places, module, folder = code
    inner, outer, helper = places.function("forward", 0), places.function("forward", 1), places.function("helper")
    part, last = places.expression("part(x)"), places.expression("helper(x, 5)")
    first, scaled = places.expression("helper(x, 2)"), places.expression("x * by")
    wanted = [
        (outer, "deep", value(scaled, part, first)),
        (outer, "last", value(scaled, last)),
        (inner, "deep", value(scaled, first)),
        (helper, "here", value(scaled)),
    ]
    model = module.Outer()

    def counts(captures):
        with CaptureSession(captures, folder).recording(model) as found:
            model(torch.ones(1, 2))
        return [(each.root, each.module, {key: len(held) for key, held in each.values.items()}) for each in found]

    together = counts(wanted)
    assert together[0] == (outer, "", {"deep": 2, "last": 1})
    assert [item for item in together if item[0] == inner] == [(inner, f"parts.{n}", {"deep": 1}) for n in (0, 1)]
    assert [item[2] for item in together if item[0] == helper] == [{"here": 1}] * 5
    for root in (outer, inner, helper):
        alone = counts([item for item in wanted if item[0] == root])
        assert alone == [item for item in together if item[0] == root]


def test_an_invocation_that_raises_is_not_finished(code):
    places, module, folder = code
    root = places.function("forward", 1)
    model = module.Outer()
    session = CaptureSession([(root, "x", value(places.expression("part")))], folder)
    with pytest.raises(ValueError, match="three rows"), session.recording(model) as invocations:
        model(torch.ones(1, 2))
        model(torch.ones(3, 2))
    assert [item.finished for item in invocations] == [True, False]


def test_what_stands_nowhere_is_missing(code):
    places, _, folder = code
    root, there = places.function("forward"), places.expression("first")
    nowhere = Place("code.py", Span(1, 0, 1, 1))
    good = (root, "good", value(there))
    bad = [
        (root, "place", value(nowhere)),
        (root, "site", value(there, nowhere)),
        (nowhere, "root", value(there)),
    ]
    assert CaptureSession([good, *bad], folder).missing == bad


def test_a_model_of_the_library_computes_the_same_and_is_captured(package):
    case = cases("bert")[0]
    model = case.model()
    code = Code((package / case.file).read_text(encoding="utf-8"))

    def at(place):
        return Place(case.file, place.span)

    root = at(code.function("forward", 1))
    site = at(code.expression(ast.unparse(next(n for n in code.nodes if _calls(n, "attention_interface")))))
    weights = at(code.expression("nn.functional.softmax(attn_weights, dim=-1)"))
    with torch.no_grad():
        bare = model(ids())[0]
        session = CaptureSession([(root, "P", value(weights, site))], package)
        with session.recording(model) as invocations:
            traced = model(ids())[0]
    assert torch.equal(bare, traced)
    assert [item.module for item in invocations] == [f"encoder.layer.{n}.attention.self" for n in (0, 1)]
    assert all(torch.allclose(item.values["P"][0].sum(-1), torch.ones(())) for item in invocations)
    with session.recording(model), pytest.raises(HfreaderError, match="already"), session.recording(model):
        pass


CHAIN = """
from torch import nn

def made(width):
    return nn.Sequential(nn.Linear(2, width), nn.Sequential(nn.Tanh(), nn.Linear(width, 2)))

class Two(nn.Module):
    def __init__(self):
        super().__init__()
        self.one, self.other, self.mode = made(3), made(4), "up"
    def forward(self, x):
        return self.one(x) + self.other(x)
"""


def test_layers_of_a_sequential_are_known_by_what_makes_them(written):
    module, folder = written(CHAIN)
    places = Code(CHAIN)
    root, site = places.function("forward"), places.expression("self.other(x)")
    keys = {
        "first": Capture("w", "made", (site,), places.expression("nn.Linear(2, width)")),
        "inner": Capture("u", "result", (site,), places.expression("nn.Tanh()")),
        "mode": Capture("mode", "literal", (), places.expression("'up'")),
    }
    session = CaptureSession([(root, key, capture) for key, capture in keys.items()], folder)
    with session.building() as made:
        model = module.Two()
    bare, x = model(torch.ones(1, 2)), torch.ones(1, 2)
    with session.recording(model, made) as invocations:
        traced = model(x)
    assert torch.equal(bare, traced)
    (one,) = invocations
    assert one.values["first"] == [model.other[0]]
    assert torch.equal(one.values["inner"][0], model.other[1][0](model.other[0](x)))
    assert one.values["mode"] == ["up"]
    assert session.missing == []
    assert not model.other[0]._forward_hooks, "nothing stays behind"
    with session.recording(model) as unknown:
        model(x)
    assert set(unknown[0].values) == {"mode"}


def _calls(node, name):
    return isinstance(node, ast.Call) and ast.unparse(node.func) == name


def test_no_more_is_kept_than_there_is_room_for(code, monkeypatch: pytest.MonkeyPatch):
    places, module, folder = code
    session = CaptureSession([(places.function("forward"), "x", value(places.expression("first")))], folder)
    x = torch.ones(1, 2)
    monkeypatch.setattr(captures, "MOST_KEPT", x.nbytes)
    model = module.Inner()
    with session.recording(model) as invocations:
        model(x)
    assert len(invocations[0].values["x"]) == 1
    monkeypatch.setattr(captures, "MOST_KEPT", x.nbytes - 1)
    with session.recording(model), pytest.raises(HfreaderError, match="values to compare"):
        model(x)
