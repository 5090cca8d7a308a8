"""What the names that a file imports stand for, and where that is defined."""

import ast
import re
from collections.abc import Iterator
from contextlib import suppress
from functools import lru_cache
from symtable import SymbolTable

from hfreader.analyzers.library import Library
from hfreader.analyzers.parsing import PACKAGE, ParsedFile, symbol_table
from hfreader.analyzers.positions import NEWLINE
from hfreader.errors import HfreaderError
from hfreader.facts.analysis import Imported
from hfreader.facts.places import Place, Span


def imported(library: Library, parsed: ParsedFile) -> dict[str, Imported]:
    """What a file imports, by the names that mean nothing else anywhere in it."""
    also = set(_bound_within(symbol_table(parsed.source, parsed.file)))
    found: dict[str, Imported] = {}
    for name in parsed.imports.keys() - also:
        with suppress(HfreaderError):  # it leads to a file that is not Python
            qualified = library.definition_in(parsed, name)
            found[name] = Imported(qualified, _defined(library, qualified))
    return dict(sorted(found.items()))


def _bound_within(scope: SymbolTable) -> Iterator[str]:
    """Names that functions and classes, however deep, bind themselves."""
    for inner in scope.get_children():
        yield from (symbol.get_name() for symbol in inner.get_symbols() if symbol.is_local())
        yield from _bound_within(inner)


def _defined(library: Library, qualified: str) -> Place | None:
    """The name of a definition of the library where it is defined; None for what is defined elsewhere."""
    found = library.place_of(qualified) if qualified.startswith(f"{PACKAGE}.") else None
    if found is None:
        return None
    parsed, name = found
    span = _names(parsed.source).get(name)
    return None if span is None else Place(parsed.file, span)


@lru_cache(maxsize=256)
def _names(source: str) -> dict[str, Span]:
    """Where the top level of a file defines its names, at last. Python's own parser tells it: libcst's tree would have
    to be written out whole to learn where its nodes stand, which takes ten times as long."""
    lines = NEWLINE.split(source)
    found: dict[str, Span] = {}
    for node, name in _definitions(ast.parse(source.removeprefix("\ufeff"))):
        line = lines[node.lineno - 1]
        written = re.compile(rf"\b{name}\b").search(line, len(line.encode()[: node.col_offset].decode()))
        if written is not None:
            found[name] = Span(node.lineno, written.start(), node.lineno, written.end())
    return found


def _definitions(scope: ast.AST) -> Iterator[tuple[ast.stmt | ast.expr, str]]:
    """The names that a module defines or assigns to, also under `if` and `try`."""
    for node in ast.iter_child_nodes(scope):
        match node:
            case ast.ClassDef(name=name) | ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name):
                yield node, name
            case ast.Name(id=name, ctx=ast.Store()):
                yield node, name
            case ast.stmt() | ast.excepthandler() | ast.match_case():
                yield from _definitions(node)
