"""The outlines of the library's classes: each made once, with a digest that is blind to names."""

import hashlib
from dataclasses import replace

from hfreader.analyzers.configuration import Configuration, configuration_of
from hfreader.analyzers.dataflow import Reading, dataflow
from hfreader.analyzers.difference_formulas import Formulas
from hfreader.analyzers.difference_steps import Steps
from hfreader.analyzers.library import Library
from hfreader.errors import HfreaderError
from hfreader.facts.comparison import Outline, Setting, Step
from hfreader.facts.dataflow import Dataflow


class Outlines:
    """Outlines of classes and functions of one library, kept once made. `plain` reads what runs at the defaults of
    the configuration, with the first argument alone: no cross-attention, no cache."""

    def __init__(self, library: Library, plain: bool = False) -> None:
        self.library = library
        self.plain = plain
        self._configurations: dict[str, Configuration | None] = {}
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
            known = self.configuration(owner) if self.plain else None
            reading = Reading(known.known() if known is not None else {}, "first" if self.plain else "named")
            self._graphs[owner] = dataflow(self.library, owner, reading=reading)
        return self._graphs[owner]

    def configuration(self, owner: str) -> Configuration | None:
        """The configuration that a class is made with."""
        if owner not in self._configurations:
            self._configurations[owner] = configuration_of(self.library, owner)
        return self._configurations[owner]

    def _make(self, owner: str, opened: bool) -> Outline:
        graph = self.graph(owner)
        known = self.configuration(owner)
        values = {**known.numbers(), **known.known()} if known is not None and self.plain else {}
        formulas = Formulas(graph, known.aliases if known is not None else {})
        steps = Steps(graph, formulas, self._digest, opened, values)
        found, outputs = steps.read()
        handed = tuple(sorted(steps.handed.values(), key=lambda one: one.name))
        outline = Outline(owner, graph.function, graph.place, found, outputs, handed)
        return replace(outline, digest=digest_of(outline))

    def _digest(self, owner: str) -> str | None:
        outline = self.of(owner)
        return None if outline is None else outline.digest


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
