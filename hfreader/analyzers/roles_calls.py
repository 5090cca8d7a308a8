"""What a class composes: the submodules that its method calls, in order, what feeds them, what is done beside them."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from hfreader.analyzers.matching_flow import Flow
from hfreader.analyzers.operations import SHAPES, TRANSPARENT, is_transparent
from hfreader.analyzers.roles_wiring import wiring
from hfreader.analyzers.signatures import SIGNATURES
from hfreader.facts.dataflow import Node
from hfreader.facts.mapping import Computing
from hfreader.facts.places import Place

# Operations that pick, place or compare values and compute none.
_MOVES = """
cat stack split chunk unbind item narrow select index_select gather take_along_dim repeat repeat_interleave tile
roll flip pad unfold slice setitem tensor_split hsplit vsplit broadcast_tensors meshgrid tolist numpy tril triu
eq ne lt le gt ge is is_not in not_in and or not bitwise_and bitwise_or bitwise_xor bitwise_not logical_and
logical_or logical_not all any isnan isinf equal allclose as_tensor tensor scalar_tensor full_like zero copy
nonzero masked_select unique numel any requires_grad manual_seed is_tensor autocast no_grad
"""
MOVES = frozenset(_MOVES.split())


# Modules of torch that compute nothing themselves.
CARRIERS = frozenset(f"torch.nn.{name}" for name in ("Identity", "Sequential", "ModuleList", "ZeroPad1d", "ZeroPad2d"))

# What `__init__` is given: of it nothing is known, and it is no tensor that flows.
GIVEN = "arguments of __init__"


@dataclass(frozen=True)
class ChildCall:
    """One call of a submodule in the method itself.

    node      the call in the graph.
    fed       for each argument, the earlier calls from whose results it is computed, and whether anything else that is
              no setting takes part; arguments that are settings are left out.
    repeated  called in a loop, its result carried to the next pass.
    returned  the method returns its result, alone or inside what it returns.
    """

    node: int
    attribute: str
    classes: tuple[str, ...]
    place: Place
    fed: tuple[frozenset[int], ...]
    repeated: bool
    returned: bool


@dataclass(frozen=True)
class Composition:
    """What one method composes: its calls in order, its own tensor operations by name, the operations of any kind, and
    how the calls are connected (see `Role.wiring`)."""

    owner: str
    function: str
    place: Place
    calls: tuple[ChildCall, ...]
    computes: tuple[str, ...]
    uses: frozenset[str]
    wiring: str | None = None

    @property
    def computing(self) -> Computing | None:
        """The method as one that computes, None where it only passes values on."""
        return Computing(self.owner, self.function, self.computes) if self.computes else None


def composition(flow: Flow) -> Composition:
    """What the root function of a graph composes."""
    own = [number for number, node in enumerate(flow.graph.nodes) if flow.path(node.scope) == ()]
    calls = [number for number in own if is_child_call(flow.node(number))]
    graph = flow.graph
    return Composition(
        graph.owner,
        graph.function,
        graph.place,
        tuple(_child_calls(flow, calls)),
        tuple(dict.fromkeys(name for number in _without_losses(flow, own) if (name := _computed(flow, number)))),
        frozenset(use for number in own for use in _uses(flow, flow.node(number))),
        wiring(flow),
    )


def _uses(flow: Flow, node: Node) -> Iterator[str]:
    """The operation, what an attribute that it reads is, and what the library's loss function is told by name."""
    yield node.op
    if node.op == "attribute" and node.body is not None and not _is_given(flow, flow.node(node.body)):
        yield flow.node(node.body).op
    if node.op == "call" and node.label.endswith("loss_function"):
        yield from (f"loss_function({one.keyword})" for one in node.operands if one.keyword)


def _is_given(flow: Flow, value: Node) -> bool:
    """Whether a value is an argument of `__init__` as it is, of which nothing is known."""
    return value.op == "opaque" and [flow.node(one.node).label for one in value.operands] == [GIVEN]


def _without_losses(flow: Flow, own: list[int]) -> list[int]:
    """The nodes but those that compute a loss, or something from one: a loss is no part of what a model returns for
    its inputs."""
    losses = frozenset(number for number, node in enumerate(flow.graph.nodes) if _is_loss(node))
    after = flow.computed_from(losses, range(len(flow.graph.nodes))) if losses else frozenset()
    return [number for number in own if number not in losses and number not in after]


def _is_loss(node: Node) -> bool:
    if node.op == "module":
        return bool(node.classes) and all(
            name.startswith("torch.nn.") and name.endswith("Loss") for name in node.classes
        )
    return node.op.endswith("_loss") or node.op in ("cross_entropy", "binary_cross_entropy_with_logits")


def is_child_call(node: Node) -> bool:
    """Whether a node calls a submodule that does something: no dropout, no loss."""
    return node.op == "module" and node.span is not None and not _is_loss(node) and not is_transparent(node)


def _child_calls(flow: Flow, calls: list[int]) -> Iterator[ChildCall]:
    inside = _inside(flow)
    loops = [loop for loop in flow.by_op.get("loop", ()) if flow.path(flow.node(loop).scope) == ()]
    carried = frozenset(inside.get(node, node) for loop in loops for node in flow.body_of(loop))
    returned = {use.node for one in flow.returned for use, _ in flow.seen_as(flow.use_of(one))}
    for number in calls:
        node = flow.node(number)
        assert node.span is not None
        yield ChildCall(
            number,
            node.label.removeprefix("self."),
            node.classes,
            Place(flow.graph.file_of(node.scope), node.span),
            tuple(
                _fed(flow, one.node, frozenset(calls), inside) - {number}
                for one in node.operands
                if not _is_setting(flow, one.node)
            ),
            number in carried,
            number in returned,
        )


def _inside(flow: Flow) -> dict[int, int]:
    """For every value inside a submodule, the call in the method itself through which it is reached: an element of a
    tuple that a submodule returns is such a value."""
    paths = ((number, flow.path(node.scope)) for number, node in enumerate(flow.graph.nodes))
    return {number: path[0] for number, path in paths if path}


def _fed(flow: Flow, argument: int, calls: frozenset[int], inside: Mapping[int, int]) -> frozenset[int]:
    """The calls from whose results an argument is computed with no other call between."""
    reached = flow.reached_from(argument, calls.union(inside))
    return calls.intersection(inside.get(number, number) for number in reached)


def _is_setting(flow: Flow, number: int) -> bool:
    nodes = [flow.node(base) for base in flow.bases(number)]
    return all(node.op in ("attribute", "constant") or node.number is not None for node in nodes)


def _computed(flow: Flow, number: int) -> str | None:
    """The name of the tensor operation that a node is, None where it computes nothing or plain numbers only."""
    node = flow.node(number)
    if node.op == "module":
        torch = [name for name in node.classes if name.startswith("torch.nn.") and name not in CARRIERS]
        return torch[0] if torch and not is_transparent(node) else None
    if node.op not in SIGNATURES or node.op in SHAPES or node.op in TRANSPARENT or node.op in MOVES:
        return None
    return node.op if any(_is_tensor(flow, one.node, set()) for one in node.operands) else None


def _is_tensor(flow: Flow, number: int, done: set[int]) -> bool:
    """Whether a value's numbers come from a tensor: not from settings, constants and sizes alone."""
    if number in done:
        return False
    done.add(number)
    node = flow.node(number)
    if node.number is not None or node.op in SHAPES or node.op == "constant":
        return False
    if node.op in ("parameter", "module", "learned", "buffer"):
        return node.label != GIVEN
    if node.op == "attribute":
        return node.body is not None and _is_tensor(flow, node.body, done)
    return any(_is_tensor(flow, one, done) for one in flow.sources(number))
