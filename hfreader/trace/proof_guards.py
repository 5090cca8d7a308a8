"""The conditions of a match, evaluated in each execution: where one does not hold, the equation says nothing."""

import ast
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from hfreader.facts.matches import Capture, Match
from hfreader.facts.places import Place
from hfreader.trace.spans import SourceText


@dataclass(frozen=True)
class Guards:
    """The conditions of one match that speak of nothing but the root function's parameters.

    receiver  the name of its first parameter (`self`), which is not captured.
    captures  the parameters that the conditions need, under their names.
    """

    conditions: tuple[str, ...]
    receiver: str | None
    captures: tuple[Capture, ...]

    def broken(self, instance: object, values: Mapping[str, Any]) -> str | None:
        """A condition that does not hold in this invocation, or None; one that cannot be evaluated is passed over."""
        names = {**values, self.receiver: instance} if self.receiver is not None else dict(values)
        for condition in self.conditions:
            try:
                if not eval(condition, {"__builtins__": {}}, names):  # the traced source's own expression
                    return condition
            except Exception:  # whatever an expression of the library may raise on its own
                continue
        return None


def guards_of(match: Match, package: Path) -> Guards:
    """The conditions of a match that can be evaluated from the outside."""
    found = _function(package / match.root.file, match.root)
    if not match.guards or found is None:
        return Guards((), None, ())
    source, function = found
    parameters = {
        each.arg: each for each in [*function.args.posonlyargs, *function.args.args, *function.args.kwonlyargs]
    }
    receiver = next((name for name in parameters if name == "self"), None)
    known = [(text, names) for text in match.guards if (names := _names(text)) is not None and names <= {*parameters}]
    wanted = sorted({name for _, names in known for name in names} - {receiver})
    captures = (Capture(n, "value", (), Place(match.root.file, source.argument(parameters[n]))) for n in wanted)
    return Guards(tuple(text for text, _ in known), receiver, tuple(captures))


def _names(condition: str) -> set[str] | None:
    try:
        return {node.id for node in ast.walk(ast.parse(condition, mode="eval")) if isinstance(node, ast.Name)}
    except SyntaxError:
        return None


def _function(file: Path, root: Place) -> tuple[SourceText, ast.FunctionDef] | None:
    source, functions = _functions(file)
    for function in functions:
        first = min([function.lineno, *(mark.lineno for mark in function.decorator_list)])
        if first == root.span.line and function.col_offset == root.span.column:
            return source, function
    return None


@cache
def _functions(file: Path) -> tuple[SourceText, Iterable[ast.FunctionDef]]:
    text = file.read_text(encoding="utf-8")
    return SourceText(text), tuple(node for node in ast.walk(ast.parse(text)) if isinstance(node, ast.FunctionDef))
