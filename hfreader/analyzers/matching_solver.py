"""The solutions of concepts: the best way in which a concept fits each value of a dataflow graph."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from functools import cached_property
from itertools import islice
from math import inf

from hfreader.analyzers.matching_candidates import Candidates
from hfreader.analyzers.matching_conditions import Conditions
from hfreader.analyzers.matching_flow import Flow
from hfreader.analyzers.matching_needs import Needs
from hfreader.analyzers.matching_search import Search
from hfreader.analyzers.matching_solutions import Solution
from hfreader.concepts.model import Concept
from hfreader.concepts.pattern import Pattern

# How many submodules deep the output of an equation may lie below the class that it belongs to: further down, what a
# class adds to the equation of a submodule is a setting of it.
LEVELS = 1
SOLUTIONS, ALTERNATIVES = 64, 8


class Solver(Search):
    """Adds the concepts to the search in one graph. A concept is looked for where it is asked for: of the submodules'
    equations, those alone are found that are part of another one."""

    def __init__(self, flow: Flow, concepts: Mapping[str, Concept], needs: Needs) -> None:
        super().__init__(flow, needs)
        self.concepts = concepts
        self._conditions = Conditions(flow)
        self._at: defaultdict[str, dict[int, Solution | None]] = defaultdict(dict)
        self._outputs: dict[str, Mapping[int, Solution]] = {}

    def solutions_of(self, slug: str) -> tuple[Solution, ...]:
        """The best solution for each output of a concept that is near enough to belong to the root."""
        if not self._needs.begins_with_output(slug):
            return tuple(self._all_outputs(slug).values())
        patterns = self._patterns(slug)
        nodes = dict.fromkeys(node for pattern in patterns for node in self.ways.starts(pattern, self._near))
        found = (self.solution_at(slug, node) for node in nodes)
        return tuple(one for one in found if one is not None)

    def solution_at(self, slug: str, node: int) -> Solution | None:
        """The best solution of a concept whose output is a value; None where there is none."""
        if not self._needs.begins_with_output(slug):
            return self._all_outputs(slug).get(node)
        known = self._at[slug]
        if node not in known:
            known[node] = self._solve(self._patterns(slug), node) if self.flow.depths[node] < inf else None
        return known[node]

    def _patterns(self, slug: str) -> tuple[Pattern, ...]:
        return self.concepts[slug].patterns if slug in self.concepts else ()

    def _all_outputs(self, slug: str) -> Mapping[int, Solution]:
        """The solutions of a concept by their outputs, where a pattern begins at another part of the equation."""
        if slug not in self._outputs:
            patterns = self._patterns(slug)
            nodes = dict.fromkeys(node for pattern in patterns for node in self.ways.starts(pattern, self._computed))
            found = [one for node in nodes if (one := self._solve(patterns, node)) is not None]
            self._outputs[slug] = {one.bindings["output"].use.node: one for one in reversed(found)}
        return self._outputs[slug]

    def _solve(self, patterns: Iterable[Pattern], node: int) -> Solution | None:
        """The best solution of the first pattern that fits at a node."""
        possible = (pattern for pattern in patterns if self.ways.is_possible(pattern, node, exact=True))
        return next((best for pattern in possible if (best := self._best(pattern, node)) is not None), None)

    def _best(self, pattern: Pattern, node: int) -> Solution | None:
        found = self._exact(islice(self.solutions(pattern, node), SOLUTIONS))
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
        found = self._exact(islice(self.solutions(pattern, node, guards), ALTERNATIVES))
        return max(found, key=lambda one: len(one.bindings), default=None)

    def _exact(self, found: Iterable[Solution]) -> list[Solution]:
        return [one for each in found if (one := self._conditions.exact(each)) is not None]

    @cached_property
    def _near(self) -> Candidates:
        """The values that are near enough to be the output of an equation of the root."""
        return Candidates(self.flow, LEVELS)

    @cached_property
    def _computed(self) -> Candidates:
        """All values but those of an `__init__`."""
        return Candidates(self.flow, len(self.flow.graph.nodes))
