"""Questions about the values of a dataflow graph: which nodes are the same value, where a value is written."""

from collections.abc import Mapping, Sequence

from hfreader.facts.dataflow import Dataflow, Node, Token

AGGREGATES = frozenset({"tuple", "record", "dict"})


def same_value(nodes: Sequence[Node], node: int) -> int:
    """The innermost node that has exactly the value of `node`: through inlined calls to what they return, through
    attributes to what `__init__` gave them, through the unpacking of tuples to the element."""
    for _ in range(len(nodes) + 1):
        inner = _step(nodes, node)
        if inner is None:
            return node
        node = inner
    return node


def _step(nodes: Sequence[Node], node: int) -> int | None:
    value = nodes[node]
    if value.op in ("module", "function", "attribute") and value.body is not None:
        return value.body
    if value.op == "inline" or (value.op in ("phi", "loop") and len(value.operands) == 1):
        return value.operands[0].node if value.operands else None
    if value.op == "unpack":
        return element(nodes, same_value(nodes, value.operands[0].node), value.label)
    return None


def element(nodes: Sequence[Node], aggregate: int, label: str) -> int | None:
    """The element of a known tuple, record or dict by its index or field name, None where it is not known."""
    value = nodes[aggregate]
    if value.op not in AGGREGATES:
        return None
    named = [operand.node for operand in value.operands if operand.keyword == label]
    if named:
        return named[0]
    # A model output leaves out the fields that are None.
    ordered = [one.node for one in value.operands if not (value.op == "record" and nodes[one.node].label == "None")]
    if value.op == "dict" or not label.lstrip("-").isdigit() or any(nodes[one].op == "starred" for one in ordered):
        return None
    index = int(label)
    return ordered[index] if -len(ordered) <= index < len(ordered) else None


def options(nodes: Sequence[Node], node: int) -> tuple[tuple[int, tuple[str, ...]], ...]:
    """Every value that `node` can have by the branches taken, each with the guards under which it has it: `same_value`
    followed through phi nodes, through bodies of several classes and through the unpacking of either."""
    found: list[tuple[int, tuple[str, ...]]] = []
    _options(nodes, node, (), found, set())
    return tuple(found)


def _options(
    nodes: Sequence[Node],
    node: int,
    guards: tuple[str, ...],
    found: list[tuple[int, tuple[str, ...]]],
    seen: set[int],
) -> None:
    node = same_value(nodes, node)
    if node in seen:
        return
    seen.add(node)
    value = nodes[node]
    if value.op == "phi":
        for index, operand in enumerate(value.operands):
            guard = (value.guards[index],) if index < len(value.guards) and value.guards[index] else ()
            _options(nodes, operand.node, (*guards, *guard), found, seen)
    elif value.op == "unpack":
        taken = 0
        for aggregate, inner in options(nodes, value.operands[0].node):
            part = element(nodes, aggregate, value.label)
            if part is not None:
                taken += 1
                _options(nodes, part, (*guards, *inner), found, seen)
        if not taken:
            found.append((node, guards))
    else:
        found.append((node, guards))


def tokens_of(graph: Dataflow, node: int) -> tuple[Token, ...]:
    """Every token that carries the value of `node`, in all scopes."""
    wanted = same_value(graph.nodes, node)
    return tuple(token for token in graph.tokens if same_value(graph.nodes, token.node) == wanted)


def ancestors(graph: Dataflow, node: int) -> frozenset[int]:
    """Every node that took part in computing `node`, itself included; operands, bodies and inits are followed."""
    found: set[int] = set()
    queue = [node]
    while queue:
        current = queue.pop()
        if current in found:
            continue
        found.add(current)
        value = graph.nodes[current]
        if value.op == "unpack":
            queue += _made_of(graph.nodes, value)
            continue
        if value.body is not None:
            queue.append(value.body)
            if value.op in ("module", "function") and _returns(graph.nodes, value.body):
                continue
        queue += [operand.node for operand in value.operands]
    return frozenset(found)


def _made_of(nodes: Sequence[Node], unpack: Node) -> list[int]:
    """What the element that `unpack` takes is made of: by each branch that element alone, as far as it is known."""
    found: list[int] = []
    for aggregate, _ in options(nodes, unpack.operands[0].node):
        part = element(nodes, aggregate, unpack.label)
        value = nodes[aggregate]
        if part is not None:
            found.append(part)
        elif value.op == "cache_update" and unpack.label in ("0", "1") and len(value.operands) > 1:
            named = [operand.node for operand in value.operands if operand.keyword == "cache"]
            found += [value.operands[int(unpack.label)].node, *named]
        else:
            found.append(aggregate)
    return found


def users(graph: Dataflow) -> Mapping[int, Sequence[int]]:
    """For each node those that are computed from it directly, calls from what they are followed to as well."""
    found: dict[int, list[int]] = {}
    for index, value in enumerate(graph.nodes):
        for used in (*(operand.node for operand in value.operands), *(() if value.body is None else (value.body,))):
            found.setdefault(used, []).append(index)
    return found


def dependents(using: Mapping[int, Sequence[int]], node: int) -> frozenset[int]:
    """Every node that `node` took part in computing, itself included; `using` are the `users` of the graph."""
    found: set[int] = set()
    queue = [node]
    while queue:
        current = queue.pop()
        if current not in found:
            found.add(current)
            queue += using.get(current, ())
    return frozenset(found)


def _returns(nodes: Sequence[Node], body: int) -> bool:
    """Whether a body is followed to what it returns, so that the call's arguments are reached through it."""
    value = nodes[body]
    return all(nodes[one.node].op == "inline" for one in value.operands) if value.op == "phi" else True
