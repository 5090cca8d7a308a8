"""The exact conditions of a way in which a pattern fits, where a value is what it is in several ways."""

from functools import reduce

from hfreader.analyzers.guards import NO_GUARDS, Guards, common, consistent, implied
from hfreader.analyzers.matching_flow import Flow
from hfreader.analyzers.matching_solutions import Solution

MOST = 256
"""Steps of looking through a value, after which its ways are not told apart."""


class Conditions:
    """Asks a graph under which conditions all parts of a solution hold together.

    Looking through branches, `Flow` knows of a value that is reached in several ways only what all of them ask for: of
    `if a: if b: v = turned(v)`, nothing for the old `v`. Where another part of the solution asks for `a`, one way alone
    is left, and it asks for `not b`.
    """

    def __init__(self, flow: Flow) -> None:
        self._flow = flow
        self._ways: dict[tuple[int, int], list[Guards]] = {}

    def exact(self, solution: Solution) -> Solution | None:
        """The solution under all that its parts ask for; None where that contradicts itself."""
        guards = solution.guards
        for bound in solution.bindings.values():
            if bound.kind != "value" or (asked := self._asked(bound.use.node, solution.nodes, guards)) is NO_GUARDS:
                continue
            if asked is None or (together := consistent(guards, asked)) is None:
                return None
            guards = together
        return solution if guards is solution.guards else solution._replace(guards=guards)

    def _asked(self, start: int, nodes: frozenset[int], guards: Guards) -> Guards | None:
        """What a value asks for, beyond `guards`, to be one of the operations of a solution; None where it cannot."""
        seen = self._flow.seen_through(start)
        if nodes.isdisjoint(self._flow.several.get(start, ())):
            return NO_GUARDS
        ways = [way for use, _ in seen if use.node in nodes for way in self.ways(start, use.node)]
        known = implied(guards)
        left = [way for way in ways if consistent(known, implied(way)) is not None]
        if not left:
            return None
        more = {text: truth for text, truth in reduce(common, left).items() if text not in known}
        return more or NO_GUARDS

    def ways(self, start: int, goal: int) -> list[Guards]:
        """The conditions of each way from a value to what it is when it is looked through; one without conditions
        where there are too many to be told apart."""
        if (start, goal) not in self._ways:
            self._ways[start, goal] = self._walk(start, goal) or [NO_GUARDS]
        return self._ways[start, goal]

    def _walk(self, start: int, goal: int) -> list[Guards]:
        found: list[Guards] = []
        stack: list[tuple[int, Guards, frozenset[int]]] = [(start, NO_GUARDS, frozenset())]
        for _ in range(MOST):
            if not stack:
                return found
            node, guards, before = stack.pop()
            if node == goal:
                found.append(guards)
                continue
            for inner, condition in self._flow.steps(node):
                together = consistent(guards, condition)
                if together is not None and inner.node not in before:
                    stack.append((inner.node, together, before | {node}))
        return [] if stack else found
