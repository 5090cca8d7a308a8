"""Which statements of a file a forward pass could bring to life."""

import ast
from collections.abc import Collection, Iterable, Iterator, Mapping
from functools import cache
from pathlib import Path


@cache
def parsed(file: Path) -> ast.Module:
    """The syntax tree of a source file."""
    return ast.parse(file.read_text(encoding="utf-8"))


def reachable(file: Path, classes: Collection[str]) -> frozenset[int]:
    """The first lines of the statements in the methods of these classes, and in the functions of the file, whose
    names can be reached from `forward`; without raised errors and warnings."""
    bodies = list(_bodies(file, classes))
    names, fresh = {"forward"}, {"forward"}
    while fresh:
        used = {name for each in bodies if each.name in fresh for name in _names(each)}
        fresh = {each.name for each in bodies if each.name in used} - names
        names |= fresh
    return frozenset(line for each in bodies if each.name in names for line in _statements(each))


def _bodies(file: Path, classes: Collection[str]) -> Iterator[ast.FunctionDef]:
    for node in parsed(file).body:
        if isinstance(node, ast.ClassDef) and node.name in classes:
            yield from (each for each in node.body if isinstance(each, ast.FunctionDef) and each.name != "__init__")
        elif isinstance(node, ast.FunctionDef):
            yield node


def _names(function: ast.FunctionDef) -> Iterator[str]:
    for node in ast.walk(function):
        if isinstance(node, ast.Attribute):
            yield node.attr
        elif isinstance(node, ast.Name):
            yield node.id


def _statements(function: ast.FunctionDef) -> Iterator[int]:
    for node in ast.walk(function):
        if isinstance(node, ast.stmt) and node is not function and not isinstance(node, ast.Raise):
            text = ast.unparse(node) if isinstance(node, ast.Expr) else ""
            if not text.startswith(("logger.", "warnings.")):
                yield node.lineno


def compared_constants(files: Iterable[Path], fields: Mapping[str, object]) -> dict[str, frozenset[str]]:
    """For each field of the configuration, the texts that the source compares an attribute of that name with."""
    found: dict[str, set[str]] = {}
    for file in files:
        for node in ast.walk(parsed(file)):
            if isinstance(node, ast.Compare) and isinstance(node.left, ast.Attribute) and node.left.attr in fields:
                found.setdefault(node.left.attr, set()).update(_texts(node.comparators))
    return {name: frozenset(texts) for name, texts in found.items() if texts}


def _texts(expressions: Iterable[ast.expr]) -> Iterator[str]:
    for node in (part for each in expressions for part in ast.walk(each)):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value
