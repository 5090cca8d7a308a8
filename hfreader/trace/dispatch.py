"""Calls that jump through a registry of functions: where they stand, and which function they reached."""

import ast
import importlib
import inspect
from collections.abc import Callable, Iterator, Sequence
from functools import cache
from pathlib import Path
from typing import Any

from transformers.modeling_utils import ALL_ATTENTION_FUNCTIONS
from transformers.utils.generic import GeneralInterface

from hfreader.facts.places import Place, Span
from hfreader.facts.traces import Dispatch
from hfreader.trace.models import ATTENTION
from hfreader.trace.reach import parsed
from hfreader.trace.spans import SourceText

Function = ast.FunctionDef | ast.AsyncFunctionDef


def dispatching_calls(files: Sequence[str], package: Path) -> dict[str, frozenset[Span]]:
    """For each file, relative to the package, the spans of the calls of functions that come out of a registry."""
    return {file: _calls(file, package) for file in files}


@cache
def _calls(file: str, package: Path) -> frozenset[Span]:
    module = importlib.import_module(".".join([package.name, *Path(file).with_suffix("").parts]))
    registries = {name for name, value in vars(module).items() if isinstance(value, GeneralInterface)}
    if not registries:
        return frozenset()
    source = SourceText((package / file).read_text(encoding="utf-8"))
    functions = (node for node in ast.walk(parsed(package / file)) if isinstance(node, Function))
    return frozenset(source.span(call) for each in functions for call in _through(each, registries))


def _through(function: Function, registries: set[str]) -> Iterator[ast.Call]:
    """The calls of a local name that was assigned from a registry, or of an entry itself."""
    assigned = {
        target.id
        for node in ast.walk(function)
        if isinstance(node, ast.Assign | ast.AnnAssign) and node.value is not None and _mentions(node.value, registries)
        for target in (node.targets if isinstance(node, ast.Assign) else [node.target])
        if isinstance(target, ast.Name)
    }
    for node in ast.walk(function):
        if isinstance(node, ast.Call):
            by_name = isinstance(node.func, ast.Name) and node.func.id in assigned
            by_entry = isinstance(node.func, ast.Subscript | ast.Call) and _mentions(node.func, registries)
            if by_name or by_entry:
                yield node


def _mentions(expression: ast.expr, names: set[str]) -> bool:
    return any(isinstance(node, ast.Name) and node.id in names for node in ast.walk(expression))


def dispatches(called: Sequence[tuple[Place, Callable[..., Any]]], package: Path) -> tuple[Dispatch, ...]:
    """What the calls at these places reached."""
    return tuple(_dispatch(site, function, package) for site, function in sorted(called, key=lambda pair: pair[0]))


def _dispatch(site: Place, function: Callable[..., Any], package: Path) -> Dispatch:
    inner = inspect.unwrap(function)
    name = next((name for name, entry in ALL_ATTENTION_FUNCTIONS.items() if entry is function), ATTENTION)
    qualified = f"{getattr(inner, '__module__', '?')}.{getattr(inner, '__qualname__', type(inner).__name__)}"
    return Dispatch(site, name, qualified, _place(inner, package))


def _place(function: Callable[..., Any], package: Path) -> Place | None:
    """Where a function is written, from its first decorator on; None outside the package."""
    code = getattr(function, "__code__", None)
    if code is None or not (file := Path(code.co_filename).resolve()).is_relative_to(package.resolve()):
        return None
    for node in ast.walk(parsed(file)):
        if isinstance(node, Function) and node.name == code.co_name:
            first = min([node.lineno, *(each.lineno for each in node.decorator_list)])
            if first == code.co_firstlineno and node.end_lineno is not None:
                span = Span(first, node.col_offset, node.end_lineno, node.end_col_offset or 0)
                return Place(file.relative_to(package.resolve()).as_posix(), span)
    return None
