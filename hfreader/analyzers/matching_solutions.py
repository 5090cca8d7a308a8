"""A way in which a pattern fits a dataflow graph."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Literal, NamedTuple

from hfreader.analyzers.guards import NO_GUARDS, Guards, consistent
from hfreader.analyzers.matching_flow import Use


class Bound(NamedTuple):
    """What a symbol stands for. `computed` are the operations that compute the value, where the pattern names them."""

    kind: Literal["value", "module"]
    use: Use
    computed: frozenset[int] = frozenset()


class Solution(NamedTuple):
    """A way in which a pattern fits. `nodes` are its operations; `inside` those taken as black boxes; `others` are ways
    in which it fits where one of the conditions of this one does not hold."""

    bindings: Mapping[str, Bound] = MappingProxyType({})
    nodes: frozenset[int] = frozenset()
    inside: frozenset[int] = frozenset()
    guards: Guards = NO_GUARDS
    others: "tuple[Solution, ...]" = ()

    def at(self, nodes: frozenset[int], guards: Guards) -> "Solution | None":
        """With more operations, found under `guards`; None where these contradict what holds already."""
        together = consistent(self.guards, guards)
        return None if together is None else Solution(self.bindings, self.nodes | nodes, self.inside, together)

    def under(self, guards: Guards) -> "Solution | None":
        """With further conditions."""
        if not guards:
            return self
        together = consistent(self.guards, guards)
        return None if together is None else self._replace(guards=together)

    def binding(self, symbol: str, bound: Bound) -> "Solution":
        """With one more symbol."""
        return self._replace(bindings={**self.bindings, symbol: bound})
