"""Where the values of a diagram's boxes come from, with plumbing between the boxes left out."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from hfreader.analyzers.operations import MASK_BUILDERS, is_transparent
from hfreader.analyzers.values import dependents, element, same_value, users
from hfreader.facts.dataflow import ROOT, Dataflow, Node

# Operations that a reader looks for in a diagram.
_SHOWN = """
matmul baddbmm addmm einsum linear bilinear embedding add sub mul div pow neg abs sqrt rsqrt square reciprocal exp
log sin cos tan tanh sigmoid logsigmoid erf softmax log_softmax relu relu6 leaky_relu elu selu celu gelu silu mish
softplus softsign hardtanh hardswish glu prelu logsumexp sum mean prod var std norm vector_norm normalize
cosine_similarity cdist layer_norm rms_norm group_norm batch_norm instance_norm max min amax amin argmax maximum
minimum sort topk cumsum cumprod clamp where masked_fill masked_scatter gather scatter scatter_add index_select
index_add one_hot cat stack roll tril triu pad interpolate conv1d conv2d conv3d conv_transpose1d conv_transpose2d
max_pool1d max_pool2d avg_pool1d avg_pool2d adaptive_avg_pool1d adaptive_avg_pool2d scaled_dot_product_attention
flash_attention multi_head_attention_forward cross_entropy mse_loss binary_cross_entropy_with_logits ctc_loss lerp
polar fft ifft rfft irfft fftn
"""
SHOWN = frozenset(_SHOWN.split()) | frozenset(MASK_BUILDERS.values())
# What makes a function worth opening.
WORTH = frozenset(
    {"matmul", "baddbmm", "einsum", "softmax", "scaled_dot_product_attention", "flash_attention", "module"}
)
# Values of which only the first operand is data.
FIRST_ONLY = frozenset({"item", "setitem", "unpack", "split", "chunk", "unbind", "element"})
NO_DATA = frozenset(
    {"constant", "size", "dim", "numel", "slice", "opaque", "dict", "arange", "zeros", "ones", "empty", "full", "finfo"}
)


@dataclass(frozen=True)
class Loop:
    """The value that a loop carries round, as a source."""

    node: int


Source = int | Loop


def is_shown_operation(node: Node) -> bool:
    """Whether a tensor operation gets a box."""
    return node.op in SHOWN


def _within(graph: Dataflow, body: int) -> list[int]:
    """The nodes that live in a body, and in what it inlines."""
    inner = graph.nodes[body]
    scopes = {body} if inner.op == "inline" else {operand.node for operand in inner.operands}
    found = []
    for index in range(min(scopes), len(graph.nodes)):
        if graph.nodes[index].scope in scopes:
            found.append(index)
            if graph.nodes[index].op == "inline":
                scopes.add(index)
    return found


@dataclass
class Sources:
    """Asks a graph which boxes a value comes from. `detail`: `functions` opens functions that hold mathematics,
    `operations` leaves them closed, `modules` shows no operations at all."""

    graph: Dataflow
    detail: str
    _found: dict[int, tuple[Source, ...]] = field(default_factory=dict)
    _inside: dict[int, frozenset[int]] = field(default_factory=dict)
    _opened: dict[int, bool] = field(default_factory=dict)
    _tensors: frozenset[int] | None = None

    @cached_property
    def _users(self) -> Mapping[int, Sequence[int]]:
        return users(self.graph)

    def of(self, node: int) -> tuple[Source, ...]:
        """The boxes (graph nodes) and loops that a value comes from."""
        if node not in self._found:
            self._found[node] = ()
            self._found[node] = tuple(dict.fromkeys(self._of(node)))
        return self._found[node]

    def _of(self, node: int) -> list[Source]:
        value = self.graph.nodes[node]
        if value.op == "loop" and len(value.operands) == 2:
            return [Loop(node)]
        if value.op == "parameter":
            return [node] if self._is_input(node) else []
        if value.op == "attribute":
            return self._of_attribute(node, value)
        if value.op in NO_DATA:
            return []
        if value.op == "unpack":
            return self._of_element(node, value)
        if self._is_box(node, value):
            return [node]
        if value.op == "call":
            return []
        if value.body is not None:
            return list(self.of(value.body))
        operands = value.operands[:1] if value.op in FIRST_ONLY or is_transparent(value) else value.operands
        if value.op == "cache_update":
            operands = value.operands[:2]
        return [one for operand in operands for one in self.of(operand.node)]

    def _of_attribute(self, node: int, value: Node) -> list[Source]:
        inner = self.graph.nodes[same_value(self.graph.nodes, node)]
        if inner.op in ("learned", "buffer"):
            return [node]
        if value.body is not None:
            return []
        # A field of what a parameter holds (a cache, a config) is no data that flows from the caller.
        found = [one for operand in value.operands[:1] for one in self.of(operand.node)]
        return [one for one in found if isinstance(one, Loop) or self.graph.nodes[one].op != "parameter"]

    def _of_element(self, node: int, value: Node) -> list[Source]:
        aggregate = value.operands[0].node
        inner = same_value(self.graph.nodes, aggregate)
        closed = self._is_box(aggregate, self.graph.nodes[aggregate])
        if not closed and (known := element(self.graph.nodes, inner, value.label)) is not None:
            return list(self.of(known))
        if self.graph.nodes[inner].op == "cache_update" and value.label in ("0", "1"):
            return list(self.of(self.graph.nodes[inner].operands[int(value.label)].node))
        if not closed and self.graph.nodes[inner].op == "phi":
            choices = [same_value(self.graph.nodes, one.node) for one in self.graph.nodes[inner].operands]
            parts = [element(self.graph.nodes, choice, value.label) for choice in choices]
            if any(part is not None for part in parts):
                return [one for part in parts if part is not None for one in self.of(part)]
        return list(self.of(aggregate))

    def _is_box(self, node: int, value: Node) -> bool:
        if value.op == "module":
            return not is_transparent(value)
        if value.op == "function":
            return not self._is_opened(node, value) and bool(self.into(node))
        if value.op == "call":
            makes_object = value.label.rpartition(".")[2][:1].isupper()
            return not makes_object and not self._is_method_call(value) and bool(self.into(node))
        return self.detail != "modules" and is_shown_operation(value) and bool(self.into(node))

    def _is_opened(self, node: int, value: Node) -> bool:
        """Whether a reader wants to see what is inside an inlined function: its mathematics, or only plumbing."""
        if node not in self._opened:
            self._opened[node] = False
            inside = [] if value.body is None else _within(self.graph, value.body)
            boxes = [one for one in inside if self._is_box(one, self.graph.nodes[one])]
            own_method = value.registry is None and value.label.startswith("self.")
            wanted = own_method or self.detail == "functions"
            worth = any(self.graph.nodes[one].op in WORTH for one in boxes)
            self._opened[node] = value.body is not None and (not boxes or (wanted and worth))
        return self._opened[node]

    def _is_method_call(self, value: Node) -> bool:
        first = value.operands[0].span if value.operands else None
        if first is None or value.span is None:
            return True
        return (first.line, first.column) == (value.span.line, value.span.column)

    def into(self, box: int) -> tuple[Source, ...]:
        """The boxes and loops that flow into a box."""
        operands = self.graph.nodes[box].operands
        return tuple(dict.fromkeys(one for operand in operands for one in self.of(operand.node)))

    def of_loop(self, loop: int) -> tuple[tuple[Source, ...], tuple[Source, ...]]:
        """What flows into a loop at first, and what comes back after one pass."""
        first, again = self.graph.nodes[loop].operands
        return self.of(first.node), self.of(again.node)

    def inside(self, loop: int, node: int) -> bool:
        """Whether a node is part of one pass of a loop: what the loop carries goes into it, and it goes round."""
        if loop not in self._inside:
            self._inside[loop] = frozenset(self._behind(loop)) & dependents(self._users, loop)
        return node in self._inside[loop]

    def _behind(self, loop: int) -> set[int]:
        """All that the value after one pass is made of, calls taken whole."""
        found: set[int] = set()
        queue = [self.graph.nodes[loop].operands[1].node]
        while queue:
            current = queue.pop()
            if current not in found:
                found.add(current)
                value = self.graph.nodes[current]
                queue += [operand.node for operand in value.operands]
                queue += [] if value.body is None else [value.body]
        return found

    def plumbing(self, box: int) -> tuple[int, ...]:
        """Values made of a box's value by plumbing alone, nearest first."""
        found = [same_value(self.graph.nodes, box)]
        for index, value in enumerate(self.graph.nodes):
            if index > box and is_transparent(value) and value.operands:
                first = same_value(self.graph.nodes, value.operands[0].node)
                if first in found:
                    found.append(index)
        return tuple(found[1:])

    def _is_input(self, node: int) -> bool:
        """Whether a parameter of the root carries data: some operation computes with it."""
        if self.graph.nodes[node].scope != ROOT or self.graph.nodes[node].span is None:
            return False
        if self._tensors is None:
            self._tensors = self._computed_with()
        return node in self._tensors

    def _computed_with(self) -> frozenset[int]:
        """Every value that a tensor operation or a torch module takes as data, and what that value is made of by
        choice or plumbing."""
        used: set[int] = set()
        queue = [
            operand.node
            for value in self.graph.nodes
            if is_shown_operation(value) or is_transparent(value) or (value.op == "module" and value.body is None)
            for operand in value.operands
            if operand.keyword is None or value.op in MASK_BUILDERS.values()
        ]
        while queue:
            node = queue.pop()
            if node in used:
                continue
            used.add(node)
            value = self.graph.nodes[node]
            if value.op in ("phi", "loop", "unpack", "item", "tuple") or is_transparent(value):
                queue += [operand.node for operand in value.operands]
        return frozenset(used)
