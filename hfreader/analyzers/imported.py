"""What the names that a file imports stand for, and where that is defined."""

from collections.abc import Iterator
from contextlib import suppress
from symtable import SymbolTable

import libcst as cst

from hfreader.analyzers.library import Library
from hfreader.analyzers.parsing import PACKAGE, ParsedFile, symbol_table
from hfreader.errors import HfreaderError
from hfreader.facts.analysis import Imported
from hfreader.facts.places import Place


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
    node: cst.CSTNode | None = parsed.assignments.get(name)
    if definition := parsed.classes.get(name) or parsed.functions.get(name):
        node = definition.name
    return None if node is None else Place(parsed.file, parsed.positions[node])
