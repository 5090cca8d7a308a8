"""The values at which the search for a pattern can begin, found without asking each of them."""

from collections.abc import Iterator

from hfreader.analyzers.matching_flow import Flow
from hfreader.analyzers.matching_needs import Need


class Candidates:
    """The values of a graph that lie at most `levels` submodules deep and in no `__init__`: by what they are, and by
    what they are made of (`hfreader.analyzers.matching_features`)."""

    def __init__(self, flow: Flow, levels: int) -> None:
        self._alike: dict[int, dict[int, list[int]]] = {}
        self._shown: dict[tuple[int, ...], list[dict[int, list[int]]]] = {}
        for node, (own, reach) in enumerate(zip(flow.features, flow.reach, strict=True)):
            if flow.depths[node] <= levels:
                self._alike.setdefault(own, {}).setdefault(reach, []).append(node)

    def having(self, need: Need) -> Iterator[int]:
        """Those that have, as they stand, what a pattern needs."""
        if need.shown not in self._shown:
            fitting = (alike for own, alike in self._alike.items() if all(map(own.__and__, need.shown)))
            self._shown[need.shown] = list(fitting)
        for alike in self._shown[need.shown]:
            for reach, nodes in alike.items():
                if all(map(reach.__and__, need.made_of)):
                    yield from nodes
