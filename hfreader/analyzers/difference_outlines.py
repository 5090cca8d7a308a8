"""The outlines of the library's classes: each made once, with a digest that is blind to names."""

import hashlib
from collections.abc import Mapping
from dataclasses import replace

from hfreader.analyzers.dataflow import dataflow
from hfreader.analyzers.difference_formulas import Formulas
from hfreader.analyzers.difference_steps import Steps
from hfreader.analyzers.library import Library
from hfreader.errors import HfreaderError
from hfreader.facts.comparison import Outline, Setting, Step
from hfreader.facts.dataflow import Dataflow


class Outlines:
    """Outlines of classes and functions of one library, kept once made. `aliases` gives, for a file, the library's
    name of each config field of the family."""

    def __init__(self, library: Library, aliases: Mapping[str, Mapping[str, str]] | None = None) -> None:
        self.library = library
        self._aliases = aliases or {}
        self._graphs: dict[str, Dataflow] = {}
        self._known: dict[tuple[str, bool], Outline | None] = {}

    def of(self, owner: str, opened: bool = False) -> Outline | None:
        """The outline of a class's forward, or of a function; None where there is none or it cannot be read. `opened`
        looks into submodules that hold layers."""
        key = (owner, opened)
        if key not in self._known:
            self._known[key] = None
            try:
                self._known[key] = self._make(owner, opened)
            except (HfreaderError, RecursionError, AssertionError, LookupError, TypeError, ValueError):
                return None
        return self._known[key]

    def graph(self, owner: str) -> Dataflow:
        """The dataflow graph of a class's forward or of a function; HfreaderError where there is none."""
        if owner not in self._graphs:
            self._graphs[owner] = dataflow(self.library, owner)
        return self._graphs[owner]

    def _make(self, owner: str, opened: bool) -> Outline:
        graph = self.graph(owner)
        steps = Steps(graph, Formulas(graph, self._aliases.get(family_of(graph.place.file), {})), self._digest, opened)
        found, outputs = steps.read()
        handed = tuple(sorted(steps.handed.values(), key=lambda one: one.name))
        outline = Outline(owner, graph.function, graph.place, found, outputs, handed)
        return replace(outline, digest=digest_of(outline))

    def _digest(self, owner: str) -> str | None:
        outline = self.of(owner)
        return None if outline is None else outline.digest


def family_of(file: str) -> str:
    """The folder under `models/` that a file lies in, empty for shared files."""
    parts = file.split("/")
    return parts[1] if parts[0] == "models" and len(parts) > 2 else ""


def digest_of(outline: Outline) -> str:
    """The same for two computations that differ in the names of classes, attributes and variables alone."""
    made: list[str] = []
    for step in outline.steps:
        inputs = [sorted(made[one] for one in group if one < len(made)) for group in step.inputs]
        made.append(_hash(*local_identity(step), *(inputs if step.op not in ("add", "mul") else sorted(inputs))))
    results = [sorted(made[one] for one in group) for group in outline.outputs]
    return _hash(*results, *_settings(outline.handed))[:16]


def local_identity(step: Step) -> tuple[object, ...]:
    """What makes a step what it is, apart from what it is computed from."""
    kind = step.print if step.print is not None else step.kind
    return step.op, kind, *_settings(step.settings)


def _settings(settings: tuple[Setting, ...]) -> list[tuple[str, str | float]]:
    return sorted((one.identity for one in settings), key=str)


def _hash(*parts: object) -> str:
    return hashlib.sha256(repr(parts).encode()).hexdigest()
