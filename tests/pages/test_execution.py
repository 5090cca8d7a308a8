from dataclasses import replace

from hfreader.facts.places import Span
from hfreader.facts.traces import Execution
from hfreader.pages.execution import Stretch, first_runs, line_states, read, stretches
from tests.pages import toy

SOURCE = '''def f(x, mask):
    """Doc
    string."""
    y = g(
        x,
    )
    if mask is not None:
        # remark
        y = y + mask

        y = y * 2
    elif x:
        y = -y
    else:
        y = 0
    for item in x:
        while item:
            item = next(item)
    return y
'''


def test_innermost_statement_decides_unless_one_that_ran_begins_there():
    execution = Execution("f.py", ran=(Span(1, 0, 4, 5), Span(5, 0, 5, 9)), idle=(Span(2, 4, 3, 9), Span(5, 3, 5, 9)))
    assert line_states(execution) == {1: True, 2: False, 3: False, 4: True, 5: True}


def test_conditions_are_the_innermost_and_docstrings_and_remarks_are_no_code():
    reading = read(SOURCE)
    assert not {2, 3, 8, 10} & set(reading.code_lines)
    assert {line: reading.conditions[line] for line in (4, 6, 7, 9, 13, 15, 18, 19)} == {
        4: None,
        6: None,
        7: None,
        9: "mask is not None",
        13: "x",
        15: "not (x)",
        18: "item",
        19: None,
    }


def test_stretches_join_lines_over_remarks_and_name_their_condition():
    reading = read(SOURCE)
    firsts = dict.fromkeys(reading.code_lines, 0) | {9: None, 11: None, 13: 2}
    assert stretches(firsts, reading.conditions, reading.code_lines) == [
        Stretch(9, 11, "mask is not None", None),
        Stretch(13, 13, "x", 2),
    ]


def test_where_nothing_ran_there_is_no_stretch():
    assert stretches({4: None, 7: None}, {}, [4, 7]) == []


def test_first_runs_remember_the_earliest_trace():
    early = replace(
        toy.trace(), executions=(Execution("f.py", (Span(1, 0, 1, 3),), (Span(2, 0, 2, 3), Span(3, 0, 3, 3))),)
    )
    late = replace(early, executions=(Execution("f.py", (Span(1, 0, 1, 3), Span(2, 0, 2, 3)), (Span(3, 0, 3, 3),)),))
    assert first_runs([early, late], "f.py") == {1: 0, 2: 1, 3: None}
