"""Reading attributes: submodules and what `__init__` gave them, methods, sizes, fields of outputs."""

import libcst as cst

from hfreader.analyzers.evaluator import Evaluator, is_followed
from hfreader.analyzers.meanings import (
    Arguments,
    Classes,
    Container,
    Function,
    Functions,
    Instance,
    Meaning,
    Modules,
    Static,
)
from hfreader.analyzers.parsing import ParsedFile
from hfreader.analyzers.values import element, options, same_value
from hfreader.facts.code import FunctionFacts
from hfreader.facts.dataflow import Node, Operand
from hfreader.facts.places import Span

# Values that hold what they are made of.
HOLDERS = frozenset({"tuple", "dict", "opaque", "starred", "loop", "phi", "unpack"})

# Operations that give values and where these stand, by number or by name.
PAIRS = frozenset({"max", "min", "topk", "sort", "median", "kthvalue", "cummax"})
PAIR = ("values", "indices")


class AttributeEvaluator(Evaluator):
    """Adds the reading of attributes."""

    def attribute_of(self, base: int, name: str, span: Span | None, token: Span | None = None) -> int:
        """The value of `base.name`."""
        meaning = self.meaning(base)
        if isinstance(meaning, Modules):
            values = [(_class_name(one), self.instance_attribute(one, base, name, span)) for one in meaning.options]
            return self.phi(name, values, self.frame.scope, span)
        if isinstance(meaning, Classes) and len(meaning.options) == 1:
            methods = self.methods_of(meaning.options[0], name)
            if methods is not None:
                return self.make("constant", f"{self.nodes[base].label}.{name}", (), span, meaning=methods)
        if name in ("shape", "T", "mT", "H", "mH"):
            op = "size" if name == "shape" else "transpose"
            return self.make(op, name, (Operand(base, None),), span, token)
        if name in PAIR and self.nodes[same_value(self.nodes, base)].op in PAIRS:
            return self.make("unpack", str(PAIR.index(name)), (Operand(base),), span, token)
        if self._has_field(base, name):
            return self.unpack(base, name, self.frame.scope)
        return self._plain(base, name, span, token)

    def _has_field(self, base: int, name: str) -> bool:
        """Whether `base` is, by some branch at least, a record with this field."""
        return any(
            self.nodes[one].op == "record" and element(self.nodes, one, name) is not None
            for one, _ in options(self.nodes, base)
        )

    def _plain(self, base: int, name: str, span: Span | None, token: Span | None) -> int:
        key = (same_value(self.nodes, base), name)
        if key not in self._read:
            label = f"{self.nodes[base].label}.{name}"
            meaning = self.setting(base, name)
            self._read[key] = self.make("attribute", label, (Operand(base),), span, token, meaning)
        return self._read[key]

    def instance_attribute(self, instance: Instance, base: int, name: str, span: Span | None) -> int:
        """The value of an attribute of one module."""
        written = self.attributes.get((id(instance), name))
        if written is not None:
            return written
        if name == "training":
            # What is analysed is the forward pass as it is run for inference.
            return self._view(instance, base, name, span, None, Static(False))
        self.initialise(instance)
        if name in instance.attributes:
            value = instance.attributes[name]
            return self._view(instance, base, name, span, value, self.meaning(value))
        method = self.library.method(instance.qualified, name) if instance.own and instance.qualified else None
        if method is not None:
            return self._method(instance, base, name, span, method)
        value_of_class = self._class_attribute(instance, name)
        meaning = None if value_of_class is None else self.meaning(value_of_class)
        return self._view(instance, base, name, span, value_of_class, meaning)

    def _view(
        self, instance: Instance, base: int, name: str, span: Span | None, body: int | None, meaning: Meaning | None
    ) -> int:
        """The one node that stands for an attribute of an instance wherever it is read."""
        if name not in instance.views:
            owner = self.nodes[base]
            operands = () if owner.op == "parameter" and owner.label == "self" else (Operand(base),)
            node = Node("attribute", f"{owner.label}.{name}", operands, self.frame.scope, span, body=body)
            instance.views[name] = self.add(node, meaning)
            if body is not None:
                self.update(instance.views[name], number=self.nodes[body].number)
        return instance.views[name]

    def _method(
        self,
        instance: Instance,
        base: int,
        name: str,
        span: Span | None,
        method: tuple[str, FunctionFacts, ParsedFile],
    ) -> int:
        owner, facts, file = method
        if not is_followed(owner):
            return self._view(instance, base, name, span, None, None)
        definition = file.functions[f"{owner.removeprefix(file.module + '.')}.{name}"]
        static = "staticmethod" in facts.decorators
        # A value of several classes is one of them here, so the method gets a self of its own.
        receiver = None if static else self.receiver(instance, base)
        function = Function(name, file, definition, receiver, owner)
        if any(one.rpartition(".")[2] in ("property", "cached_property") for one in facts.decorators):
            return self._property(function, span, f"{self.nodes[base].label}.{name}")
        label = f"{self.nodes[base].label}.{name}"
        return self.make("constant", label, (), span, meaning=Functions((function,)))

    def receiver(self, instance: Instance, base: int) -> int:
        """A node for one module among those that `base` can be."""
        meaning = self.meaning(base)
        if isinstance(meaning, Modules) and len(meaning.options) == 1:
            return base
        key = "<self>"
        if key not in instance.views:
            node = Node("attribute", self.nodes[base].label, (Operand(base),), self.frame.scope)
            instance.views[key] = self.add(node, Modules((instance,)))
        return instance.views[key]

    def _property(self, function: Function, span: Span | None, label: str) -> int:
        call = self.make("function", label, (), span)
        body = self.inline(function, Arguments(), call)
        if body is None:
            self.update(call, op="attribute")
            return call
        self.update(call, body=body)
        inner = same_value(self.nodes, call)
        self.update(call, number=self.nodes[inner].number)
        if (meaning := self.meaning(inner)) is not None:
            self.meanings[call] = meaning
        return call

    def _class_attribute(self, instance: Instance, name: str) -> int | None:
        """The value that the class body (or a base's) gives an attribute."""
        if not instance.own or instance.qualified is None:
            return None
        for ancestor in self.library.ancestors(instance.qualified):
            found = self.library.find_class(ancestor) if is_followed(ancestor) else None
            if found is None:
                continue
            file = self.library.tree(found[0].file)
            expression = _assigned(file.classes[ancestor.removeprefix(file.module + ".")], name)
            if expression is not None:
                return self.evaluate_in_module(file, expression)
        return None

    def evaluate_in_module(self, file: ParsedFile, expression: cst.BaseExpression) -> int:
        """The node of an expression at the top level of a file."""
        outer, self.frame = self.frame, type(self.frame)(self.module_scope(file), file)
        try:
            return self.evaluate(expression)
        finally:
            self.frame = outer

    def modules_in(self, node: int) -> tuple[Instance, ...]:
        """The modules that a list, tuple, dict or container holds, also one that a loop or a branch fills."""
        found: dict[Instance, None] = {}
        seen, queue = set(), [node]
        while queue:
            current = queue.pop(0)
            if current in seen:
                continue
            seen.add(current)
            meaning = self.meaning(current)
            if isinstance(meaning, Modules | Container) and meaning.options:
                found.update(dict.fromkeys(meaning.options))
            elif self.nodes[current].op in HOLDERS:
                queue += [operand.node for operand in self.nodes[current].operands]
        return tuple(found)

    def methods_of(self, qualified: str, name: str) -> Functions | None:
        """A method taken from a class rather than from an instance."""
        method = self.library.method(qualified, name)
        if method is None or not is_followed(method[0]):
            return None
        owner, facts, file = method
        definition = file.functions[f"{owner.removeprefix(file.module + '.')}.{name}"]
        receiver = None
        if "classmethod" in facts.decorators:
            receiver = self.make("constant", qualified.rpartition(".")[2], meaning=Classes((qualified,)))
        return Functions((Function(name, file, definition, receiver, owner),))


def _class_name(instance: Instance) -> str:
    return (instance.qualified or "").rpartition(".")[2]


def _assigned(node: cst.ClassDef, name: str) -> cst.BaseExpression | None:
    for statement in node.body.body:
        for small in statement.body if isinstance(statement, cst.SimpleStatementLine) else ():
            match small:
                case cst.Assign(targets=[cst.AssignTarget(target=cst.Name(value=target))], value=value) if (
                    target == name
                ):
                    return value
                case cst.AnnAssign(target=cst.Name(value=target), value=cst.BaseExpression() as value) if (
                    target == name
                ):
                    return value
                case _:
                    pass
    return None
