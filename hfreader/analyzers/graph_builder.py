"""The dataflow graph while it is being made."""

from msgspec.structs import replace

from hfreader.analyzers.meanings import UNKNOWN, Meaning, Static, Template, merged
from hfreader.analyzers.operations import MASK_BUILDERS
from hfreader.analyzers.values import same_value
from hfreader.facts.dataflow import Node, Operand, Token
from hfreader.facts.places import Place, Span


class GraphBuilder:
    """Nodes, tokens, and what is known of each node beside the graph."""

    def __init__(self) -> None:
        self.nodes: list[Node] = []
        self.tokens: list[Token] = []
        self.meanings: dict[int, Meaning] = {}
        self._unpacked: dict[tuple[int, str], int] = {}

    def add(self, node: Node, meaning: Meaning | None = None) -> int:
        """Append a node; its id."""
        self.nodes.append(node)
        if meaning is not None:
            self.meanings[len(self.nodes) - 1] = meaning
        return len(self.nodes) - 1

    def update(self, node: int, **changes: object) -> None:
        """Replace fields of a node that was added before they were known."""
        self.nodes[node] = replace(self.nodes[node], **changes)

    def mention(self, node: int, scope: int, span: Span, conditions: tuple[str, ...]) -> None:
        """Record a written occurrence of a value."""
        self.tokens.append(Token(node, scope, span, conditions))

    def meaning(self, node: int) -> Meaning | None:
        """What is known of a value."""
        return self.meanings.get(node)

    def inline_place(self, node: int) -> Place | None:
        """The function that an `inline` node stands for."""
        return self.nodes[node].callee

    def phi(self, label: str, choices: list[tuple[str, int]], scope: int, span: Span | None = None) -> int:
        """One of several values by guard; the value itself where all are the same."""
        distinct = dict.fromkeys(node for _, node in choices)
        if len(distinct) == 1:
            return choices[0][1]
        operands, guards = tuple(Operand(node) for _, node in choices), tuple(guard for guard, _ in choices)
        numbers = {self.nodes[one].number for one in distinct}
        number = numbers.pop() if len(numbers) == 1 else None
        node = Node("phi", label, operands, scope, span, guards=guards, number=number)
        return self.add(node, merged([self.meaning(one) for one in distinct]))

    def unpack(self, value: int, label: str, scope: int) -> int:
        """An element of a tuple or record; the same node each time the same element is taken."""
        if self.nodes[value].op in ("tuple", "dict") and (known := self._known_element(value, label)) is not None:
            return known
        key = (value, label)
        if key not in self._unpacked:
            node = self.add(Node("unpack", label, (Operand(value),), scope))
            inner = same_value(self.nodes, node)
            if self.nodes[value].registry is None:
                self.update(node, number=self.nodes[inner].number)
            if (meaning := self.meaning(inner)) is not None:
                self.meanings[node] = meaning
            self._unpacked[key] = node
        return self._unpacked[key]

    def _known_element(self, value: int, label: str) -> int | None:
        operands = self.nodes[value].operands
        if any(self.nodes[operand.node].op == "starred" for operand in operands):
            return None
        named = [operand.node for operand in operands if operand.keyword == label]
        if named or self.nodes[value].op == "dict" or not label.lstrip("-").isdigit():
            return named[0] if named else None
        return operands[int(label)].node if -len(operands) <= int(label) < len(operands) else None

    def truth(self, node: int) -> bool | None:
        """Whether a value counts as true, None where that is not known."""
        value, meaning = self.nodes[node], self.meaning(node)
        if isinstance(meaning, Static):
            return bool(meaning.value)
        if value.number is not None:
            return bool(value.number)
        if value.op == "tuple" and not any(self.nodes[one.node].op == "starred" for one in value.operands):
            return bool(value.operands)
        return None

    def name_in(self, node: int) -> str | None:
        """The string that a value is, `…` for what is unknown in it; None where nothing is known."""
        match self.meaning(node):
            case Static(value=str() as name) | Template(text=name) if name.strip(UNKNOWN):
                return name
            case _:
                return None

    def is_none(self, node: int) -> bool | None:
        """Whether a value is None, None where that is not known."""
        node = same_value(self.nodes, node)
        value, meaning = self.nodes[node], self.meaning(node)
        if value.op == "phi":
            answers = {self.is_none(operand.node) for operand in value.operands}
            return answers.pop() if len(answers) == 1 else None
        if isinstance(meaning, Static):
            return meaning.value is None
        if meaning is not None:
            return False
        return None if value.op in MAYBE_NONE else False


# What such a node stands for can be None; every other node is the result of a computation.
MAYBE_NONE = frozenset(
    {"parameter", "attribute", "call", "function", "unpack", "item", "loop", "element", "opaque", "and", "inline"}
) | frozenset(MASK_BUILDERS.values())
