"""The catalogue: every module of this package that defines `CONCEPT` is one mechanism or role, one file."""

import importlib
import pkgutil
from functools import cache
from importlib.metadata import entry_points
from pathlib import Path

from hfreader.concepts.model import Concept

ENTRY_POINT_GROUP = "hfreader.concepts"


def added_folders() -> tuple[Path, ...]:
    """The folders of the concepts that other packages add."""
    return tuple(Path(folder) for package in _packages()[1:] for folder in importlib.import_module(package).__path__)


def _packages() -> list[str]:
    return [__name__, *(entry.value for entry in entry_points(group=ENTRY_POINT_GROUP))]


@cache
def catalogue() -> dict[str, Concept]:
    """All concepts by slug: this package's own, then those of packages that register the entry point
    `hfreader.concepts` (each entry names a package whose modules define `CONCEPT`)."""
    concepts: dict[str, Concept] = {}
    for package in _packages():
        path = importlib.import_module(package).__path__
        for module in sorted(pkgutil.iter_modules(path), key=lambda module: module.name):
            concept = getattr(importlib.import_module(f"{package}.{module.name}"), "CONCEPT", None)
            if isinstance(concept, Concept):
                concepts[concept.slug] = concept
    return concepts
