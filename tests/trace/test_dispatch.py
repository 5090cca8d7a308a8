from pathlib import Path

import pytest
from transformers import BertModel
from transformers.integrations.sdpa_attention import sdpa_attention_forward
from transformers.models.bert.modeling_bert import eager_attention_forward

from hfreader.facts.places import Place, Span
from hfreader.trace.dispatch import dispatches, dispatching_calls
from tests.trace.conftest import PACKAGE

FILE = "models/bert/modeling_bert.py"


def text(place: Place) -> str:
    lines = (PACKAGE / place.file).read_text().splitlines()
    span = place.span
    return "\n".join(lines[span.line - 1 : span.end_line])


def test_calls_through_the_registry():
    found = dispatching_calls([FILE, "activations.py"], PACKAGE)
    assert found["activations.py"] == frozenset()
    calls = [text(Place(FILE, span)).strip() for span in found[FILE]]
    assert len(calls) == 2
    assert all(call.startswith("attn_output, attn_weights = attention_interface(") for call in calls)


SAMPLE = """
from transformers.utils.generic import GeneralInterface
REGISTRY = GeneralInterface()
REGISTRY._local_mapping = {"one": abs}

def by_name(x):
    function = abs
    if x:
        function = REGISTRY["one"]
    return function(x)

def by_entry(x):
    return REGISTRY["one"](x) + len(str(x))
"""


def test_other_ways_to_write_it(written):
    _, folder = written(SAMPLE)
    lines = (folder / "code.py").read_text().splitlines()
    spans = dispatching_calls(["code.py"], folder)["code.py"]
    found = {lines[span.line - 1][span.column : span.end_column] for span in spans}
    assert found == {"function(x)", 'REGISTRY["one"](x)'}


@pytest.mark.parametrize(
    ("function", "implementation", "start"),
    [
        (eager_attention_forward, "eager", "def eager_attention_forward("),
        (sdpa_attention_forward, "sdpa", "def sdpa_attention_forward("),
    ],
)
def test_what_a_call_reached(function, implementation: str, start: str):
    site = Place(FILE, Span(1, 0, 1, 5))
    (found,) = dispatches([(site, function)], PACKAGE)
    assert (found.site, found.implementation) == (site, implementation)
    assert found.function == f"{function.__module__}.{function.__name__}"
    assert found.place is not None
    assert text(found.place).startswith(start)


def test_a_decorated_function_begins_at_its_decorator():
    (found,) = dispatches([(Place(FILE, Span(1, 0, 1, 5)), BertModel.forward)], PACKAGE)
    assert found.place is not None
    assert text(found.place).lstrip().startswith("@")


def test_functions_from_elsewhere_have_no_place():
    (found,) = dispatches([(Place(FILE, Span(1, 0, 1, 5)), Path.exists)], PACKAGE)
    assert (found.function, found.place) == ("pathlib.Path.exists", None)
