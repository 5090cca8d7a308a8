"""What tensors, lists, dictionaries and caches are asked to do, and the arguments of calls."""

from collections.abc import Callable

import libcst as cst

from hfreader.analyzers.evaluate_expressions import ExpressionEvaluator
from hfreader.analyzers.meanings import (
    Arguments,
    Container,
    Static,
)
from hfreader.analyzers.numbers import fold
from hfreader.analyzers.operations import (
    canonical_name,
    is_in_place,
)
from hfreader.analyzers.signatures import NUMPY_NAMES, SIGNATURES
from hfreader.analyzers.values import same_value
from hfreader.facts.dataflow import Node, Operand
from hfreader.facts.places import Span

Spans = tuple[Span | None, Span | None]


class MethodEvaluator(ExpressionEvaluator):
    """Adds tensor operations, and the methods of values that are no modules."""

    def arguments(self, call: cst.Call, skip: int = 0) -> Arguments:
        """The arguments of a call evaluated; known `*x` and `**x` are spread."""
        found = Arguments()
        for argument in call.args[skip:]:
            operand = self.operand(argument.value, argument.keyword.value if argument.keyword else None)
            inner = self.nodes[same_value(self.nodes, operand.node)]
            if argument.star == "*":
                if inner.op == "tuple":
                    found.positional += (self._spread_here(one, inner) for one in inner.operands)
                else:
                    starred = self.make("starred", "*", (operand,), operand.span)
                    found.positional.append(Operand(starred, operand.span))
            elif argument.star == "**":
                self._spread(found, operand, inner)
            elif operand.keyword:
                found.keywords[operand.keyword] = operand
            else:
                found.positional.append(operand)
        return found

    def _spread(self, found: Arguments, operand: Operand, inner: Node) -> None:
        if inner.op != "dict":
            found.rest = operand.node
            return
        for one in inner.operands:
            if one.keyword == "**":
                found.rest = one.node
            elif one.keyword:
                found.keywords[one.keyword] = self._spread_here(one, inner)

    def _spread_here(self, operand: Operand, holder: Node) -> Operand:
        """An element of a tuple or dict as an argument; what was written elsewhere has no place in this call."""
        return operand if holder.scope == self.frame.scope else Operand(operand.node, None, operand.keyword)

    def operation(self, op: str, arguments: Arguments, spans: Spans, label: str) -> int:
        """A tensor operation with its arguments in torch's order: tensors by position, settings by name."""
        operands = self._arranged(op, arguments)
        values = [self.nodes[one.node].number for one in operands if one.keyword is None]
        return self.make(op, label, operands, *spans, number=fold(op, values))

    def _arranged(self, op: str, arguments: Arguments) -> list[Operand]:
        signature = SIGNATURES.get(op)
        if signature is None:
            return list(arguments.operands())
        given = list(arguments.positional)
        names = {name: NUMPY_NAMES.get(name, name) for name in arguments.keywords}
        keywords = {names[name]: Operand(one.node, one.span, names[name]) for name, one in arguments.keywords.items()}
        if signature.operands[:1] and signature.operands[0].startswith("*"):
            name = signature.operands[0][1:]
            sequence = given.pop(0) if given else keywords.pop(name, None)
            leading = self._elements(sequence) if sequence else []
        else:
            leading = []
            for name in signature.operands:
                if given:
                    leading.append(given.pop(0))
                elif name in keywords:
                    operand = keywords.pop(name)
                    leading.append(Operand(operand.node, operand.span))
                else:
                    break
        if signature.rest:
            leading += given
            given = []
        named = [Operand(one.node, one.span, name) for one, name in zip(given, signature.keywords, strict=False)]
        extra = given[len(named) :]
        rest = [Operand(arguments.rest, None, "**")] if arguments.rest is not None else []
        return [*leading, *extra, *named, *keywords.values(), *rest]

    def _elements(self, sequence: Operand) -> list[Operand]:
        inner = self.nodes[same_value(self.nodes, sequence.node)]
        return list(inner.operands) if inner.op == "tuple" else [sequence]

    def call_method(self, base: int, call: cst.Call, func: cst.Attribute, spans: Spans) -> int:
        """A method of a value that is no module: a tensor operation, or a method of a list, dict or cache."""
        name = func.attr.value
        receiver = Operand(base, self.span(func.value))
        arguments = self.arguments(call)
        special: Callable[..., int | None] | None = getattr(self, f"method_{name}", None)
        if special is not None and (node := special(receiver, arguments, func, spans)) is not None:
            return node
        op = canonical_name(name)
        spans = (spans[0], self.span(func.attr))
        if op is None:
            return self.make("call", self.text(func.attr), (receiver, *arguments.operands()), *spans)
        arguments.positional.insert(0, receiver)
        if name in ("clamp_min", "clamp_max") and len(arguments.positional) == 2:
            keyword = name.removeprefix("clamp_")
            bound = arguments.positional.pop()
            arguments.keywords[keyword] = Operand(bound.node, bound.span, keyword)
        node = self.operation(op, arguments, spans, name)
        if is_in_place(name):
            self.rebind(func.value, node)
        return node

    def method_update(self, receiver: Operand, arguments: Arguments, _: cst.Attribute, spans: Spans) -> int | None:
        """`cache.update(key, value, layer)`: its elements are keys and values, with those of the cache before them."""
        if len(arguments.positional) + len(arguments.keywords) < 2:
            return None
        cache = Operand(receiver.node, receiver.span, "cache")
        return self.make("cache_update", "update", (*arguments.operands(), cache), *spans)

    def method_append(self, receiver: Operand, arguments: Arguments, func: cst.Attribute, spans: Spans) -> int | None:
        """A list with one more element."""
        meaning = self.meaning(receiver.node)
        modules = [one for operand in arguments.positional for one in self.modules_in(operand.node)]
        grown = Container((*meaning.options, *modules)) if isinstance(meaning, Container) else None
        operands = (*self._elements(receiver), *arguments.positional)
        node = self.make(
            "tuple", "append", operands, *spans, meaning=grown or (Container(tuple(modules)) if modules else None)
        )
        if self.looping:
            self.filled.add(node)
        self.rebind(func.value, node)
        return node

    def method_add_module(
        self, receiver: Operand, arguments: Arguments, func: cst.Attribute, spans: Spans
    ) -> int | None:
        """A list of modules with one more, whose name is its place."""
        if not isinstance(self.meaning(receiver.node), Container) or len(arguments.positional) < 2:
            return None
        del arguments.positional[0]
        return self.method_append(receiver, arguments, func, spans)

    def method_get(self, receiver: Operand, arguments: Arguments, func: cst.Attribute, spans: Spans) -> int | None:
        """`mapping.get(key, default)` of a dict that is known."""
        inner = self.nodes[same_value(self.nodes, receiver.node)]
        key = self.meaning(arguments.positional[0].node) if arguments.positional else None
        if inner.op != "dict" or not isinstance(key, Static):
            return None
        found = [one.node for one in inner.operands if one.keyword == key.value]
        if found:
            return found[0]
        is_open = any(one.keyword == "**" for one in inner.operands)
        return arguments.positional[1].node if not is_open and len(arguments.positional) > 1 else None

    method_pop = method_get

    def method_items(self, receiver: Operand, arguments: Arguments, func: cst.Attribute, spans: Spans) -> int | None:
        """The pairs of a mapping."""
        return self.make("items", "items", (receiver,), *spans)

    def method_values(self, receiver: Operand, arguments: Arguments, func: cst.Attribute, spans: Spans) -> int | None:
        """The values of a mapping."""
        return receiver.node
