"""The catalogue: every module of this package that defines `CONCEPT` is one mechanism or role, one file."""

import importlib
import pkgutil
from functools import cache
from importlib.metadata import entry_points
from pathlib import Path
from traceback import extract_tb
from types import ModuleType

from hfreader.concepts.model import Concept
from hfreader.errors import HfreaderError

ENTRY_POINT_GROUP = "hfreader.concepts"


def concept_folders() -> tuple[Path, ...]:
    """The folders that concepts lie in: this one, then those that other packages add."""
    return tuple(Path(folder) for package in _packages() for folder in _module(package).__path__)


def _packages() -> list[str]:
    return [__name__, *(entry.value for entry in entry_points(group=ENTRY_POINT_GROUP))]


@cache
def catalogue() -> dict[str, Concept]:
    """All concepts by slug: this package's own, then those of packages that register the entry point
    `hfreader.concepts` (each entry names a package whose modules define `CONCEPT`). HfreaderError names the line of a
    module that cannot be read."""
    concepts: dict[str, Concept] = {}
    for package in _packages():
        for module in sorted(pkgutil.iter_modules(_module(package).__path__), key=lambda module: module.name):
            concept = getattr(_module(f"{package}.{module.name}"), "CONCEPT", None)
            if isinstance(concept, Concept):
                concepts[concept.slug] = concept
    return concepts


def _module(name: str) -> ModuleType:
    try:
        return importlib.import_module(name)
    except Exception as error:
        raise HfreaderError(f"{_place(error)}: {type(error).__name__}: {getattr(error, 'msg', error)}") from error


def _place(error: Exception) -> str:
    """The line that is at fault: of wrong syntax that, else of the module that was being read."""
    if isinstance(error, SyntaxError):
        return f"{error.filename}, line {error.lineno}"
    frame = next(one for one in reversed(extract_tb(error.__traceback__)) if one.name in ("<module>", _module.__name__))
    return f"{frame.filename}, line {frame.lineno}"
