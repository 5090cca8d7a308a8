"""Which lines of a file ran, in which run, and under what condition the others would have."""

import ast
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby

from hfreader.facts.traces import Execution, Trace

LONGEST_CONDITION = 90
_Lines = Sequence[bytes]


@dataclass(frozen=True)
class Stretch:
    """Consecutive lines with code that no run reached (`run` None), or that only the run `run` (an index into the
    family's traces) reached. `condition` is the innermost condition under which they would run, if one is written."""

    first: int
    last: int
    condition: str | None
    run: int | None


def line_states(execution: Execution) -> dict[int, bool]:
    """Whether each line of code inside functions ran.

    A line belongs to the smallest statement around it, unless a statement that ran begins on it.
    """
    statements = [(span, True) for span in execution.ran] + [(span, False) for span in execution.idle]
    statements.sort(key=lambda item: (item[0].line - item[0].end_line, item[0].line))
    states = {line: ran for span, ran in statements for line in range(span.line, span.end_line + 1)}
    return states | {span.line: True for span in execution.ran}


def first_runs(traces: Sequence[Trace], file: str) -> dict[int, int | None]:
    """For each line of code inside the functions of `file`, the first trace in which it ran, None if none."""
    firsts: dict[int, int | None] = {}
    for index, trace in enumerate(traces):
        for execution in trace.executions:
            if execution.file == file:
                for line, ran in line_states(execution).items():
                    if firsts.get(line) is None:
                        firsts[line] = index if ran else None
    return firsts


def stretches(
    firsts: dict[int, int | None], conditions: dict[int, str | None], code_lines: Iterable[int]
) -> list[Stretch]:
    """The stretches among `code_lines` (ascending) that did not run where the lines around them did.

    What the earliest run among these lines reached is the rule; everything else is a stretch. Where nothing ran at
    all there is no stretch: that is said once, of the whole.
    """
    lines = [line for line in code_lines if line in firsts]
    usual = min((run for line in lines if (run := firsts[line]) is not None), default=None)
    if usual is None:
        return []
    found: list[Stretch] = []
    for run, group in groupby(lines, key=lambda line: firsts[line]):
        if run != usual:
            members = list(group)
            found.append(Stretch(members[0], members[-1], conditions.get(members[0]), run))
    return found


@dataclass(frozen=True)
class Reading:
    """What the pages take from the syntax of a file: for each line of a statement in a function its innermost
    condition (None: none), the lines that hold code (docstrings, comments and blank lines do not), and the lines on
    which docstrings stand."""

    conditions: dict[int, str | None]
    code_lines: tuple[int, ...]


def read(source: str) -> Reading:
    """The conditions and code lines of a file."""
    conditions: dict[int, str | None] = {}
    _walk(ast.parse(source).body, None, source.encode().split(b"\n"), conditions)
    return Reading(conditions, tuple(sorted(conditions)))


def _walk(body: Sequence[ast.stmt], condition: str | None, source: _Lines, found: dict[int, str | None]) -> None:
    for statement in body:
        if isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant):
            continue
        branches = _branches(statement, condition, source)
        for line in range(statement.lineno, _head_end(statement) + 1):
            found[line] = condition
        for inner_condition, inner in branches:
            _walk(inner, inner_condition, source, found)


def _head_end(statement: ast.stmt) -> int:
    """The last line of what a statement says before its body."""
    if not hasattr(statement, "body"):
        return statement.end_lineno or statement.lineno
    parts = [part for part in ast.iter_child_nodes(statement) if not isinstance(part, ast.stmt | ast.excepthandler)]
    ends = [end for part in parts for inner in ast.walk(part) if (end := getattr(inner, "end_lineno", None))]
    return max(ends, default=statement.lineno)


def _branches(
    statement: ast.stmt, condition: str | None, source: _Lines
) -> list[tuple[str | None, Sequence[ast.stmt]]]:
    """The bodies inside a statement, each with the condition under which it runs."""
    match statement:
        case ast.If():
            test = _text(statement.test, source)
            return [(test, statement.body), (f"not ({test})", statement.orelse)]
        case ast.While():
            return [(_text(statement.test, source), statement.body), (condition, statement.orelse)]
        case ast.Try():
            handlers = [(condition, handler.body) for handler in statement.handlers]
            return [
                (condition, statement.body),
                *handlers,
                (condition, statement.orelse),
                (condition, statement.finalbody),
            ]
        case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef():
            return [(None, statement.body)]
        case ast.For() | ast.AsyncFor():
            return [(condition, statement.body), (condition, statement.orelse)]
        case ast.With() | ast.AsyncWith():
            return [(condition, statement.body)]
        case _:
            return []


def _text(expression: ast.expr, source: _Lines) -> str:
    """The source of an expression on one line, cut where it is long. The columns of `ast` count bytes."""
    first, last = expression.lineno - 1, (expression.end_lineno or expression.lineno) - 1
    lines = list(source[first : last + 1])
    lines[-1] = lines[-1][: expression.end_col_offset]
    lines[0] = lines[0][expression.col_offset :]
    text = " ".join(b" ".join(lines).decode().split())
    return text if len(text) <= LONGEST_CONDITION else text[: LONGEST_CONDITION - 1] + "…"
