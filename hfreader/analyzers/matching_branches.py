"""The part of a pattern that takes several layers as one black box: what lies on the way between two values."""

from collections.abc import Callable

from hfreader.analyzers.guards import Guards
from hfreader.analyzers.matching_flow import Flow
from hfreader.analyzers.matching_questions import always_from, learns
from hfreader.analyzers.matching_solutions import Solution
from hfreader.concepts.pattern import Branch

MatchesOf = Callable[[str], tuple[Solution, ...]]


def asked_for(flow: Flow, source: int, top: int) -> Guards:
    """The conditions under which the way from `source` to `top` is taken, beyond those of `top` itself."""
    outer = flow.conditions.get(top, {})
    inner = flow.conditions.get(source, {})
    return {condition: truth for condition, truth in inner.items() if condition not in outer}


def is_setting(flow: Flow, number: int) -> bool:
    """Whether a value is fixed when the model is built."""
    nodes = [flow.node(base) for base in flow.bases(number)]
    return all(node.op in ("attribute", "constant") or flow.path(node.scope) is None for node in nodes)


def inside(
    flow: Flow, matches_of: MatchesOf, pattern: Branch, top: int, source: int, found: Solution
) -> frozenset[int] | None:
    """The nodes on the way from `source` to `top`, None where the branch is not what the pattern says."""
    same = flow.bases(source)
    whole = flow.reached_from(top, users=found.nodes, guards=found.guards)
    starts = frozenset(node for node in whole if flow.bases(node) == same)
    cone = flow.reached_from(top, starts, found.nodes, found.guards)
    if pattern.around is not None:
        around = flow.bases(found.bindings[pattern.around].use.node)
        if any(node in around for node in cone if node not in starts):
            return None
    way = flow.computed_from(starts, cone)
    if not any(learns(flow, node) for node in way) or not _applies(flow, pattern, way):
        return None
    if pattern.without and any(one.bindings["output"].use.node in way for one in matches_of(pattern.without)):
        return None
    if pattern.contains and not any(
        one.bindings["output"].use.node in way
        and _all_from(flow, source, one, pattern.inputs, found.guards)
        and not (pattern.apart and _all_from(flow, source, one, pattern.apart, found.guards))
        for one in matches_of(pattern.contains)
    ):
        return None
    return way


def _applies(flow: Flow, pattern: Branch, way: frozenset[int]) -> bool:
    """Whether a branch has the layers and operations it must have, and none that it must not."""
    used = {name for node in way for name in (flow.node(node).op, *flow.node(node).classes)}
    return used.isdisjoint(pattern.avoids) and not (pattern.applies and used.isdisjoint(pattern.applies))


def _all_from(flow: Flow, source: int, inner: Solution, symbols: tuple[str, ...], guards: Guards) -> bool:
    """Whether the inputs of a match inside come from `source`, whichever branch is taken."""
    return all(always_from(flow, inner.bindings[symbol].use.node, source, guards) for symbol in symbols)
