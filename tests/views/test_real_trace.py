"""The views over a run of a real model, in a worker process."""

import ast
import re

import pytest

from hfreader.facts.runs import TraceRequest
from hfreader.progress import silent
from hfreader.source.installed import installed_snapshot
from hfreader.trace.client import trace
from hfreader.views.html_view import render_html
from hfreader.views.json_view import read_json, render_json
from hfreader.views.listing import class_listings, module_listing
from hfreader.views.outputs import read_sources

pytestmark = pytest.mark.slow
SMALL = (("num_hidden_layers", "2"), ("hidden_size", "48"), ("intermediate_size", "80"))


@pytest.fixture(scope="module")
def real():
    snapshot = installed_snapshot("tests need no network")
    run = trace(TraceRequest("bert", text="a cat", overrides=SMALL, offline=True), snapshot, silent)
    return run, read_sources(run, snapshot)


def test_json_holds_all_of_it(real):
    run, _ = real
    assert read_json(render_json(run)) == run


def test_attention_and_what_it_dispatches_to(real):
    run, sources = real
    listing = module_listing(run, sources, "encoder.layer.1.attention.self")
    assert [(item.function, item.dispatched) for item in listing.functions] == [
        ("BertSelfAttention.forward", None),
        ("eager_attention_forward", "eager"),
    ]
    shapes = {note.name: note.symbols for item in listing.functions for line in item.lines for note in line.annotations}
    assert shapes["query_layer"] == shapes["key"] == "(B, heads, T, head_dim)"
    assert shapes["attn_weights"] == "(B, heads, T, T)"


def test_every_assignment_that_ran_shows_its_value(real):
    """Independent of the tracer: `ast` finds the assignments to names in what is shown."""
    run, sources = real
    for listing in class_listings(run, sources):
        for function in listing.functions:
            text = "\n".join(line.text for line in function.lines)
            first = function.lines[0].number
            shown = {line.number: {note.name for note in line.annotations} for line in function.lines}
            idle = {line.number for line in function.lines if line.ran is False}
            for node in ast.walk(ast.parse(text)):
                if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
                    number = node.lineno + first - 1
                    assert number in idle or node.targets[0].id in shown[number], f"{function.function}:{number}"


def test_html_shows_upstream_code_byte_for_byte(real):
    run, sources = real
    page = render_html(run, sources, at="encoder.layer.0.attention.self")
    code = [re.sub("<[^>]+>", "", line) for line in re.findall(r"<code>(.*?)</code>", page)]
    assert "    attention_interface: Callable = ALL_ATTENTION_FUNCTIONS.get_interface(" in code
    assert len(page) < 40_000
