"""Expressions other than calls: names, constants, operators, subscripts, tuples, conditions."""

from collections.abc import Callable, Iterator
from functools import cache

import libcst as cst

from hfreader.analyzers.evaluate_attributes import AttributeEvaluator
from hfreader.analyzers.meanings import (
    ELEMENT,
    UNKNOWN,
    Arguments,
    Classes,
    Container,
    External,
    Function,
    Functions,
    Instance,
    Meaning,
    Modules,
    Static,
    Template,
    merged,
)
from hfreader.analyzers.numbers import NAMED, compare, fold
from hfreader.analyzers.operations import ACTIVATION_TABLES, BINARY_OPERATORS, COMPARISONS, UNARY_OPERATORS
from hfreader.analyzers.parsing import literal_string
from hfreader.analyzers.values import same_value
from hfreader.facts.dataflow import Node, Operand
from hfreader.facts.places import Span

LITERALS = {"None": None, "True": True, "False": False}


@cache
def _handler(expression: str) -> str:
    # The same string each time: by it, Python finds a method at once.
    return f"evaluate_{expression}"


class ExpressionEvaluator(AttributeEvaluator):
    """Adds every kind of expression but calls. `evaluate_X` handles libcst's expression `X`."""

    def evaluate(self, expression: cst.BaseExpression) -> int:
        """The node of an expression; an expression of an unknown kind is opaque."""
        handler: Callable[[cst.BaseExpression], int] | None
        handler = getattr(self, _handler(type(expression).__name__), None)
        return self.opaque(expression) if handler is None else handler(expression)

    def opaque(self, expression: cst.BaseExpression) -> int:
        """A node for something that is not understood, computed from the expressions inside it."""
        operands = [self.operand(child) for child in _expressions_in(expression)]
        return self.make("opaque", type(expression).__name__, operands, self.span(expression))

    def evaluate_Name(self, expression: cst.Name) -> int:
        """A local, a module-level or a built-in name."""
        name = expression.value
        local = self.frame.find(name)
        if local is not None:
            return self.token(local, expression)
        if name in LITERALS:
            meaning = Static(LITERALS[name])
            number = None
            return self.make("constant", name, (), self.span(expression), meaning=meaning, number=number)
        known = self.global_value(name)
        if known is not None:
            return self.token(known, expression)
        meaning_of = self.global_meaning(self.frame.file, name)
        return self.make("constant", name, (), self.span(expression), meaning=meaning_of)

    def evaluate_Integer(self, expression: cst.Integer) -> int:
        """A whole number."""
        value = int(expression.value, 0)
        return self.make("constant", expression.value, (), self.span(expression), number=_float(value))

    def evaluate_Float(self, expression: cst.Float) -> int:
        """A decimal number."""
        value = float(expression.value)
        return self.make("constant", expression.value, (), self.span(expression), number=_float(value))

    def evaluate_SimpleString(self, expression: cst.SimpleString) -> int:
        """A string."""
        value = literal_string(expression)
        meaning = None if value is None else Static(value)
        return self.make("constant", expression.value, (), self.span(expression), meaning=meaning)

    def evaluate_FormattedString(self, expression: cst.FormattedString) -> int:
        """An f-string: a string where all its parts are known, else one that is known but for some parts."""
        text, operands = "", []
        for part in expression.parts:
            if isinstance(part, cst.FormattedStringText):
                text += part.value
                continue
            assert isinstance(part, cst.FormattedStringExpression)
            operands.append(self.operand(part.expression))
            known = self.meaning(operands[-1].node)
            text += known.value if isinstance(known, Static) and isinstance(known.value, str) else UNKNOWN
        meaning = Template(text) if UNKNOWN in text else Static(text)
        return self.make("opaque", "FormattedString", operands, self.span(expression), meaning=meaning)

    def evaluate_Ellipsis(self, expression: cst.Ellipsis) -> int:
        """`...`."""
        return self.make("constant", "...", (), self.span(expression))

    def evaluate_Attribute(self, expression: cst.Attribute) -> int:
        """`self.query`, `x.shape`, `torch.float32`."""
        external = self.external_name(expression)
        if external is not None:
            meaning, number = External(external), NAMED.get(external)
            label = self.text(expression)
            return self.make("constant", label, (), self.span(expression), meaning=meaning, number=number)
        base = self.receiver_of(expression.value)
        value = self.attribute_of(base, expression.attr.value, self.span(expression), self.span(expression.attr))
        return self.token(value, expression) if self._is_named(value) else value

    def _is_named(self, node: int) -> bool:
        return self.nodes[node].op not in ("size", "transpose")

    def receiver_of(self, expression: cst.BaseExpression) -> int:
        """The value left of a dot; `self` itself is no token where `self.x` is one."""
        if isinstance(expression, cst.Name) and (local := self.frame.find(expression.value)) is not None:
            return local if isinstance(self.meaning(local), Modules) else self.token(local, expression)
        return self.evaluate(expression)

    def evaluate_BinaryOperation(self, expression: cst.BinaryOperation) -> int:
        """`a @ b`, `a * b`."""
        op = BINARY_OPERATORS.get(type(expression.operator).__name__, "opaque")
        left, right = self.operand(expression.left), self.operand(expression.right)
        return self.binary(op, left, right, self.span(expression), self.span(expression.operator))

    def binary(self, op: str, left: Operand, right: Operand, span: Span, token: Span) -> int:
        """A node for two operands; tuples that are known are joined."""
        nodes = (self.nodes[left.node], self.nodes[right.node])
        if op == "add" and all(node.op == "tuple" for node in nodes):
            return self.make("tuple", "tuple", [one for node in nodes for one in node.operands], span)
        if op == "add" and any(node.op == "tuple" or self._is_list(node) for node in nodes):
            return self.make("opaque", "+", (left, right), span, token)
        return self.arithmetic(op, (left, right), span, token)

    def _is_list(self, node: Node) -> bool:
        """Whether a node carries a tuple or list round a loop."""
        return node.op == "loop" and self.nodes[node.operands[0].node].op == "tuple"

    def arithmetic(self, op: str, operands: tuple[Operand, ...], span: Span, token: Span) -> int:
        """A node for an operator, with its number if it has one."""
        number = fold(op, [self.nodes[one.node].number for one in operands])
        return self.make(op, op, operands, span, token, number=number)

    def evaluate_UnaryOperation(self, expression: cst.UnaryOperation) -> int:
        """`-x`, `~mask`, `not flag`."""
        op = UNARY_OPERATORS.get(type(expression.operator).__name__, "opaque")
        operand = self.operand(expression.expression)
        node = self.arithmetic(op, (operand,), self.span(expression), self.span(expression.operator))
        if op == "not" and (truth := self.truth(operand.node)) is not None:
            self.meanings[node] = Static(not truth)
        return node

    def evaluate_Comparison(self, expression: cst.Comparison) -> int:
        """`a == b`; decided where both sides are known."""
        left = self.operand(expression.left)
        node, truths = left.node, []
        for target in expression.comparisons:
            op = COMPARISONS.get(type(target.operator).__name__, "opaque")
            right = self.operand(target.comparator)
            span, token = self.span(expression), self.span(target.operator)
            node = self.make(op, op, (left, right), span, token)
            self.compared[node] = expression
            truths.append(self._compare(op, left.node, right.node))
            left = right
        if len(truths) == 1 and truths[0] is not None:
            self.meanings[node] = Static(truths[0])
        return node

    def _compare(self, op: str, left: int, right: int) -> bool | None:
        one, other = self.meaning(left), self.meaning(right)
        if op in ("is", "is_not", "eq", "ne") and isinstance(other, Static) and other.value is None:
            answer = self.is_none(left)
            return None if answer is None else answer == (op in ("is", "eq"))
        if op in ("is", "is_not", "eq", "ne") and isinstance(one, Static) and isinstance(other, Static):
            return (one == other) == (op in ("is", "eq"))
        return compare(op, self.nodes[left].number, self.nodes[right].number)

    def evaluate_BooleanOperation(self, expression: cst.BooleanOperation) -> int:
        """`a and b`, `a or b`; `or` is one value or the other."""
        left, right = self.operand(expression.left), self.operand(expression.right)
        truth, is_or = self.truth(left.node), isinstance(expression.operator, cst.Or)
        if truth is not None:
            return left.node if truth == is_or else right.node
        guard = self.condition(expression.left)
        if is_or:
            choices = [(guard, left.node), (f"not ({guard})", right.node)]
            return self.phi("or", choices, self.frame.scope, self.span(expression))
        node = self.make("and", "and", (left, right), self.span(expression), self.span(expression.operator))
        if self.truth(right.node) is False:
            self.meanings[node] = Static(False)
        return node

    def evaluate_IfExp(self, expression: cst.IfExp) -> int:
        """`a if test else b`."""
        truth = self.truth(self.evaluate(expression.test))
        if truth is not None:
            return self.evaluate(expression.body if truth else expression.orelse)
        guard = self.condition(expression.test)
        choices = [(guard, self.evaluate(expression.body)), (f"not ({guard})", self.evaluate(expression.orelse))]
        return self.phi("if", choices, self.frame.scope, self.span(expression))

    def evaluate_NamedExpr(self, expression: cst.NamedExpr) -> int:
        """`(x := value)`."""
        node = self.evaluate(expression.value)
        if isinstance(expression.target, cst.Name):
            self.frame.names[expression.target.value] = self.token(node, expression.target)
        return node

    def evaluate_Tuple(self, expression: cst.Tuple | cst.List | cst.Set) -> int:
        """A tuple, list or set; known `*x` are spread."""
        operands: list[Operand] = []
        for element in expression.elements:
            operand = self.operand(element.value)
            inner = self.nodes[same_value(self.nodes, operand.node)]
            if not isinstance(element, cst.StarredElement):
                operands.append(operand)
            elif inner.op == "tuple":
                operands += inner.operands
            else:
                starred = self.make("starred", "*", (operand,), self.span(element.value))
                operands.append(Operand(starred, operand.span))
        return self.make("tuple", "tuple", operands, self.span(expression))

    evaluate_List = evaluate_Tuple
    evaluate_Set = evaluate_Tuple

    def evaluate_Dict(self, expression: cst.Dict) -> int:
        """A dict; keys that are strings name their operands."""
        operands = []
        for element in expression.elements:
            if isinstance(element, cst.DictElement):
                key = self.meaning(self.evaluate(element.key))
                name = key.value if isinstance(key, Static) and isinstance(key.value, str) else self.text(element.key)
                operands.append(self.operand(element.value, name))
            else:
                operands.append(self.operand(element.value, "**"))
        return self.make("dict", "dict", operands, self.span(expression))

    def evaluate_Subscript(self, expression: cst.Subscript) -> int:
        """`x[i]`: an element of something known, a size, a choice from a table, or an indexed tensor."""
        value = self.operand(expression.value)
        index = self.index_of(expression)
        span, token = self.span(expression), self.span(expression.lbracket)
        known = self.take(value.node, index, expression)
        if known is not None:
            return known
        return self.make("item", "[]", (value, index), span, token)

    def index_of(self, expression: cst.Subscript) -> Operand:
        """The index: one expression, one slice, or a tuple of them."""
        parts = [self._index(element.slice) for element in expression.slice]
        if len(parts) == 1 and not _has_comma(expression):
            return parts[0]
        return Operand(self.make("tuple", "tuple", parts))

    def _index(self, part: cst.BaseSlice) -> Operand:
        if isinstance(part, cst.Index):
            return self.operand(part.value)
        assert isinstance(part, cst.Slice)
        bounds = (("start", part.lower), ("stop", part.upper), ("step", part.step))
        operands = [self.operand(value, name) for name, value in bounds if value is not None]
        return Operand(self.make("slice", ":", operands, self.span(part)), self.span(part))

    def take(self, value: int, index: Operand, expression: cst.Subscript) -> int | None:
        """What subscripting gives where more is known than that it is an item."""
        node, meaning = self.nodes[value], self.meaning(value)
        whole, place = self.nodes[index.node].op == "slice", self.nodes[index.node].number
        if isinstance(meaning, Container | Modules) and (whole or isinstance(meaning, Container)):
            at = None if whole or place is None else self.at(value, int(place))
            kept = at or (meaning if whole or not meaning.options else Modules(meaning.options))
            op = "item" if whole else "element"
            return self.make(op, self.text(expression), (Operand(value), index), self.span(expression), meaning=kept)
        if isinstance(meaning, Modules) and (held := self._held(meaning)) is not None:
            operands = (Operand(value), index)
            return self.make("element", self.text(expression), operands, self.span(expression), meaning=held)
        if isinstance(meaning, External):
            return self._from_registry(meaning.name, index, expression)
        number = self.nodes[index.node].number
        if node.op == "size" and len(node.operands) == 1 and not whole:
            keyword = Operand(index.node, index.span, "dim")
            return self.make("size", "shape", (node.operands[0], keyword), self.span(expression))
        key = self.meaning(index.node)
        label = str(int(number)) if number is not None else key.value if isinstance(key, Static) else None
        inner = self.nodes[same_value(self.nodes, value)]
        if isinstance(label, str) and (inner.op in ("tuple", "record", "dict", "cache_update") or self._holds(value)):
            return self.unpack(value, label, self.frame.scope)
        if inner.op == "dict" and inner.operands:
            choices = [(f"{self.text(expression)}: {one.keyword}", one.node) for one in inner.operands]
            return self.phi("[]", choices, self.frame.scope, self.span(expression))
        return None

    def _held(self, modules: Modules) -> Meaning | None:
        """What modules hold under keys, None where they hold nothing that is known."""
        for instance in modules.options:
            self.initialise(instance)
        held = [one.attributes[ELEMENT] for one in modules.options if ELEMENT in one.attributes]
        return merged([self.meaning(one) for one in held]) if held else None

    def _holds(self, value: int) -> bool:
        """Whether a value is a tuple by some branch."""
        inner = self.nodes[same_value(self.nodes, value)]
        return inner.op == "phi" and any(self._is_aggregate(one.node) for one in inner.operands)

    def _is_aggregate(self, value: int) -> bool:
        return self.nodes[same_value(self.nodes, value)].op in ("tuple", "record") or self._holds(value)

    def _from_registry(self, name: str, index: Operand, expression: cst.Subscript) -> int | None:
        span = self.span(expression)
        if name in ACTIVATION_TABLES:
            activation = Modules((Instance(None, False, Arguments()),))
            return self.make("activation_table", self.text(expression), (index,), span, meaning=activation)
        if name.rpartition(".")[2].isupper():
            return self.make("call", self.text(expression), (index,), span, meaning=Functions((), name))
        return None

    def evaluate_Lambda(self, expression: cst.Lambda) -> int:
        """A function that is evaluated where it is called."""
        function = Function("lambda", self.frame.file, expression, closure=self.frame, owner=self.frame.owner)
        return self.make("constant", "lambda", (), self.span(expression), meaning=Functions((function,)))

    def evaluate_ListComp(self, expression: cst.ListComp | cst.SetComp | cst.GeneratorExp) -> int:
        """A list made of one element by iteration: evaluated once for an element that stands for all."""
        names = dict(self.frame.names)
        iterables = self._bind_comprehension(expression.for_in)
        value = self.operand(expression.elt)
        self.frame.names = names
        return self._comprehension(expression, [value, *iterables])

    evaluate_SetComp = evaluate_ListComp
    evaluate_GeneratorExp = evaluate_ListComp

    def evaluate_DictComp(self, expression: cst.DictComp) -> int:
        """A dict made by iteration."""
        names = dict(self.frame.names)
        iterables = self._bind_comprehension(expression.for_in)
        operands = [self.operand(expression.value), self.operand(expression.key)]
        self.frame.names = names
        return self._comprehension(expression, [*operands, *iterables])

    def _comprehension(self, expression: cst.BaseExpression, operands: list[Operand]) -> int:
        modules = self.modules_in(operands[0].node)
        classes = self.meaning(operands[0].node)
        meaning = Container(modules) if modules else classes if isinstance(classes, Classes) else None
        return self.make("opaque", "comprehension", operands, self.span(expression), meaning=meaning)

    def _bind_comprehension(self, loop: cst.CompFor | None) -> list[Operand]:
        iterables = []
        while loop is not None:
            iterables.append(self.operand(loop.iter))
            self.assign(loop.target, self.iterate(iterables[-1].node, self.text(loop.target)))
            for condition in loop.ifs:
                self.evaluate(condition.test)
            loop = loop.inner_for_in
        return iterables

    def iterate(self, iterable: int, label: str) -> int:
        """The value of a loop variable over an iterable."""
        inner = same_value(self.nodes, iterable)
        node = self.nodes[inner]
        if node.op == "enumerate" and node.operands:
            index = self.make("element", "index", (Operand(iterable),))
            parts = [Operand(index), Operand(self.iterate(node.operands[0].node, label))]
            return self.make("tuple", label, parts)
        if node.op == "zip":
            return self.make("tuple", label, [Operand(self.iterate(one.node, label)) for one in node.operands])
        if node.op == "items" and node.operands:
            key = self.make("element", "key", (Operand(iterable),))
            return self.make("tuple", label, [Operand(key), Operand(self.iterate(node.operands[0].node, label))])
        modules = self.modules_in(inner)
        if modules:
            return self.make("element", label, (Operand(iterable),), meaning=Modules(modules))
        held = [self.meaning(one.node) for one in node.operands] if node.op == "tuple" else []
        return self.make("element", label, (Operand(iterable),), meaning=merged(held) if held else None)


def _expressions_in(node: cst.CSTNode) -> Iterator[cst.BaseExpression]:
    """The outermost expressions inside a node."""
    for child in node.children:
        if isinstance(child, cst.BaseExpression):
            yield child
        else:
            yield from _expressions_in(child)


def _has_comma(expression: cst.Subscript) -> bool:
    return isinstance(expression.slice[-1].comma, cst.Comma)


def _float(value: complex) -> float | None:
    return float(value) if isinstance(value, int | float) and abs(value) < 1e300 else None
