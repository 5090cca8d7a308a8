"""Questions that patterns ask about single values: is it a plain number, an activation, where does it come from."""

from msgspec.structs import replace

from hfreader.analyzers.guards import Guards
from hfreader.analyzers.matching_flow import Flow, Use
from hfreader.analyzers.operations import CONSTRUCTORS, TRANSPARENT_MODULES
from hfreader.concepts.pattern import DerivedFrom
from hfreader.facts.dataflow import ROOT, Node

ACTIVATIONS = frozenset(
    [
        "relu",
        "relu6",
        "leaky_relu",
        "elu",
        "selu",
        "celu",
        "gelu",
        "silu",
        "mish",
        "hardswish",
        "softplus",
        "activation",
    ]
)
ACTIVATION_LAYERS = frozenset(
    f"torch.nn.{name}"
    for name in ["ReLU", "ReLU6", "LeakyReLU", "ELU", "SELU", "CELU", "GELU", "SiLU", "Mish", "Hardswish", "Softplus"]
)
ARITHMETIC = frozenset(
    [
        "add",
        "sub",
        "mul",
        "div",
        "floor_divide",
        "pow",
        "sqrt",
        "rsqrt",
        "neg",
        "reciprocal",
        "float",
        "int",
        "log",
        "item",
        "max",
        "min",
        "abs",
    ]
)
STRUCTURE = frozenset({"phi", "inline", "unpack", "opaque", "item", "and", "or"})
CONVERSIONS = frozenset({"int", "float", "get", "getattr", "max", "min", "len", "round", "math.sqrt"})


def is_activation(flow: Flow, number: int) -> bool:
    """Whether a node applies a pointwise non-linearity, or one that only the config knows."""
    node = flow.node(number)
    if not node.operands:
        return False
    if node.op != "module":
        return node.op in ACTIVATIONS
    # A non-linearity that may be left out is one still.
    classes = [name for name in node.classes if name not in TRANSPARENT_MODULES]
    if not classes:
        callee = flow.callee(number)
        seen = () if callee is None else flow.seen_as(flow.use_of(callee))
        return any(_gives_activation(flow.node(use.node)) for use, _ in seen)
    return all(map(_is_activation_layer, classes))


def _is_activation_layer(name: str) -> bool:
    return name in ACTIVATION_LAYERS or name.startswith("transformers.activations.")


def _gives_activation(node: Node) -> bool:
    """Whether a node is the table of activations, or what a function beside that table gives."""
    return node.op == "activation_table" or (node.callee is not None and node.callee.file == "activations.py")


def constructions(flow: Flow, call: int) -> list[dict[str, int]]:
    """For each expression that can make the submodule of a call: its arguments by torch's names for them."""
    node, callee = flow.node(call), flow.callee(call)
    names: tuple[str, ...] = next((CONSTRUCTORS[name] for name in node.classes if name in CONSTRUCTORS), ())
    made = [flow.node(base) for base in flow.bases(callee)] if callee is not None else []
    return [
        {name: one.node for name, one in zip(names, one.operands, strict=False) if one.keyword is None}
        | {one.keyword: one.node for one in one.operands if one.keyword}
        for one in made
        if one.op == "call"
    ]


def is_frozen(flow: Flow, call: int) -> bool:
    """Whether the parameters of a submodule are kept from learning: it is made so, or told so in `__init__`."""
    if flow.node(call).label.startswith("super()."):
        parents = [flow.node(number) for number in flow.by_op.get("call", ()) if _makes_parent(flow, number)]
        made = [one for parent in parents for one in parent.operands]
        return any(one.keyword == "_freeze" and flow.node(one.node).label == "True" for one in made)
    callee = flow.callee(call)
    told = [flow.node(number).operands for number in flow.by_op.get("requires_grad_", ())]
    return callee is not None and any(
        len(operands) > 1 and flow.node(operands[1].node).label == "False" and flow.carries(operands[0].node, callee)
        for operands in told
    )


def _makes_parent(flow: Flow, number: int) -> bool:
    return flow.node(number).label == "super().__init__"


def is_sized_by(flow: Flow, call: int, field: str) -> bool:
    """Whether the number of outputs of a linear map is a field of the config."""
    sizes = [made["out_features"] for made in constructions(flow, call) if "out_features" in made]
    return any(flow.node(base).label.endswith(f".{field}") for size in sizes for base in flow.bases(size))


def written_alike(flow: Flow, one: int, other: int, depth: int = 8) -> bool:
    """Whether two settings are the same number, the same value, or the same expression of such."""
    if one == other or flow.bases(one) == flow.bases(other):
        return True
    left, right = flow.node(one), flow.node(other)
    if left.number is not None or right.number is not None:
        return left.number == right.number
    alike = (left.op, left.label, len(left.operands)) == (right.op, right.label, len(right.operands))
    known = left.op in ("attribute", "tuple", "unpack") or left.op in ARITHMETIC
    return (
        alike
        and known
        and depth > 0
        and bool(left.operands)
        and all(
            written_alike(flow, a.node, b.node, depth - 1) for a, b in zip(left.operands, right.operands, strict=True)
        )
    )


def is_plain_call(node: Node) -> bool:
    """Whether the callee alone, applied to one operand, is the operation: `F.relu(x)`, not `x.relu()`."""
    if node.made is not None or node.span is None or node.token is None or len(node.operands) != 1:
        return node.made is not None
    return (node.span.line, node.span.column) == (node.token.line, node.token.column)


def is_scalar(flow: Flow, number: int) -> bool:
    """Whether a value is a plain number other than 1, made of constants, settings, sizes and the root's parameters."""
    return flow.node(number).number != 1.0 and _is_scalar(flow, number, set())


def _is_scalar(flow: Flow, number: int, done: set[int]) -> bool:
    if number in done:
        return True
    done.add(number)
    node = flow.node(number)
    if node.number is not None or node.op in ("constant", "size"):
        return True
    if node.op in ("attribute", "function"):
        return node.op == "attribute" if node.body is None else _is_scalar(flow, node.body, done)
    if node.op == "parameter":
        return node.scope == ROOT
    known = node.op in ARITHMETIC or node.op in STRUCTURE or (node.op == "call" and node.label in CONVERSIONS)
    return known and all(_is_scalar(flow, one.node, done) for one in node.operands)


def is_first_position(flow: Flow, node: Node) -> bool:
    """Whether a subscript's index is `:, 0`, with or without further full slices."""
    if node.op != "item" or len(node.operands) != 2:
        return False
    index = flow.node(node.operands[1].node)
    parts = [flow.node(one.node) for one in index.operands] if index.op == "tuple" else []
    if len(parts) < 2 or parts[1].number != 0:
        return False
    return all(part.label == "..." or (part.op == "slice" and not part.operands) for part in (*parts[:1], *parts[2:]))


def last_slice(flow: Flow, node: Node) -> Node | None:
    """The slice of the last dimension that a subscript takes, all else kept; None for any other node."""
    if node.op != "item" or len(node.operands) != 2:
        return None
    index = flow.node(node.operands[1].node)
    parts = [flow.node(one.node) for one in index.operands] if index.op == "tuple" else []
    if len(parts) < 2 or parts[-1].op != "slice" or not parts[-1].operands:
        return None
    kept = all(part.label == "..." or (part.op == "slice" and not part.operands) for part in parts[:-1])
    return parts[-1] if kept else None


def side_by_side(flow: Flow, node: Node) -> tuple[Use, Use] | None:
    """Two values joined in the last dimension, by `cat` or by writing each into its columns of a new tensor."""
    if node.op == "cat":
        parts = [one for one in node.operands if one.keyword is None]
        dims = [flow.node(one.node).number for one in node.operands if one.keyword == "dim"]
        if len(parts) == 2 and dims and dims[0] in (-1, 3):
            return Use(parts[0].node, parts[0].span, node.scope), Use(parts[1].node, parts[1].span, node.scope)
        return None
    if node.op != "setitem" or flow.node(node.operands[0].node).op != "setitem":
        return None
    inner = flow.node(node.operands[0].node)
    bounds = [_last_bounds(flow, one) for one in (inner, node)]
    new = flow.node(inner.operands[0].node).op in ("new_empty", "empty", "empty_like", "new_zeros", "zeros")
    return (_written(flow, inner), _written(flow, node)) if new and bounds == [{"stop"}, {"start"}] else None


def _last_bounds(flow: Flow, node: Node) -> set[str | None]:
    """The bounds of the columns that an assignment to a subscript writes."""
    part = last_slice(flow, replace(node, op="item", operands=node.operands[:2]))
    return set() if part is None else {one.keyword for one in part.operands}


def _written(flow: Flow, node: Node) -> Use:
    """What an assignment to a subscript writes."""
    value = flow.node(node.operands[2].node)
    source, scope = (value.operands[1], value.scope) if value.op == "copy" else (node.operands[2], node.scope)
    return Use(source.node, source.span, scope)


def selected(flow: Flow, node: Node) -> int | None:
    """The constant index that a subscript takes in one dimension, all else kept; None for any other node."""
    if node.op != "item" or len(node.operands) != 2:
        return None
    index = flow.node(node.operands[1].node)
    parts = [flow.node(one.node) for one in index.operands] if index.op == "tuple" else []
    rest = [part for part in parts if not (part.label == "..." or (part.op == "slice" and not part.operands))]
    return int(rest[0].number) if len(parts) > 1 and len(rest) == 1 and rest[0].number is not None else None


def same_letters(written: str, equation: str) -> bool:
    """Whether two einsum equations are one up to the choice of letters; `written` is a constant's source text."""
    return _renamed(written.strip("'\"")) == _renamed(equation)


def factors(flow: Flow, node: Node) -> tuple[Use, ...]:
    """The operands of an einsum, one by one or in a list."""
    given = flow.node(node.operands[1].node) if len(node.operands) == 2 else node
    found = given.operands if given.op == "tuple" else node.operands[1:]
    return tuple(Use(one.node, one.span, node.scope) for one in found)


def _renamed(equation: str) -> str:
    letters: dict[str, str] = {}
    return "".join(
        letters.setdefault(one, chr(ord("a") + len(letters))) if one.isalpha() else one
        for one in equation.replace(" ", "")
    )


def index_of(flow: Flow, node: Node) -> int | None:
    """Which element a node takes of its operand, where that is a constant."""
    if node.op == "unpack" and node.label.isdigit():
        return int(node.label)
    is_subscript = node.op == "item" and len(node.operands) == 2
    number = flow.node(node.operands[1].node).number if is_subscript else None
    return None if number is None else int(number)


def entry_of(flow: Flow, node: Node) -> Use | None:
    """What a loop or a comprehension puts into a list, pass by pass; None for what is no such list."""
    if node.op == "opaque" and node.label == "comprehension" and len(node.operands) > 1:
        return operand_of(node)
    if node.op != "loop" or len(node.operands) != 2:
        return None
    last = flow.node(node.operands[1].node)
    carried = last.op == "tuple" and last.label == "append" and len(last.operands) == 2
    return Use(last.operands[1].node, last.operands[1].span, last.scope) if carried else None


def derives(flow: Flow, number: int, pattern: DerivedFrom, known: dict[int, bool] | None = None) -> bool:
    """Whether a value comes from one of a pattern's operations in the way that the pattern allows."""
    known = {} if known is None else known
    if number not in known:
        known[number] = False
        seen = [flow.node(use.node) for use, _ in flow.seen_as(flow.use_of(number))]
        known[number] = any(
            _is_named(flow, one, pattern.names) or _passes_on(flow, one, pattern, known) for one in seen
        )
    return known[number]


def _is_named(flow: Flow, node: Node, names: tuple[str, ...]) -> bool:
    """Whether a node is one of the named operations or layers, picks one `position`, or reads a field of a record."""
    if node.op in names or not set(node.classes).isdisjoint(names):
        return True
    if node.op == "attribute":
        return node.label.rpartition(".")[2] in names and bool(node.operands)
    if "difference" in names and is_difference(flow, node):
        return True
    return "position" in names and is_position(flow, node)


def is_difference(flow: Flow, node: Node) -> bool:
    """Whether a node subtracts positions from positions along another dimension: the same ones, or two that count."""
    if node.op != "sub" or len(node.operands) != 2 or node.operands[0].node == node.operands[1].node:
        return False
    first, second = (flow.bases(one.node) for one in node.operands)
    return first == second or all(flow.node(base).op in ("arange", "cumsum") for base in first | second)


def is_position(flow: Flow, node: Node) -> bool:
    """Whether a subscript takes one position of each sequence: its second index is no slice, its first is a slice or
    counts the sequences."""
    if node.op != "item" or len(node.operands) != 2:
        return False
    index = flow.node(node.operands[1].node)
    if index.op != "tuple" or len(index.operands) < 2:
        return False
    first, second = (flow.node(one.node) for one in index.operands[:2])
    if second.op == "slice" or second.label in ("...", "None"):
        return False
    counted = (flow.node(use.node) for use, _ in flow.seen_as(flow.use_of(index.operands[0].node)))
    return first.op == "slice" or any(one.op == "arange" for one in counted)


def _passes_on(flow: Flow, node: Node, pattern: DerivedFrom, known: dict[int, bool]) -> bool:
    if node.op not in pattern.through or not node.operands:
        return False
    if node.op == "setitem":
        # What was there before, or what is written.
        return any(derives(flow, one.node, pattern, known) for one in (node.operands[0], *node.operands[2:]))
    if node.op == "where":
        return any(derives(flow, one.node, pattern, known) for one in node.operands[1:])
    sides = [derives(flow, one.node, pattern, known) for one in node.operands[:2]]
    if node.op == "mul":
        return any(sides)
    return sum(sides) == 1 if node.op in ("add", "sub") else sides[0]


def learns(flow: Flow, number: int) -> bool:
    """Whether a node applies learned parameters other than a norm's."""
    node = flow.node(number)
    if node.op in ("linear", "conv1d", "conv2d"):
        return True
    if node.op == "matmul":
        seen = (use.node for one in node.operands for use, _ in flow.seen_as(flow.use_of(one.node)))
        return any(flow.node(one).op == "learned" for one in seen)
    norm = any(name.rpartition(".")[2] in ("LayerNorm", "RMSNorm", "Embedding") for name in node.classes)
    return node.op == "module" and node.body is None and not norm and not is_activation(flow, number)


def always_from(flow: Flow, number: int, source: int, guards: Guards, known: dict[int, bool] | None = None) -> bool:
    """Whether a value is computed from `source` whichever branch is taken under `guards`. Branches do not count that
    bring None, a setting, what a cache holds, or something computed from an argument that no caller names."""
    known = {source: True} if known is None else known
    if number not in known:
        known[number] = False
        if flow.node(number).op == "phi":
            choices = [one for one in flow.choices(number, guards) if _brings_something(flow, one, source)]
            known[number] = bool(choices) and all(always_from(flow, one, source, guards, known) for one in choices)
        else:
            known[number] = any(always_from(flow, one, source, guards, known) for one in flow.sources(number))
    return known[number]


def _brings_something(flow: Flow, number: int, source: int) -> bool:
    unnamed = frozenset(one for one in flow.by_op.get("opaque", ()) if flow.node(one).label != "comprehension")
    cone = flow.reached_from(number, unnamed)
    return source in cone or any(flow.node(one).op in ("parameter", "loop", "element") for one in cone)


def operand_of(node: Node) -> Use:
    """The first operand, as it is used there."""
    return Use(node.operands[0].node, node.operands[0].span, node.scope)


def same_callee(flow: Flow, one: int, other: int) -> bool:
    """Whether two calls are of one submodule."""
    callee = flow.callee(one)
    return one == other or (callee is not None and callee == flow.callee(other))


def computing(flow: Flow, number: int, operations: frozenset[int]) -> frozenset[int]:
    """Those of the operations that a value itself is, seen through views."""
    if not operations:
        return operations
    seen = [number, *(use.node for use, _ in flow.seen_through(number))]
    return frozenset(one for one in seen if one in operations and flow.node(one).op != "module")
