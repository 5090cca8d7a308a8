"""The conditions of a match, as they came out in each execution: where one does not hold, the equation says nothing."""

import ast
from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from hfreader.facts.matches import Capture, Match
from hfreader.facts.places import Place
from hfreader.trace.spans import SourceText

TEST = "if "
"""Stands before the text of a test, to tell it from a parameter of the same name."""

Code = tuple[SourceText, ast.FunctionDef]
"""A function and the text of its file."""


@dataclass(frozen=True)
class Guards:
    """The conditions of one match.

    receiver  the name of the root function's first parameter (`self`), which is not captured.
    captures  what the conditions need: parameters of the root function, and tests, under TEST and their text, of it and
              of the functions that it calls.
    chosen    conditions that are no tests: what a table holds was chosen, and which entry a run took is not seen.
    """

    conditions: tuple[str, ...]
    receiver: str | None
    captures: tuple[Capture, ...]
    chosen: tuple[str, ...] = ()

    def holding(self, instance: object, seen: Mapping[str, Sequence[Any]], count: int) -> tuple[int, ...]:
        """Those of `count` executions in one invocation in which no condition is known to be broken: of a test that was
        made as often, each belongs to one."""
        return tuple(number for number in range(count) if not self.broken(instance, only((number,), seen, count)))

    def broken(self, instance: object, seen: Mapping[str, Sequence[Any]]) -> str | None:
        """A condition that does not hold in this invocation, or None; one that nothing is known of is passed over.

        seen  what was captured, by symbol, in this invocation.
        """
        names = {name: values[0] for name, values in seen.items() if values}
        if self.receiver is not None:
            names[self.receiver] = instance
        for condition in self.conditions:
            if _truth(ast.parse(condition, mode="eval").body, seen, names) is False:
                return condition
        return None


def only(kept: Sequence[int], seen: Mapping[str, Sequence[Any]], count: int) -> dict[str, list[Any]]:
    """What was captured in some of `count` executions, where there is one value for each; what was captured more or
    less often serves them all."""
    return {
        name: [values[number] for number in kept] if len(values) == count else list(values)
        for name, values in seen.items()
    }


def _truth(test: ast.expr, seen: Mapping[str, Sequence[Any]], names: Mapping[str, Any]) -> bool | None:
    """Whether a condition held; None where that is not known, or changed within the invocation."""
    if values := seen.get(TEST + ast.unparse(test)):
        return _agreed(values)
    if isinstance(test, ast.UnaryOp) and isinstance(test.op, ast.Not):
        inner = _truth(test.operand, seen, names)
        return None if inner is None else not inner
    if isinstance(test, ast.BoolOp):
        decisive = isinstance(test.op, ast.Or)
        parts = [_truth(part, seen, names) for part in test.values]
        return decisive if decisive in parts else None if None in parts else not decisive
    try:  # the traced source's own expression
        return bool(eval(ast.unparse(test), {"__builtins__": {}}, dict(names)))
    except Exception:  # whatever an expression of the library may raise on its own
        return None


def _agreed(values: Sequence[Any]) -> bool | None:
    try:
        truths = {bool(value) for value in values}
    except Exception:  # a tensor of several elements has no truth
        return None
    return truths.pop() if len(truths) == 1 else None


def guards_of(match: Match, package: Path) -> Guards:
    """The conditions of a match, and what must be captured of its root function to see whether they hold."""
    found = _function(package / match.root.file, match.root)
    conditions = tuple(text for text in match.guards if _parsed(text) is not None)
    chosen = tuple(text for text in match.guards if text not in conditions)
    if not conditions or found is None:
        return Guards((), None, (), chosen)
    source, function = found
    parameters = {
        each.arg: each for each in [*function.args.posonlyargs, *function.args.args, *function.args.kwonlyargs]
    }
    parts = [part for text in conditions if (tree := _parsed(text)) is not None for part in _parts(tree)]
    named = {node.id for part in parts for node in ast.walk(part) if isinstance(node, ast.Name)}
    receiver = next((name for name in parameters if name == "self"), None)
    captures = [(name, source.argument(parameters[name])) for name in sorted(named & {*parameters} - {receiver})]
    known = [Capture(symbol, "value", (), Place(match.root.file, span)) for symbol, span in captures]
    known += _captured_tests(match, found, {ast.unparse(part) for part in parts}, package)
    return Guards(conditions, receiver, tuple(dict.fromkeys(known)), chosen)


def _captured_tests(match: Match, root: Code, wanted: Container[str], package: Path) -> Iterator[Capture]:
    """The wanted tests, by their text, of the root function and of those that it calls where the match is in them."""
    places = dict.fromkeys((capture.sites, capture.place) for capture in match.captures)
    called = [(sites, place.file, _around(package / place.file, place)) for sites, place in places]
    for sites, file, code in dict.fromkeys([((), match.root.file, root), *called]):
        if code is not None:
            source, function = code
            for test in _tests(function):
                if (text := ast.unparse(test)) in wanted:
                    yield Capture(TEST + text, "value", sites, Place(file, source.span(test)))


def _parsed(condition: str) -> ast.expr | None:
    try:
        return ast.parse(condition, mode="eval").body
    except SyntaxError:
        return None


def _tests(function: ast.FunctionDef) -> Iterator[ast.expr]:
    """Everything by which a function decides: its tests and the parts that these consist of."""
    for node in ast.walk(function):
        if isinstance(node, ast.If | ast.IfExp | ast.While):
            yield from _parts(node.test)
        elif isinstance(node, ast.BoolOp):
            yield from (part for value in node.values[:-1] for part in _parts(value))


def _parts(test: ast.expr) -> Iterator[ast.expr]:
    """A test, and those it is put together from by `and`, `or` and `not`."""
    yield test
    inner: Iterable[ast.expr] = ()
    if isinstance(test, ast.BoolOp):
        inner = test.values
    elif isinstance(test, ast.UnaryOp) and isinstance(test.op, ast.Not):
        inner = (test.operand,)
    for part in inner:
        yield from _parts(part)


def _function(file: Path, root: Place) -> Code | None:
    source, functions = _functions(file)
    for function in functions:
        first = min([function.lineno, *(mark.lineno for mark in function.decorator_list)])
        if first == root.span.line and function.col_offset == root.span.column:
            return source, function
    return None


def _around(file: Path, place: Place) -> Code | None:
    """The innermost function whose lines hold a place."""
    source, functions = _functions(file)
    line = place.span.line
    holding = [each for each in functions if each.lineno <= line <= (each.end_lineno or each.lineno)]
    return (source, max(holding, key=lambda each: each.lineno)) if holding else None


@cache
def _functions(file: Path) -> tuple[SourceText, Iterable[ast.FunctionDef]]:
    text = file.read_text(encoding="utf-8")
    return SourceText(text), tuple(node for node in ast.walk(ast.parse(text)) if isinstance(node, ast.FunctionDef))
