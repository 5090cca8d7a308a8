from io import StringIO

from rich.console import Console

from hfreader.views.costs_view import show_costs
from tests.trace.test_tracing import run


def test_each_module_has_its_row_and_the_cache_its_size():
    text = StringIO()
    show_costs(run("gpt2", tokens=7, overrides=(("n_layer", "2"), ("n_embd", "24"))), Console(file=text, width=120))
    lines = text.getvalue().splitlines()
    assert any(line.split()[:4] == ["h.0-1", "GPT2Block", "2", "7.2k"] for line in lines), lines
    assert "KV cache 2.62 KiB after this pass: keys 2 × (1, 12, 7, 2) float32" in text.getvalue()
