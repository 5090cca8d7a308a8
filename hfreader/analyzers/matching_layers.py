"""Questions about a call of a layer of torch: its class, and how it is constructed."""

from hfreader.analyzers.matching_flow import Flow
from hfreader.analyzers.matching_questions import constructions, is_frozen, is_sized_by, written_alike
from hfreader.concepts.pattern import Layer, Pattern


def is_layer(flow: Flow, pattern: Layer, call: int) -> bool:
    """Whether a node calls a layer that a pattern means, its settings and operands aside."""
    node = flow.node(call)
    classes = set(node.classes) - {"torch.nn.Identity"}
    if node.op != "module" or not classes or not classes <= set(pattern.classes):
        return False
    if pattern.outputs is not None and not is_sized_by(flow, call, pattern.outputs):
        return False
    if pattern.frozen is not None and is_frozen(flow, call) != pattern.frozen:
        return False
    return not (pattern.equal or pattern.settings) or _is_made(flow, pattern, call)


def settings(flow: Flow, pattern: Layer, call: int) -> list[tuple[Pattern, int]]:
    """The patterns of a layer's settings, each with the node it must fit, for every way of constructing the layer."""
    if not pattern.settings:
        return []
    return [(fit, made[name]) for made in constructions(flow, call) for name, fit in pattern.settings]


def _is_made(flow: Flow, pattern: Layer, call: int) -> bool:
    """Whether the settings that a pattern speaks of are given, and equal where they must be, in every way in which the
    layer can be constructed."""
    made = constructions(flow, call)
    wanted = {*(name for name, _ in pattern.settings), *(name for pair in pattern.equal for name in pair)}
    if not made or not all(wanted <= one.keys() for one in made):
        return False
    return all(written_alike(flow, one[a], one[b]) for one in made for a, b in pattern.equal)
