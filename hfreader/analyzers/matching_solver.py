"""The solutions of concepts: the best way in which a concept fits each value of a dataflow graph."""

from collections.abc import Mapping
from functools import cached_property
from itertools import islice

from hfreader.analyzers.matching_flow import Flow
from hfreader.analyzers.matching_needs import Needs
from hfreader.analyzers.matching_search import Search
from hfreader.analyzers.matching_solutions import Solution
from hfreader.concepts.model import Concept
from hfreader.concepts.pattern import Pattern

# An equation spread over more levels of submodules than this, below the class that it belongs to, is not looked for.
DEPTH = 4
SOLUTIONS, ALTERNATIVES = 64, 8


class Solver(Search):
    """Adds the concepts to the search in one graph."""

    def __init__(self, flow: Flow, concepts: Mapping[str, Concept], needs: Needs) -> None:
        super().__init__(flow, needs)
        self.concepts = concepts
        self._solutions: dict[str, tuple[Solution, ...]] = {}

    def matches_of(self, slug: str) -> tuple[Solution, ...]:
        """The best solution for each output of a concept, wherever in the graph."""
        if slug not in self._solutions:
            self._solutions[slug] = self._solve(slug)
        return self._solutions[slug]

    def _solve(self, slug: str) -> tuple[Solution, ...]:
        best: dict[int, Solution] = {}
        for pattern in self.concepts[slug].patterns if slug in self.concepts else ():
            for node in self.ways.starts(pattern, self._near):
                if node not in best and (found := self._best(pattern, node)) is not None:
                    best[node] = found
        return tuple(best.values())

    def _best(self, pattern: Pattern, node: int) -> Solution | None:
        found = list(islice(self.solutions(pattern, node), SOLUTIONS))
        if not found:
            return None
        # What is chosen by a condition is the exception; what happens otherwise is the rule.
        best = min(found, key=lambda one: (-len(one.bindings), sum(one.guards.values())))
        others = {condition: self._without(pattern, node, best, condition) for condition in best.guards}
        guards = {condition: truth for condition, truth in best.guards.items() if others[condition] is None}
        return best._replace(guards=guards, others=tuple(other for other in others.values() if other is not None))

    def _without(self, pattern: Pattern, node: int, best: Solution, condition: str) -> Solution | None:
        """The largest solution where one condition of the best one does not hold, and all others do."""
        guards = {**best.guards, condition: not best.guards[condition]}
        found = islice(self.solutions(pattern, node, guards), ALTERNATIVES)
        return max(found, key=lambda one: len(one.bindings), default=None)

    @cached_property
    def _near(self) -> Mapping[int, Mapping[int, list[int]]]:
        """The values that are near enough to be the output of an equation, by what they are and are made of."""
        found: dict[int, dict[int, list[int]]] = {}
        for node, (own, reach) in enumerate(zip(self.flow.features, self.flow.reach, strict=True)):
            path = self.flow.path(self.flow.node(node).scope)
            if path is not None and len(path) <= DEPTH:
                found.setdefault(own, {}).setdefault(reach, []).append(node)
        return found
