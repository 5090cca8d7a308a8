"""The plain numbers of a computation as formulas over config fields, in one spelling whatever the code's."""

import math
import re
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from hfreader.analyzers.operations import is_transparent
from hfreader.analyzers.values import same_value
from hfreader.facts.comparison import Setting
from hfreader.facts.dataflow import Dataflow, Node

INFIX = {"add": "+", "sub": "-", "mul": "*", "div": "/", "floor_divide": "/", "pow": "**"}
SIZES = frozenset({"size", "numel", "len", "dim"})
CASTS = frozenset({"float", "int", "round", "bool"})
COPIES = frozenset({"copy.copy", "copy.deepcopy", "deepcopy"})
NAME = re.compile(r"[A-Za-z_]\w*")
CALCULATIONS: dict[str, Callable[[float, float], object]] = {
    "add": lambda first, last: first + last,
    "sub": lambda first, last: first - last,
    "mul": lambda first, last: first * last,
    "div": lambda first, last: first / last,
    "floor_divide": lambda first, last: first / last,
    "pow": lambda first, last: first**last,
    "neg": lambda first, last: -first,
    "sqrt": lambda first, last: math.sqrt(first),
    "rsqrt": lambda first, last: 1 / math.sqrt(first),
}
# A number that stands for any argument of a constructor, so that its name plays no part.
ARGUMENT = 0.5


@dataclass(frozen=True)
class Formula:
    """`text` as Python writes it; `value` is what it gives when each config field is a number of its own."""

    text: str
    value: float | None = None

    def named(self, name: str) -> Setting:
        """The formula as a setting."""
        return Setting(name, self.text, self.value)


@dataclass
class Formulas:
    """Formulas of the nodes of one graph. `aliases`: the library's name of a config field by this family's own."""

    graph: Dataflow
    aliases: Mapping[str, str] = field(default_factory=dict)
    _known: dict[int, Formula | None] = field(default_factory=dict)

    def of(self, number: int) -> Formula | None:
        """The formula of a node, None where tensors' contents or unknown things take part."""
        if number not in self._known:
            self._known[number] = None
            self._known[number] = self._of(self.graph.nodes[number])
        return self._known[number]

    def _of(self, node: Node) -> Formula | None:
        if node.number is not None:
            return Formula(f"{node.number:g}", node.number)
        if node.op == "constant":
            return Formula(node.label)
        if node.op in SIZES or (node.op in ("item", "unpack") and self._is_size(node.operands[0].node)):
            return Formula("size")
        if node.op == "attribute":
            return self._attribute(node)
        if node.op == "opaque":
            return Formula(node.label, ARGUMENT) if self._in_constructor(node) else None
        if node.op == "phi":
            return self._choice(node)
        if node.op == "or":
            return self.of(node.operands[0].node) if node.operands else None
        if node.op == "tuple":
            return self._sequence(node)
        if node.op == "slice":
            return self._slice(node)
        if node.op in ("inline", "function") or is_transparent(node) or (node.op == "call" and node.label in CASTS):
            inner = node.body if node.body is not None else node.operands[0].node if node.operands else None
            return None if inner is None else self.of(inner)
        return self._arithmetic(node)

    def _is_size(self, number: int) -> bool:
        node = self.graph.nodes[same_value(self.graph.nodes, number)]
        return node.op in SIZES or (node.op in ("item", "unpack") and self._is_size(node.operands[0].node))

    def _attribute(self, node: Node) -> Formula | None:
        if node.body is not None:
            return self.of(node.body)
        name = node.label.rpartition(".")[2]
        if not node.operands:
            return None
        base = self.graph.nodes[same_value(self.graph.nodes, node.operands[0].node)]
        if base.op == "finfo" or base.op == "iinfo":
            return Formula(f"{base.op}.{name}")
        while base.operands and (_is_copy(base) or (base.op == "attribute" and base.body is None)):
            base = self.graph.nodes[same_value(self.graph.nodes, base.operands[0].node)]
        return self.field(name) if base.op == "opaque" and self._in_constructor(base) else None

    def field(self, name: str) -> Formula:
        """A config field under the library's name."""
        name = self.aliases.get(name, name)
        if name == "head_dim":
            return Formula(name, self._number("hidden_size") / self._number("num_attention_heads"))
        return Formula(name, self._number(name))

    def _simplest(self, formula: Formula) -> Formula:
        """A single field of a formula where that gives the same: `heads * (hidden / heads)`."""
        fields = (self.field(name) for name in dict.fromkeys(NAME.findall(formula.text)))
        same = (one for one in fields if formula.value and one.value and math.isclose(one.value, formula.value))
        return next(same, formula)

    @staticmethod
    def _number(name: str) -> float:
        return 3.0 + zlib.crc32(name.encode()) % 99991

    def _in_constructor(self, node: Node) -> bool:
        inline = self.graph.nodes[node.scope] if node.scope >= 0 else None
        return inline is not None and inline.op == "inline" and inline.call is None

    def _choice(self, node: Node) -> Formula | None:
        found = [self.of(operand.node) for operand in node.operands]
        known = [one for one in found if one is not None and one.text != "None"]
        if len([one for one in found if one is None]) or not known:
            return None
        # `getattr(config, "head_dim", None) or ...`: the field stands for itself, whatever takes its place without it.
        if node.label in ("getattr", "or"):
            return known[0]
        if not any(node.guards):  # an argument of the constructor and its default
            return known[-1]
        unique = list(dict.fromkeys(known))
        return unique[0] if len(unique) == 1 else Formula(" or ".join(dict.fromkeys(one.text for one in unique)))

    def _slice(self, node: Node) -> Formula | None:
        parts = {operand.keyword: self.of(operand.node) for operand in node.operands}
        if None in parts.values():
            return None
        texts = {name: one.text for name, one in parts.items() if one is not None}
        step = f":{texts['step']}" if "step" in texts else ""
        return Formula(f"{texts.get('start', '')}:{texts.get('stop', '')}{step}")

    def _sequence(self, node: Node) -> Formula | None:
        parts = [self.of(operand.node) for operand in node.operands]
        known = [one for one in parts if one is not None]
        if len(known) < len(parts):
            return None
        return Formula(f"({', '.join(one.text for one in known)})", known[0].value if len(known) == 1 else None)

    def _arithmetic(self, node: Node) -> Formula | None:
        parts = [self.of(operand.node) for operand in node.operands if operand.keyword is None]
        known = [one for one in parts if one is not None]
        if not parts or len(known) < len(parts):
            return None
        if node.op in INFIX and len(known) == 2:
            text = f" {INFIX[node.op]} ".join(_bracketed(one.text) for one in known)
            return self._simplest(Formula(text.replace(" ** ", "**"), _calculated(node.op, known)))
        if node.op == "neg":
            return Formula(f"-{_bracketed(known[0].text)}", _calculated("neg", known))
        if node.op in ("sqrt", "rsqrt"):
            power = "0.5" if node.op == "sqrt" else "-0.5"
            return Formula(f"{_bracketed(known[0].text)}**{power}", _calculated(node.op, known))
        return None


def _is_copy(node: Node) -> bool:
    """Whether it is a copy of something, as encoder and decoder are given copies of one configuration."""
    return node.op == "call" and node.label in COPIES


def _bracketed(text: str) -> str:
    return f"({text})" if " " in text and not text.startswith("(") else text


def _calculated(op: str, parts: list[Formula]) -> float | None:
    values = [one.value for one in parts if one.value is not None]
    if len(values) < len(parts):
        return None
    first, last = values[0], values[-1]
    try:
        value = CALCULATIONS[op](first, last)
    except (ZeroDivisionError, OverflowError, ValueError):
        return None
    return value if isinstance(value, float) else None


def inverse(formula: Formula) -> Formula:
    """One divided by a formula."""
    value = None if not formula.value else 1 / formula.value
    return Formula(f"1 / {_bracketed(formula.text)}", value)
