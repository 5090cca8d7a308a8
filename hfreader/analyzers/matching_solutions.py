"""A way in which a pattern fits a dataflow graph."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Literal

from hfreader.analyzers.guards import Guards, consistent
from hfreader.analyzers.matching_flow import Use


@dataclass(frozen=True)
class Bound:
    """What a symbol stands for. `computed` are the operations that compute the value, where the pattern names them."""

    kind: Literal["value", "module"]
    use: Use
    computed: frozenset[int] = frozenset()


@dataclass(frozen=True)
class Solution:
    """A way in which a pattern fits. `nodes` are its operations; `inside` those taken as black boxes."""

    bindings: Mapping[str, Bound] = field(default_factory=dict)
    nodes: frozenset[int] = frozenset()
    inside: frozenset[int] = frozenset()
    guards: Guards = field(default_factory=dict)

    def at(self, node: int, guards: Guards) -> "Solution | None":
        """With one more operation, found under `guards`; None where these contradict what holds already."""
        together = consistent(self.guards, guards)
        return None if together is None else replace(self, nodes=self.nodes | {node}, guards=together)

    def under(self, guards: Guards) -> "Solution | None":
        """With further conditions."""
        together = consistent(self.guards, guards)
        return None if together is None else replace(self, guards=together)
