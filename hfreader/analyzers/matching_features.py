"""Which operations a value is computed from. Sets of operations are whole numbers, so that a question is one `&`."""

from collections import defaultdict
from collections.abc import Iterable, Sequence

from hfreader.facts.dataflow import Node

_BITS: defaultdict[str, int] = defaultdict(lambda: 1 << len(_BITS))


def bits(features: Iterable[str]) -> int:
    """The set of some features as a number. A feature is an operation, or `module` and a class."""
    total = 0
    for feature in features:
        total |= _BITS[feature]
    return total


def features(node: Node) -> int:
    """What a node is."""
    if node.op == "module":
        return bits(("module", *(f"module {name}" for name in node.classes)))
    if node.op == "call":
        return bits((node.op, f"call {node.label}", *((f"call {node.registry}",) if node.registry else ())))
    return bits((node.op,))


def reach(nodes: Sequence[Node], own: Sequence[int]) -> list[int]:
    """For each node the features of all that it is computed from, itself included; `own` are those of each alone."""
    # A call is looked at right after its body: what comes later only goes back around loops.
    order = sorted(range(len(nodes)), key=lambda number: (max(number, nodes[number].body or 0), -number))
    edges = [(number, _edges(nodes[number])) for number in order]
    found = list(own)
    changed = True
    while changed:
        changed = False
        for number, used in edges:
            total = found[number]
            for one in used:
                total |= found[one]
            if total != found[number]:
                found[number] = total
                changed = True
    return found


def _edges(node: Node) -> tuple[int, ...]:
    operands = tuple(operand.node for operand in node.operands)
    return operands if node.body is None else (*operands, node.body)
