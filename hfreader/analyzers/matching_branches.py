"""The part of a pattern that takes several layers as one black box: what lies on the way between two values."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cache

from hfreader.analyzers.guards import NO_GUARDS, Guards
from hfreader.analyzers.matching_flow import Flow
from hfreader.analyzers.matching_questions import always_from, learns
from hfreader.analyzers.matching_solutions import Solution
from hfreader.analyzers.matching_ways import Ways
from hfreader.concepts.pattern import Bind, Branch, Pattern

SolutionAt = Callable[[str, int], Solution | None]


@dataclass(slots=True)
class _Cone:
    """What a value is computed from, nearest first; those of it that a pattern can be, and those that are one value."""

    nodes: list[int]
    possible: dict[int, tuple[int, ...]] = field(default_factory=dict)
    same: dict[frozenset[int], tuple[int, ...]] = field(default_factory=dict)


class Branches:
    """Asks a graph for the branches that end in a value."""

    def __init__(self, flow: Flow, ways: Ways) -> None:
        self.flow = flow
        self._ways = ways
        self._settings: dict[int, bool] = {}
        self._learns = cache(lambda node: learns(flow, node))
        self._loops = [one for one in flow.by_op.get("loop", ()) if len(flow.node(one).operands) > 1]
        self._cones: dict[object, _Cone] = {}

    def sources(self, pattern: Branch, top: int, so_far: Solution) -> Iterator[tuple[int, Solution]]:
        """The values from which a branch that ends in `top` can start, nearest first, under the conditions for that."""
        outer = self.flow.conditions.get(top, NO_GUARDS)
        for source in self._possible(pattern.source, so_far, self._cone(top, so_far.nodes, frozenset(), NO_GUARDS)):
            inner = self.flow.conditions.get(source, NO_GUARDS)
            # The conditions under which the way is taken, beyond those of `top` itself.
            asked = {text: truth for text, truth in inner.items() if text not in outer} if inner else inner
            if (here := so_far.under(asked)) is not None:
                yield source, here

    def _cone(self, top: int, users: frozenset[int], stop: frozenset[int], guards: Guards) -> "_Cone":
        """`Flow.reached_from`, which depends on the users only by the loops that they are in."""
        here = users | {top}
        within = tuple(loop for loop in self._loops if not here.isdisjoint(self.flow.body_of(loop)))
        key = (top, within, stop, frozenset(guards.items()))
        if key not in self._cones:
            self._cones[key] = _Cone(self.flow.reached_from(top, stop, users, guards))
        return self._cones[key]

    def _possible(self, pattern: Pattern, so_far: Solution, cone: "_Cone") -> tuple[int, ...]:
        """Those of a cone that a pattern can be, as far as can be asked before it is tried; no settings."""
        if isinstance(pattern, Bind) and pattern.symbol in so_far.bindings:
            found = self._same(cone, self.flow.bases(so_far.bindings[pattern.symbol].use.node))
            return tuple(node for node in found if not self._is_setting(node))
        if id(pattern) not in cone.possible:
            found = tuple(node for node in cone.nodes if self._ways.is_possible(pattern, node, True))
            cone.possible[id(pattern)] = tuple(node for node in found if not self._is_setting(node))
        return cone.possible[id(pattern)]

    def _same(self, cone: "_Cone", bases: frozenset[int]) -> tuple[int, ...]:
        """Those of a cone that are one value."""
        if bases not in cone.same:
            cone.same[bases] = tuple(node for node in cone.nodes if self.flow.bases(node) == bases)
        return cone.same[bases]

    def _is_setting(self, number: int) -> bool:
        """Whether a value is fixed when the model is built."""
        if number not in self._settings:
            nodes = [self.flow.node(base) for base in self.flow.bases(number)]
            self._settings[number] = all(
                node.op in ("attribute", "constant") or self.flow.path(node.scope) is None for node in nodes
            )
        return self._settings[number]

    def inside(
        self, pattern: Branch, top: int, source: int, found: Solution, solution_at: SolutionAt
    ) -> frozenset[int] | None:
        """The nodes on the way from `source` to `top`, None where the branch is not what the pattern says;
        `solution_at` gives that of a concept whose output is a value."""
        whole = self._cone(top, found.nodes, frozenset(), found.guards)
        starts = frozenset(self._same(whole, self.flow.bases(source)))
        cone = self._cone(top, found.nodes, starts, found.guards).nodes
        if pattern.around is not None:
            around = self.flow.bases(found.bindings[pattern.around].use.node)
            if any(node in around for node in cone if node not in starts):
                return None
        way = self.flow.computed_from(starts, cone)
        learned = bool(pattern.contains) or any(map(self._learns, way))
        if not learned or not _applies(self.flow, pattern, way):
            return None
        if any(solution_at(slug, node) is not None for slug in pattern.without for node in way):
            return None
        if pattern.contains and not any(
            (one := solution_at(slug, node)) is not None
            and _all_from(self.flow, source, one, pattern.inputs, found.guards)
            and not (pattern.apart and _all_from(self.flow, source, one, pattern.apart, found.guards))
            for slug in pattern.contains
            for node in way
        ):
            return None
        return way


def _applies(flow: Flow, pattern: Branch, way: frozenset[int]) -> bool:
    """Whether a branch has the layers and operations it must have, and none that it must not."""
    if not pattern.avoids and not pattern.applies:
        return True
    used = {name for node in way for name in (flow.node(node).op, *flow.node(node).classes)}
    return used.isdisjoint(pattern.avoids) and not (pattern.applies and used.isdisjoint(pattern.applies))


def _all_from(flow: Flow, source: int, inner: Solution, symbols: tuple[str, ...], guards: Guards) -> bool:
    """Whether the inputs of a match inside come from `source`, whichever branch is taken."""
    return all(always_from(flow, inner.bindings[symbol].use.node, source, guards) for symbol in symbols)
