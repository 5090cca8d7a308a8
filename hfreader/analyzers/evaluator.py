"""The ground of symbolic evaluation: frames, names, branches that join, and what the layers above provide."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Literal, NamedTuple, TypeVar

import libcst as cst

from hfreader.analyzers.frames import Frame, State
from hfreader.analyzers.graph_builder import GraphBuilder
from hfreader.analyzers.library import Library
from hfreader.analyzers.meanings import (
    Arguments,
    Classes,
    External,
    Function,
    Functions,
    Instance,
    Meaning,
    Modules,
    Static,
)
from hfreader.analyzers.operations import HIGHER_ORDER
from hfreader.analyzers.parsing import ParsedFile, module_name
from hfreader.analyzers.values import same_value
from hfreader.facts.dataflow import ROOT, Node, Operand
from hfreader.facts.places import Place, Span

Key = TypeVar("Key")
# The label of the node that stands for what the root class is made with.
CONSTRUCTED = "arguments of __init__"
Given = Literal["anything", "named", "first"]

# Files outside of `models/` whose classes and functions are followed like those inside.
FOLLOWED_FILES = frozenset({"activations.py", "pytorch_utils.py", "modeling_layers.py"})
FOLLOWED = ("transformers.models.", *(f"{module_name(file)}." for file in sorted(FOLLOWED_FILES)))


def is_followed(qualified: str) -> bool:
    """Whether the source of a class or function is evaluated rather than left opaque."""
    return qualified not in HIGHER_ORDER and qualified.startswith(FOLLOWED)


def whole_span(file: ParsedFile, definition: cst.CSTNode) -> Span:
    """The span of a function from its first decorator on."""
    span = file.positions[definition]
    if isinstance(definition, cst.FunctionDef) and definition.decorators:
        first = file.positions[definition.decorators[0]]
        return Span(first.line, first.column, span.end_line, span.end_column)
    return span


class Limits(NamedTuple):
    """How far calls are followed; what is not followed stays opaque.

    calls   from function to function; `levels` from a module to its submodules.
    nodes   a graph with as many follows no more calls.
    """

    calls: int = 12
    levels: int = 12
    nodes: int = 20_000


class Evaluator(GraphBuilder, ABC):
    """State shared by all layers of the evaluation of one root function.

    attributes  what the code run so far has assigned to attributes of module instances: instance, name -> node.
    settings    config fields whose value is taken as known (`Reading.settings`).
    given       which arguments are taken to be there (`Reading.given`).
    levels      how many submodules the current frame is within.
    looping     whether a loop is passed through.
    filled      what lists are after a loop has added to them: by one element here, in truth by any number.
    """

    settings: Mapping[str, bool | str | None] = MappingProxyType({})
    given: Given = "anything"

    def __init__(self, library: Library, limits: Limits) -> None:
        super().__init__()
        self.library = library
        self.limits = limits
        self.levels = 0
        self.looping = False
        self.filled: set[int] = set()
        self.frame: Frame
        self.stack: list[cst.CSTNode] = []
        self.attributes: dict[tuple[int, str], int] = {}
        self.compared: dict[int, cst.Comparison] = {}
        self._globals: dict[tuple[str, str], int] = {}
        self._modules: dict[str, int] = {}
        self._pending: set[tuple[str, str]] = set()
        self._read: dict[tuple[int, str], int] = {}

    @abstractmethod
    def evaluate(self, expression: cst.BaseExpression) -> int:
        """The node of an expression."""

    @abstractmethod
    def assign(self, target: cst.BaseExpression, node: int) -> None:
        """Give an assignment target its value."""

    @abstractmethod
    def execute(self, body: Sequence[cst.CSTNode]) -> None:
        """Run statements in the current frame."""

    @abstractmethod
    def call_value(self, callee: int, arguments: Arguments, span: Span | None, token: Span | None, label: str) -> int:
        """Call a value that the graph knows."""

    @abstractmethod
    def inline(self, function: Function, arguments: Arguments, call: int | None) -> int | None:
        """The `inline` node of a function's body run on arguments, None where it is not followed."""

    @abstractmethod
    def next_method(self, name: str) -> Function | None:
        """The method that `super()` reaches from the current frame."""

    @abstractmethod
    def next_layer(self) -> str | None:
        """The class of torch whose methods `super()` reaches where no followed class is before it."""

    @abstractmethod
    def call_external(self, name: str, call: cst.Call) -> int:
        """Call something whose source is not followed."""

    @abstractmethod
    def call_named(self, name: str, arguments: Arguments, spans: tuple[Span | None, Span | None], label: str) -> int:
        """Call something whose source is not followed, wherever it was named."""

    @abstractmethod
    def forward_of(self, instance: Instance, arguments: Arguments, call: int) -> int | None:
        """The inlined forward of a module, None where its source is not followed."""

    @abstractmethod
    def rebind(self, target: cst.BaseExpression, node: int) -> None:
        """After a change in place, what is written at `target` stands for the new value."""

    @abstractmethod
    def at(self, node: int, index: int) -> Modules | None:
        """The module at a place of a list of modules, None where it is not known by itself."""

    @abstractmethod
    def initialise(self, instance: Instance) -> None:
        """Run the `__init__` of a module, once."""

    def setting(self, base: int, name: str) -> Static | None:
        """What the field `name` of the constructor's argument `base` is taken for, None where that is left open."""
        inner = self.nodes[same_value(self.nodes, base)]
        return Static(self.settings[name]) if inner.op == "opaque" and name in self.settings else None

    # Where things stand

    def span(self, node: cst.CSTNode) -> Span:
        """The span of a syntax node of the current file."""
        return self.frame.file.positions[node]

    def text(self, node: cst.CSTNode) -> str:
        """The source text of a syntax node, on one line."""
        return self.frame.file.line(node)

    def condition(self, test: cst.BaseExpression) -> str:
        """The source text of a test, in which a name that holds a comparison is that comparison: after
        `crossed = memory is not None` the tests `crossed` and `memory is not None` are one condition."""
        if isinstance(test, cst.Name):
            return self._comparison(test.value) or test.value
        if isinstance(test, cst.UnaryOperation) and isinstance(test.operator, cst.Not):
            return f"not ({self.condition(test.expression)})"
        if isinstance(test, cst.BooleanOperation):
            word = "or" if isinstance(test.operator, cst.Or) else "and"
            return f"({self.condition(test.left)}) {word} ({self.condition(test.right)})"
        return self.text(test)

    def _comparison(self, name: str) -> str | None:
        """The text of the comparison that a name holds, where it is one with a constant and what is compared is a name
        whose value has not changed since."""
        held = self.frame.names.get(name)
        comparison = None if held is None else self.compared.get(held)
        if held is None or comparison is None or self.nodes[held].scope != self.frame.scope:
            return None
        left, right = (operand.node for operand in self.nodes[held].operands)
        same = isinstance(comparison.left, cst.Name) and self.frame.names.get(comparison.left.value) == left
        return self.text(comparison) if same and self.nodes[right].op == "constant" else None

    def make(
        self,
        op: str,
        label: str,
        operands: Sequence[Operand] = (),
        span: Span | None = None,
        token: Span | None = None,
        meaning: Meaning | None = None,
        number: float | None = None,
    ) -> int:
        """A new node in the scope of the current frame."""
        node = Node(op, label, tuple(operands), self.frame.scope, span, token, number=number)
        return self.add(node, meaning)

    def operand(self, expression: cst.BaseExpression, keyword: str | None = None) -> Operand:
        """An expression evaluated, as it is used here."""
        return Operand(self.evaluate(expression), self.span(expression), keyword)

    def token(self, node: int, where: cst.CSTNode) -> int:
        """Record that `node` is written at `where`; gives `node` back."""
        self.mention(node, self.frame.scope, self.span(where), self.frame.conditions)
        return node

    # Branches

    def snapshot(self) -> State:
        """What names and attributes stand for now."""
        return dict(self.frame.names), dict(self.attributes)

    def restore(self, state: State) -> None:
        """Go back to a snapshot."""
        self.frame.names, self.attributes = dict(state[0]), dict(state[1])

    def branch(self, alternatives: Sequence[tuple[str, Callable[[], None]]]) -> None:
        """Run alternatives, each from the present state, and join what they leave behind."""
        frame, before, conditions = self.frame, self.snapshot(), self.frame.conditions
        outcomes: list[tuple[str, State]] = []
        returned = len(frame.returns)
        for guard, run in alternatives:
            self.restore(before)
            frame.alive, frame.conditions = True, (*conditions, guard)
            run()
            if frame.alive:
                outcomes.append((guard, self.snapshot()))
        frame.conditions = conditions
        if len(outcomes) == 1 and len(frame.returns) > returned:
            frame.conditions = (*conditions, outcomes[0][0])
        self.join(outcomes)

    def join(self, outcomes: list[tuple[str, State]]) -> None:
        """Make one state of several; a name that they disagree on becomes a phi."""
        self.frame.alive = bool(outcomes)
        if not outcomes:
            return
        names = self._join([(guard, state[0]) for guard, state in outcomes], lambda name: name)
        attributes = self._join([(guard, state[1]) for guard, state in outcomes], lambda key: key[1])
        self.frame.names, self.attributes = names, attributes

    def _join(self, states: list[tuple[str, dict[Key, int]]], label: Callable[[Key], str]) -> dict[Key, int]:
        joined: dict[Key, int] = {}
        for key in dict.fromkeys(key for _, state in states for key in state):
            choices = [(guard, state[key]) for guard, state in states if key in state]
            joined[key] = self.phi(label(key), choices, self.frame.scope)
        return joined

    # Names

    def is_local(self, name: str) -> bool:
        """Whether a name is bound in the current function or one around it."""
        return self.frame.find(name) is not None

    def external_name(self, expression: cst.BaseExpression) -> str | None:
        """The qualified name of an expression like `nn.functional.softmax` whose source is not followed."""
        attributes: list[str] = []
        while type(expression) is cst.Attribute:
            attributes.append(expression.attr.value)
            expression = expression.value
        if type(expression) is not cst.Name or self.is_local(expression.value):
            return None
        meaning = self.global_meaning(self.frame.file, expression.value)
        if not isinstance(meaning, External) or (attributes and meaning.name.startswith("builtins.")):
            return None
        return ".".join((meaning.name, *reversed(attributes)))

    def global_meaning(self, file: ParsedFile, name: str) -> Meaning | None:
        """What a module-level name stands for, as far as no evaluation is needed."""
        if name in file.assignments and name not in file.imports:
            return None
        qualified = self.library.meaning_in(file, name)
        if is_followed(qualified):
            return self.followed(qualified)
        if qualified == name and name not in file.imports:
            return External(f"builtins.{name}")
        return External(qualified)

    def followed(self, qualified: str) -> Meaning | None:
        """The class or function of a qualified name whose source is followed."""
        place = self.library.place_of(self.library.definition(qualified))
        if place is not None and place[1] in place[0].classes:
            return Classes((f"{place[0].module}.{place[1]}",))
        if place is not None and "." not in place[1] and place[1] in place[0].functions:
            return Functions((Function(place[1], place[0], place[0].functions[place[1]]),))
        return External(qualified)

    def global_value(self, name: str) -> int | None:
        """The node of a module-level constant or table of the current file, evaluated where it stands."""
        file = self.frame.file
        expression = file.assignments.get(name)
        if expression is None or name in file.imports or (file.file, name) in self._pending:
            return None
        if (file.file, name) not in self._globals:
            self._pending.add((file.file, name))
            outer, self.frame = self.frame, Frame(self.module_scope(file), file)
            try:
                self._globals[file.file, name] = self.evaluate(expression)
            finally:
                self.frame = outer
                self._pending.discard((file.file, name))
        return self._globals[file.file, name]

    def module_scope(self, file: ParsedFile) -> int:
        """The `inline` node that stands for the top level of a file."""
        if file.file not in self._modules:
            lines = file.source.count("\n") + 1
            place = Place(file.file, Span(1, 0, lines, 0))
            self._modules[file.file] = self.add(Node("inline", file.module, scope=ROOT, callee=place))
        return self._modules[file.file]
