"""Conditions are judged by what the tests of the root function, and of those it calls, were in the run."""

import ast
from pathlib import Path

import pytest

from hfreader.facts.matches import Capture, Match
from hfreader.facts.places import Place, Span
from hfreader.trace.proof_guards import TEST, Guards, guards_of

SOURCE = """
class M:
    def forward(self, x, cache=None, *, fast=False):
        crossed = cache is not None
        y = x if crossed else -x
        if crossed and (fast or
                        self.wide):
            y = y + 1
        z = cache or y
        return z
"""
ROOT = Place("m.py", Span(3, 4, 10, 16))


def guards(folder: Path, *conditions: str) -> Guards:
    (folder / "m.py").write_text(SOURCE)
    return guards_of(Match("c", "M", "forward", ROOT, ROOT, (), (), conditions), folder)


def test_tests_are_captured_where_they_stand(tmp_path: Path):
    found = guards(tmp_path, "not (crossed and (fast or self.wide))")
    lines = SOURCE.splitlines()
    texts = {
        one.symbol: ast.get_source_segment(SOURCE, node)
        for one in found.captures
        for node in ast.walk(ast.parse(SOURCE))
        if isinstance(node, ast.expr | ast.arg)
        and (node.lineno, node.col_offset) == (one.place.span.line, one.place.span.column)
        and (node.end_lineno, node.end_col_offset) == (one.place.span.end_line, one.place.span.end_column)
    }
    assert lines[one_line(found, "fast") - 1].strip().startswith("def forward")
    assert texts[f"{TEST}crossed"] == "crossed"
    assert texts[f"{TEST}crossed and (fast or self.wide)"].startswith("crossed and (fast or\n")
    assert {f"{TEST}fast", f"{TEST}self.wide", f"{TEST}fast or self.wide"} <= {*texts}


def test_tests_of_the_functions_that_are_called_are_captured_there(tmp_path: Path):
    called = (
        SOURCE
        + """
def rotate(x, how):
    if how == "half":
        x = -x
    return x
"""
    )
    (tmp_path / "m.py").write_text(called)
    site, inside = Place("m.py", Span(5, 12, 5, 13)), Place("m.py", Span(14, 12, 14, 14))
    capture = Capture("x", "value", (site,), inside)
    found = guards_of(Match("c", "M", "forward", ROOT, ROOT, (), (capture,), ("how == 'half'",)), tmp_path)
    assert [(one.symbol, one.sites, one.place.span.line) for one in found.captures] == [
        (f"{TEST}how == 'half'", (site,), 13)
    ]


def one_line(found: Guards, symbol: str) -> int:
    return next(one.place.span.line for one in found.captures if one.symbol == symbol)


@pytest.mark.parametrize(
    ("condition", "seen", "broken"),
    [
        ("crossed", {TEST + "crossed": [False]}, True),
        ("crossed", {TEST + "crossed": [True]}, False),
        ("not crossed", {TEST + "crossed": [True]}, True),
        ("crossed", {TEST + "crossed": [True, False]}, False),  # changed: not known
        ("crossed", {}, False),
        ("not (crossed and fast)", {TEST + "crossed": [True], "fast": [True]}, True),
        ("not (crossed and fast)", {TEST + "crossed": [False]}, False),
        ("crossed and unknown", {TEST + "crossed": [False]}, True),
        ("crossed or unknown", {TEST + "crossed": [False]}, False),
        ("cache is None", {"cache": [3]}, True),
        ("self.wide", {}, True),
        ("self.missing", {}, False),
    ],
)
def test_conditions_in_a_run(condition: str, seen: dict[str, list[object]], broken: bool):
    class Instance:
        wide = False

    found = Guards((condition,), "self", ()).broken(Instance(), seen)
    assert found == (condition if broken else None)


@pytest.mark.parametrize(
    ("values", "expected"), [([True, False, True], (0, 2)), ([False], ()), ([True, False], (0, 1, 2)), ([], (0, 1, 2))]
)
def test_conditions_that_change_within_a_run_hold_in_some_executions(values: list[object], expected: tuple[int, ...]):
    assert Guards(("early",), None, ()).holding(None, {TEST + "early": values}, 3) == expected


def test_a_match_without_conditions_asks_nothing(tmp_path: Path):
    assert guards(tmp_path) == Guards((), None, ())
