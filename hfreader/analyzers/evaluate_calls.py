"""Calls of values the graph knows: submodules, functions that are followed, classes."""

import libcst as cst
from msgspec.structs import replace

from hfreader.analyzers.evaluate_methods import MethodEvaluator
from hfreader.analyzers.evaluator import is_followed
from hfreader.analyzers.meanings import (
    Arguments,
    Classes,
    Container,
    External,
    Functions,
    Instance,
    Modules,
    Static,
)
from hfreader.analyzers.operations import (
    HIGHER_ORDER,
    STATELESS_MODULES,
)
from hfreader.analyzers.values import options, same_value
from hfreader.facts.dataflow import Node, Operand
from hfreader.facts.places import Span

Spans = tuple[Span | None, Span | None]


class CallEvaluator(MethodEvaluator):
    """Adds calls."""

    def evaluate_Call(self, call: cst.Call) -> int:
        """Any call, by what is called."""
        spans = (self.span(call), self.span(call.func))
        external = self.external_name(call.func)
        if external is not None:
            return self.call_external(external, call)
        if isinstance(call.func, cst.Attribute):
            return self._call_attribute(call, call.func, spans)
        if isinstance(call.func, cst.Name) and call.func.value == "super" and not self.is_local("super"):
            return self.make("opaque", "super()", (), spans[0])
        callee = self.evaluate(call.func)
        return self.call_value(callee, self.arguments(call), *spans, self.text(call.func))

    def _call_attribute(self, call: cst.Call, func: cst.Attribute, spans: Spans) -> int:
        name = func.attr.value
        if _is_super(func.value):
            return self._call_super(name, call, spans)
        base = self.receiver_of(func.value)
        meaning = self.meaning(base)
        if isinstance(meaning, Modules):
            return self._call_member(base, meaning, call, func, spans)
        if (isinstance(meaning, Functions) and name == "get_interface") or isinstance(meaning, External):
            return self._call_of_registry(base, call, func, spans)
        if isinstance(meaning, Classes):
            return self._call_on_class(meaning, call, func, spans)
        return self.call_method(base, call, func, spans)

    def _call_member(self, base: int, meaning: Modules, call: cst.Call, func: cst.Attribute, spans: Spans) -> int:
        name = func.attr.value
        if name in HIGHER_ORDER:
            return self.call_higher_order(call, HIGHER_ORDER[name], spans)
        if name in ("register_buffer", "register_parameter", "add_module", "register_module"):
            return self._register(meaning, call, spans)
        if name in ("forward", "__call__") and not (len(meaning.options) == 1 and self._is_self(base)):
            return self.call_value(base, self.arguments(call), *spans, self.text(func.value))
        if name in ("to", "eval", "train", "requires_grad_", "half", "float"):
            arguments = self.arguments(call)
            if name == "requires_grad_":
                self.make(name, name, (Operand(base, self.span(func.value)), *arguments.operands()), *spans)
            return base
        callee = self.attribute_of(base, name, spans[1])
        known, named = self.meaning(callee), self._alternatives(callee)
        if known is not None or named:
            if isinstance(known, Modules) or named:
                self.token(callee, func)
            return self.call_value(callee, self.arguments(call), *spans, self.text(func))
        view = self.nodes[callee]
        label = self.text(func)
        if view.body is not None and view.op == "attribute":
            # Built in __init__ by something that is not followed: an opaque module.
            return self.make("module", label, self.arguments(call).operands(), *spans)
        return self.make("call", label, self.arguments(call).operands(), *spans)

    def _is_self(self, base: int) -> bool:
        return base == self.frame.receiver

    def _register(self, meaning: Modules, call: cst.Call, spans: Spans) -> int:
        arguments = self.arguments(call)
        operands = list(arguments.operands())
        name = self.name_in(operands[0].node) if operands else None
        if len(operands) > 1 and name is not None:
            value = operands[1].node
            for instance in meaning.options:
                self.attributes[id(instance), name] = value
        return self.make("call", "register", operands, *spans)

    def _call_of_registry(self, base: int, call: cst.Call, func: cst.Attribute, spans: Spans) -> int:
        arguments = self.arguments(call)
        return self.make("call", self.text(func), (Operand(base), *arguments.operands()), *spans)

    def _call_on_class(self, classes: Classes, call: cst.Call, func: cst.Attribute, spans: Spans) -> int:
        name = func.attr.value
        if name in ("_from_config", "from_config", "from_pretrained"):
            return self.construct(classes, self.arguments(call), spans, self.text(func))
        methods = [self.methods_of(one, name) for one in classes.options]
        found = [method for method in methods if method is not None]
        arguments = self.arguments(call)
        if not found and name == "apply" and (step := self._autograd_step(classes)) is not None:
            # What autograd hands to the forward besides carries no numbers.
            arguments.positional.insert(0, Operand(self.make("opaque", "context")))
            found = [step]
        if not found:
            return self.make("call", self.text(func), arguments.operands(), *spans)
        callee = self.make("constant", self.text(func), meaning=found[0])
        return self.call_value(callee, arguments, *spans, self.text(func))

    def _autograd_step(self, classes: Classes) -> Functions | None:
        """The forward of a `torch.autograd.Function`, which its `apply` runs."""
        first = classes.options[0]
        is_step = "torch.autograd.Function" in self.library.ancestors(first)
        return self.methods_of(first, "forward") if is_step and len(classes.options) == 1 else None

    def _call_super(self, name: str, call: cst.Call, spans: Spans) -> int:
        function = self.next_method(name)
        arguments = self.arguments(call)
        if function is None:
            layer = self.next_layer() if name == "forward" else None
            own = self.meaning(self.frame.receiver) if layer and self.frame.receiver is not None else None
            for instance in own.options if isinstance(own, Modules) else ():
                self.initialise(instance)
            node = Node("call", f"super().{name}", arguments.operands(), self.frame.scope, *spans)
            return self.add(replace(node, op="module", classes=(layer,)) if layer else node)
        callee = self.make("constant", f"super().{name}", meaning=Functions((function,)))
        return self.call_value(callee, arguments, *spans, f"super().{name}")

    def call_value(self, callee: int, arguments: Arguments, span: Span | None, token: Span | None, label: str) -> int:
        """Call a value by what is known of it; a phi of the calls where functions of torch are among several."""
        if alternatives := self._alternatives(callee):
            calls = [(guard, self._call_one(one, arguments, (span, token), label)) for guard, one in alternatives]
            return self.phi(label, calls, self.frame.scope, span)
        return self._call_one(callee, arguments, (span, token), label)

    def _alternatives(self, callee: int) -> list[tuple[str, int]]:
        """What a callee can be, by guard, where something outside of the followed source is among it: such functions
        are operations of their own, so one call cannot stand for all. Empty otherwise."""
        found = [(" and ".join(guards), node) for node, guards in options(self.nodes, callee)]
        called = [(guard, node) for guard, node in found if not isinstance(self.meaning(node), Static)]
        return called if any(isinstance(self.meaning(node), External) for _, node in called) else []

    def _call_one(self, callee: int, arguments: Arguments, spans: Spans, label: str) -> int:
        meaning = self.meaning(callee)
        if isinstance(meaning, External):
            return self.call_named(meaning.name, arguments.after(meaning.bound), spans, label)
        if self.nodes[callee].op == "activation_table" and not arguments.operands():
            return callee  # the class from the table, made: `ACT2CLS[name]()`
        if isinstance(meaning, Modules | Container) and meaning.options:
            return self.call_modules(Modules(meaning.options), arguments, spans, label)
        if isinstance(meaning, Functions) and (meaning.options or meaning.registry):
            return self.call_functions(meaning, arguments, spans, label)
        if isinstance(meaning, Classes):
            return self.construct(meaning, arguments, spans, label)
        return self.make("call", label, arguments.operands(), *spans)

    def call_functions(self, functions: Functions, arguments: Arguments, spans: Spans, label: str) -> int:
        """Call one of several functions, inlined; `call` where none can be."""
        node = Node("function", label, arguments.operands(), self.frame.scope, *spans, registry=functions.registry)
        call = self.add(node)
        bodies = [self.inline(one, arguments, call) for one in functions.options]
        self._set_body(call, bodies, "call")
        return call

    def _set_body(self, call: int, bodies: list[int | None], otherwise: str) -> None:
        """Give a call its body and what is known of its value; without one it becomes an opaque operation."""
        known = [("", body) for body in bodies if body is not None]
        if not known:
            self.update(call, op=otherwise)
            return
        self.update(call, body=self.phi("body", known, self.frame.scope))
        inner = same_value(self.nodes, call)
        if self.nodes[call].registry is None:
            self.update(call, number=self.nodes[inner].number)
        meaning = self.meaning(inner)
        if meaning is not None:
            self.meanings[call] = meaning

    def call_modules(
        self,
        modules: Modules,
        arguments: Arguments,
        spans: Spans,
        label: str,
        made: int | None = None,
        site: Span | None = None,
    ) -> int:
        """Call a submodule: its forward inlined for each class it can be. `made` and `site` are as in `Node`."""
        first = modules.options[0]
        if len(modules.options) == 1 and first.qualified in STATELESS_MODULES:
            return self._stateless(first, arguments, spans, label)
        if len(modules.options) == 1 and first.qualified == "torch.nn.Sequential" and first.elements:
            return self.chain(first.elements, arguments, spans, label, site)
        classes = tuple(dict.fromkeys(one.qualified for one in modules.options if one.qualified))
        operands = arguments.operands()
        call = self.add(
            Node("module", label, operands, self.frame.scope, *spans, classes=classes, made=made, site=site)
        )
        bodies = [self.forward_of(one, arguments, call) for one in self.distinct(modules.options)]
        self._set_body(call, bodies, "module")
        return call

    def distinct(self, instances: tuple[Instance, ...]) -> list[Instance]:
        """One instance of each class and of each set of constants it is made with: others compute the same."""
        chosen: dict[object, Instance] = {}
        for instance in instances:
            arguments = [(one.keyword, self._constant(one.node)) for one in instance.arguments.operands()]
            chosen.setdefault((instance.qualified, *arguments), instance)
        return list(chosen.values())

    def _constant(self, node: int) -> object:
        meaning = self.meaning(node)
        return meaning if isinstance(meaning, Static) else self.nodes[node].number

    def _stateless(self, instance: Instance, arguments: Arguments, spans: Spans, label: str) -> int:
        op, names = STATELESS_MODULES[instance.qualified or ""]
        given = [Operand(one.node, None, name) for one, name in zip(instance.arguments.positional, names, strict=False)]
        given += [Operand(one.node, None, name) for name, one in instance.arguments.keywords.items()]
        return self.make(op, label, (*arguments.operands(), *given), *spans)

    def chain(
        self,
        elements: tuple[tuple[Modules, int], ...],
        arguments: Arguments,
        spans: Spans,
        label: str,
        site: Span | None = None,
    ) -> int:
        """Call modules in turn, each with what the one before it gives."""
        node = -1
        for index, (element, made) in enumerate(elements):
            place = (spans[0] if index == len(elements) - 1 else None, None)
            node = self.call_modules(element, arguments, place, f"{label}[{index}]", made, site or spans[0])
            arguments = Arguments([Operand(node)])
        return node

    def construct(self, classes: Classes, arguments: Arguments, spans: Spans, label: str) -> int:
        """Make an object: a module for nn.Module classes, a record for model outputs."""
        modules = [one for one in classes.options if self.library.is_module(one)]
        operands = arguments.operands()
        if modules:
            options = tuple(Instance(one, is_followed(one), arguments) for one in modules)
            return self.make("call", label, operands, *spans, meaning=Modules(options))
        return self.make("record" if self._is_record(classes) else "call", label, operands, *spans)

    def _is_record(self, classes: Classes) -> bool:
        found = self.library.find_class(classes.options[0])
        return found is not None and found[1].kind == "output"

    def call_higher_order(self, call: cst.Call, skip: int, spans: Spans) -> int:
        """A function that calls its first argument with those after `skip` others."""
        if not call.args or call.args[0].star:
            return self.make("call", self.text(call.func), self.arguments(call).operands(), *spans)
        callee = self.evaluate(call.args[0].value)
        for argument in call.args[1 : 1 + skip]:
            self.evaluate(argument.value)
        arguments = self.arguments(call, 1 + skip)
        for name in ("use_reentrant", "preserve_rng_state"):
            arguments.keywords.pop(name, None)
        label = self.text(call.args[0].value)
        return self.call_value(callee, arguments, spans[0], self.span(call.args[0].value), label)


def _is_super(node: cst.BaseExpression) -> bool:
    return isinstance(node, cst.Call) and isinstance(node.func, cst.Name) and node.func.value == "super"
