"""The steps of a computation: a dataflow graph with all that moves, casts or chooses values left out."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

from hfreader.analyzers.difference_formulas import ARGUMENT, Formula, Formulas, inverse
from hfreader.analyzers.difference_layers import layer_settings
from hfreader.analyzers.guards import plain
from hfreader.analyzers.matching_flow import Flow
from hfreader.analyzers.operations import MASK_BUILDERS, is_transparent
from hfreader.analyzers.values import AGGREGATES, element, same_value
from hfreader.facts.comparison import Setting, Step
from hfreader.facts.dataflow import ROOT, Dataflow, Node
from hfreader.facts.places import Place

# Layers of torch written in Python that are read as one step.
LAYERS = frozenset({"transformers.pytorch_utils.Conv1D"})
# Decisions, types and sizes: no data of a computation.
NO_DATA = frozenset(
    {
        "constant",
        "size",
        "numel",
        "dim",
        "slice",
        "opaque",
        "not",
        "and",
        "is",
        "is_not",
        "in",
        "not_in",
        "isinstance",
        "hasattr",
    }
)
NO_SETTINGS = ("dtype", "device", "training")
# How the numbers that a scalar operand gives are called.
SCALARS = {"add": "by", "mul": "by", "pow": "exponent", "sub": "from", "div": "from"}


@dataclass
class Steps:
    """Reads the steps of one graph. `digest` gives the digest of a submodule's class where it has an outline of its
    own; `opened` follows submodules that hold layers of their own instead of keeping them as one step. `values` are the
    config fields whose value is known."""

    graph: Dataflow
    formulas: Formulas
    digest: Callable[[str], str | None]
    opened: bool = False
    values: Mapping[str, bool | str | float | None] = field(default_factory=dict)
    handed: dict[str, Setting] = field(default_factory=dict)
    _atoms: dict[int, tuple[int, ...]] = field(default_factory=dict)
    _called: dict[int, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.flow = Flow(self.graph)
        self.compound = _compound(self.graph)

    def read(self) -> tuple[tuple[Step, ...], tuple[tuple[int, ...], ...]]:
        """The steps that the result is made of, in order, and for each value returned the steps it can be."""
        outputs = [self.atoms(one) for one in self._returned()]
        reached: dict[int, tuple[tuple[int, ...], ...]] = {}
        queue = [atom for output in outputs for atom in output]
        while queue:
            number = queue.pop()
            if number not in reached:
                reached[number] = self._inputs(number)
                queue += [atom for group in reached[number] for atom in group]
        order = {number: index for index, number in enumerate(sorted(reached))}
        steps = tuple(self._step(number, reached[number], order) for number in order)
        return steps, tuple(tuple(order[atom] for atom in output) for output in outputs)

    def _returned(self) -> list[int]:
        if self.graph.result is None:
            return []
        found: dict[int, None] = {}
        for whole, _ in self.flow.seen_as(self.flow.use_of(self.graph.result)):
            node = self.graph.nodes[whole.node]
            if node.op in AGGREGATES:
                found.update(dict.fromkeys(operand.node for operand in node.operands))
        return list(found) or [self.graph.result]

    # What a value is

    def atoms(self, number: int) -> tuple[int, ...]:
        """The nodes that compute a value, all plumbing looked through."""
        if number not in self._atoms:
            self._atoms[number] = ()
            self._atoms[number] = tuple(dict.fromkeys(self._find(number, self.graph.nodes[number])))
        return self._atoms[number]

    def _find(self, number: int, node: Node) -> Iterable[int]:
        if node.op == "module" and not is_transparent(node):
            opens = node.body is not None and self._opens(number, node)
            return self.atoms(node.body) if opens and node.body is not None else (number,)
        if node.op == "parameter":
            return (number,) if node.scope == ROOT and node.label != "self" and node.span is not None else ()
        if node.op in ("function", "inline", "attribute"):
            return self._through(node)
        if node.op == "unpack":
            return self._element(number, node)
        if node.op in NO_DATA or self.formulas.of(number) is not None:
            return ()
        if node.op in ("phi", "loop", "starred") or node.op in AGGREGATES:
            return self._union(operand.node for operand in node.operands)
        if node.op in ("add", "mul") and (left := self._unchanged(node)) is not None:
            return self.atoms(left)
        if node.op == "cache_update" or is_transparent(node) or self._adds_dimensions(node):
            if node.op in ("learned", "buffer"):
                return (number,)
            return self._union(operand.node for operand in node.operands[:1])
        return (number,)

    def _unchanged(self, node: Node) -> int | None:
        """The operand that adding 0 or multiplying by 1 leaves as it is."""
        neutral = 0.0 if node.op == "add" else 1.0
        formulas = [self.formulas.of(operand.node) for operand in node.operands]
        rest = [
            operand.node
            for operand, formula in zip(node.operands, formulas, strict=True)
            if formula is None or formula.value != neutral
        ]
        return rest[0] if len(rest) == 1 and len(node.operands) == 2 else None

    def _adds_dimensions(self, node: Node) -> bool:
        """Whether a subscript takes everything: `x[:, None]`."""
        if node.op != "item" or len(node.operands) != 2:
            return False
        index = self.graph.nodes[node.operands[1].node]
        parts = [self.graph.nodes[one.node] for one in index.operands] if index.op == "tuple" else [index]
        return all(part.label in ("None", "...") or (part.op == "slice" and not part.operands) for part in parts)

    def _union(self, nodes: Iterable[int]) -> tuple[int, ...]:
        return tuple(atom for node in nodes for atom in self.atoms(node))

    def _through(self, node: Node) -> Iterable[int]:
        if node.registry is not None:
            for operand in node.operands:
                formula = self.formulas.of(operand.node)
                learned = any(self.graph.nodes[one].op == "learned" for one in self.atoms(operand.node))
                if operand.keyword not in (None, "*", "**") and (
                    learned or (formula is not None and formula.text != "None")
                ):
                    name = str(operand.keyword)
                    self.handed[name] = (formula or Formula("learned")).named(name)
        if node.op == "inline":
            return self.atoms(node.operands[0].node) if node.operands else ()
        if node.op == "attribute" and node.body is not None:
            self._called.setdefault(same_value(self.graph.nodes, node.body), node.label)
        return self.atoms(node.body) if node.body is not None else ()

    def _opens(self, number: int, node: Node) -> bool:
        if any(name in LAYERS for name in node.classes):
            return False
        if self.opened and number in self.compound:
            return True
        return not all(name.startswith("transformers.") for name in node.classes) or not node.classes

    def _element(self, number: int, node: Node) -> Iterable[int]:
        whole = node.operands[0].node
        wholes = [(use.node, self.graph.nodes[use.node]) for use, _ in self.flow.seen_as(self.flow.use_of(whole))]
        boxes = [atom for atom in self.atoms(whole) if self.graph.nodes[atom].op == "module"]
        if boxes:
            return self.atoms(whole)
        parts = [element(self.graph.nodes, one, node.label) for one, _ in wholes]
        parts += [
            value.operands[int(node.label)].node
            for _, value in wholes
            if value.op == "cache_update" and node.label in ("0", "1")
        ]
        known = [part for part in parts if part is not None]
        if known:
            return self._union(known)
        return (number,) if self.atoms(whole) else ()

    # One step

    def _inputs(self, number: int) -> tuple[tuple[int, ...], ...]:
        node = self.graph.nodes[number]
        if node.op == "module":
            operands = [one for one in node.operands if one.keyword != "**"]
        elif node.op in ("parameter", "learned", "buffer"):
            operands = []
        else:
            operands = [one for one in node.operands if self.formulas.of(one.node) is None]
        groups = [tuple(atom for atom in self.atoms(one.node) if atom < number) for one in operands]
        return tuple(group for group in groups if group)

    def _step(self, number: int, inputs: tuple[tuple[int, ...], ...], order: Mapping[int, int]) -> Step:
        node = self.graph.nodes[number]
        groups = tuple(tuple(order[atom] for atom in group) for group in inputs)
        guards = tuple(
            plain(text) if truth else f"not ({plain(text)})"
            for text, truth in self.flow.conditions.get(number, {}).items()
        )
        op, kind, settings, digest = self._identity(number, node)
        return Step(
            op, kind, self._name(number, node), settings, groups, guards, self._place(node), digest, self._within(node)
        )

    def _identity(self, number: int, node: Node) -> tuple[str, str, tuple[Setting, ...], str | None]:
        if node.op == "module":
            return self._module(number, node)
        if node.op == "parameter":
            return "input", "input", (), None
        if node.op in ("learned", "buffer"):
            shape = [self.formulas.of(one.node) for one in self._shape(node)]
            known = tuple(one.named(f"size {index}") for index, one in enumerate(shape) if one is not None)
            return node.op, node.op, known, None
        if node.op == "unpack":
            return "take", "take", (Setting("index", node.label),), None
        if node.op == "call":
            name = node.label.rpartition(".")[2]
            return "call", name, (), None
        op, settings = self._settings(node)
        return op, op, settings, None

    def _shape(self, node: Node) -> list:  # type: ignore[type-arg]
        """The sizes with which `nn.Parameter(torch.empty(...))` is made."""
        made = self.graph.nodes[same_value(self.graph.nodes, node.operands[0].node)] if node.operands else None
        while made is not None and made.op not in ("empty", "ones", "zeros", "rand", "randn", "full") and made.operands:
            inner = next((one for one in made.operands if self.formulas.of(one.node) is None), None)
            made = None if inner is None else self.graph.nodes[same_value(self.graph.nodes, inner.node)]
        if made is None:
            return []
        sizes = [one for one in made.operands if one.keyword in (None, "size")]
        first = self.graph.nodes[sizes[0].node] if sizes else None
        return list(first.operands) if first is not None and first.op == "tuple" else sizes

    def _module(self, number: int, node: Node) -> tuple[str, str, tuple[Setting, ...], str | None]:
        built = self._built(number)
        if not node.classes:
            return "activation", "activation", self._activation(number, built), None
        kind = " or ".join(dict.fromkeys(node.classes))
        short = node.classes[0].rpartition(".")[2]
        settings = layer_settings(self.graph, self.formulas, short, built) if built is not None else ()
        settings = tuple(self._at_default(one) for one in settings)
        if node.body is None or node.classes[0] in LAYERS:
            return "layer", kind, settings, None
        if node.classes[0].startswith("transformers.activations."):
            return "activation", kind, settings, None
        settings = tuple(one for one in settings if one.value != ARGUMENT)
        return "part", kind, settings, " ".join(self.digest(one) or one for one in node.classes)

    def _activation(self, number: int, built: Node | None) -> tuple[Setting, ...]:
        formula = self.formulas.of(built.operands[0].node) if built is not None and built.operands else None
        if formula is None:
            return ()
        chosen = self.values.get(formula.text)
        return (Setting("function", chosen if isinstance(chosen, str) else formula.text),)

    def _at_default(self, setting: Setting) -> Setting:
        """Whether there is a bias, and a small constant that each family calls otherwise, by value where known."""
        value = self.values.get(setting.text)
        if setting.name == "bias" and isinstance(value, bool):
            return Setting("bias", str(value))
        eps = setting.name == "eps" and isinstance(value, float)
        return Setting("eps", f"{value:g}", value) if eps and isinstance(value, float) else setting

    def _built(self, number: int) -> Node | None:
        """The call that built the submodule which a node calls."""
        attribute = self.flow.callee(number)
        if attribute is None:
            return None
        made = self.graph.nodes[same_value(self.graph.nodes, attribute)]
        if made.op == "phi":
            choices = [self.graph.nodes[same_value(self.graph.nodes, one.node)] for one in made.operands]
            made = next((one for one in choices if one.op in ("call", "activation_table")), made)
        return made if made.op in ("call", "activation_table") else None

    def _settings(self, node: Node) -> tuple[str, tuple[Setting, ...]]:
        op, found = node.op, []
        for position, operand in enumerate(node.operands):
            formula = self.formulas.of(operand.node)
            if (
                formula is None
                or formula.text in ("size", "None")
                or operand.keyword in ("dtype", "device", "training")
            ):
                continue
            if op in MASK_BUILDERS.values() and operand.keyword == "config":
                continue
            if op in SCALARS and operand.keyword is None:
                op, setting = _scalar(op, position, formula)
                found.append(setting)
            elif operand.keyword is not None or op == "item":
                found.append(formula.named(operand.keyword or "index"))
        if op == "square":
            return "pow", (Setting("exponent", "2", 2.0),)
        return op, tuple(found)

    def _within(self, node: Node) -> str:
        """The submodules through which a node is reached: `encoder.layer_module.attention`."""
        path = self.flow.path(node.scope) or ()
        return ".".join(self.graph.nodes[call].label.removeprefix("self.") for call in path)

    def _name(self, number: int, node: Node) -> str:
        if node.op in ("learned", "buffer"):
            return self._called.get(number, node.label)
        return f"[{node.label}]" if node.op == "unpack" else node.label

    def _place(self, node: Node) -> Place | None:
        return None if node.span is None else Place(self.graph.file_of(node.scope), node.span)


def _scalar(op: str, position: int, formula: Formula) -> tuple[str, Setting]:
    """An operation with a plain number: dividing by it is multiplying by its inverse, subtracting it adding."""
    if op == "div" and position == 1:
        return "mul", inverse(formula).named("by")
    if op == "sub" and position == 1:
        return "add", Formula(f"-{formula.text}", None if formula.value is None else -formula.value).named("by")
    return op, formula.named("base" if op == "pow" and position == 0 else SCALARS[op])


def _compound(graph: Dataflow) -> frozenset[int]:
    """The calls of submodules within which a layer with learned weights is called."""
    found: set[int] = set()
    for node in graph.nodes:
        layer = node.op == "module" and node.classes and (node.body is None or node.classes[0] in LAYERS)
        if not layer or all("Norm" in name.rpartition(".")[2] and name.startswith("torch.") for name in node.classes):
            continue
        scope = node.scope
        while scope != ROOT and (call := graph.nodes[scope].call) is not None:
            found.add(call)
            scope = graph.nodes[call].scope
    return frozenset(found)
