"""The catalogue: every module of this package that defines `CONCEPT` is one mechanism, one file."""

import importlib
import pkgutil
from functools import cache
from importlib.metadata import entry_points

from hfreader.concepts.model import Concept

ENTRY_POINT_GROUP = "hfreader.concepts"


@cache
def catalogue() -> dict[str, Concept]:
    """All concepts by slug: this package's own, then those of packages that register the entry point
    `hfreader.concepts` (each entry names a package whose modules define `CONCEPT`)."""
    packages = [__name__, *(entry.value for entry in entry_points(group=ENTRY_POINT_GROUP))]
    concepts: dict[str, Concept] = {}
    for package in packages:
        path = importlib.import_module(package).__path__
        for module in sorted(pkgutil.iter_modules(path), key=lambda module: module.name):
            concept = getattr(importlib.import_module(f"{package}.{module.name}"), "CONCEPT", None)
            if isinstance(concept, Concept):
                concepts[concept.slug] = concept
    return concepts
