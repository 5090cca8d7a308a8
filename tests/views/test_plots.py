import re
from dataclasses import replace
from pathlib import Path

import numpy
import pytest
from safetensors.numpy import save_file

from hfreader.errors import HfreaderError
from hfreader.facts.statistics import Statistics
from hfreader.facts.traces import Trace
from hfreader.views.html_view import render_html
from hfreader.views.plots import attention_plots, statistics_plot
from hfreader.views.statistics import summary, written
from tests.facts_builder import FILE, SOURCE, make_trace

USUAL, ODD = Statistics(0.5, 2.0, -3.0, 4.0), Statistics(None, None, None, 1.0, 2, 1)


def measured(odd: int | None = None) -> Trace:
    """A trace with statistics on every line, one of which has NaN in it."""
    lines = make_trace().lines
    return make_trace(lines=tuple(replace(r, statistics=ODD if n == odd else USUAL) for n, r in enumerate(lines)))


def test_in_words():
    assert written(USUAL) == "mean 0.5, std 2, min -3, max 4"
    assert written(ODD) == "mean not finite, std not finite, min not finite, max 1, 2 NaN, 1 Inf"


def test_where_numbers_first_go_wrong():
    assert list(summary(make_trace())) == []
    assert list(summary(measured())) == [("NaN", "none"), ("Inf", "none")]
    (nan, _) = summary(measured(3))
    line = measured().lines[3]
    assert nan == ("NaN", f"first in {line.module} (modeling_toy.py:{line.place.span.line}, {line.name}): 2 of them")


def test_a_plot_has_a_point_and_a_title_for_each_record():
    assert statistics_plot(make_trace()) is None
    trace = measured(2)
    plot = statistics_plot(trace)
    assert plot is not None
    assert plot.count("<title>") == len(trace.lines)
    assert plot.count('class="odd"') == 1
    (points,) = re.findall(r'class="std" points="([^"]*)"', plot)
    assert len(points.split()) == len(trace.lines) - 1
    assert len({point.split(",")[1] for point in points.split()}) == 1
    assert "1e-1" not in plot or "1e0" in plot


def test_maps_in_the_order_of_the_layers(tmp_path: Path):
    file = tmp_path / "v.safetensors"
    maps = numpy.full((2, 3, 4, 5), 0.2, dtype="float32")
    save_file({f"attention/layer.{n}/0": maps for n in (10, 2)} | {"statistics": maps[0, 0]}, file)
    found = attention_plots(file)
    assert [each.name for each in found] == ["layer.2/0", "layer.10/0"]
    assert [(head.head, head.queries, head.keys) for head in found[0].heads] == [(0, 4, 5), (1, 4, 5), (2, 4, 5)]
    assert found[0].heads[0].source.startswith("data:image/png;base64,")
    file.write_bytes(b"nothing")
    with pytest.raises(HfreaderError, match="cannot be read"):
        attention_plots(file)


def test_the_page_shows_them_and_needs_nothing_else(tmp_path: Path):
    file = tmp_path / "v.safetensors"
    save_file({"attention/layer.0/0": numpy.ones((1, 2, 4, 4), dtype="float32")}, file)
    page = render_html(measured(), {FILE: SOURCE}, values=file)
    assert "Numbers on every line" in page
    assert page.count("<figcaption>head") == 2
    assert "mean 0.5, std 2, min -3, max 4" in page
    assert not re.search(r'(src|href)="(?!data:|#)', page)
    assert "<script" not in page
    assert "Numbers on every line" not in render_html(make_trace(), {FILE: SOURCE})
