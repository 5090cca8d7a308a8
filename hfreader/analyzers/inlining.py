"""Following a call into the function: parameters get their arguments, the body is evaluated in a scope of its own."""

from collections.abc import Sequence

import libcst as cst

from hfreader.analyzers.evaluate_externals import ExternalEvaluator
from hfreader.analyzers.evaluator import CONSTRUCTED, is_followed, whole_span
from hfreader.analyzers.frames import Frame
from hfreader.analyzers.meanings import Arguments, Function, Instance, Modules
from hfreader.analyzers.parsing import ParsedFile
from hfreader.facts.dataflow import Node, Operand
from hfreader.facts.places import Place


class Inliner(ExternalEvaluator):
    """Adds the inlining of functions, methods, submodules and `__init__`."""

    def inline(self, function: Function, arguments: Arguments, call: int | None) -> int | None:
        """The `inline` node of a function's body run on arguments, None where it is not followed."""
        definition = function.definition
        limits = self.limits
        if definition in self.stack or len(self.stack) >= limits.calls or len(self.nodes) >= limits.nodes:
            return None
        if isinstance(definition, cst.FunctionDef) and (
            definition.asynchronous or _is_generator(function.file, definition)
        ):
            return None
        place = Place(function.file.file, whole_span(function.file, definition))
        scope = self.add(Node("inline", function.name, scope=self.frame.scope, callee=place, call=call))
        frame = Frame(scope, function.file, parent=function.closure, owner=function.owner, receiver=function.receiver)
        self.bind(frame, definition.params, self._with_receiver(function, arguments))
        value = self.run(frame, definition)
        self.update(scope, operands=() if value is None else (Operand(value),))
        if value is not None:
            self._remember(scope, value)
        return scope

    def _remember(self, scope: int, value: int) -> None:
        meaning = self.meaning(value)
        if meaning is not None:
            self.meanings[scope] = meaning
        self.update(scope, number=self.nodes[value].number)

    def _with_receiver(self, function: Function, arguments: Arguments) -> Arguments:
        receiver = [] if function.receiver is None else [Operand(function.receiver)]
        return arguments.after(function.bound).after(Arguments(receiver))

    def run(self, frame: Frame, definition: cst.FunctionDef | cst.Lambda) -> int | None:
        """Evaluate a body in a frame; the node it returns, None where it returns nothing."""
        outer, self.frame = getattr(self, "frame", frame), frame
        self.stack.append(definition)
        try:
            if isinstance(definition, cst.Lambda):
                return self.evaluate(definition.body)
            self.execute(_body(definition))
            return self._returned(frame)
        finally:
            self.stack.pop()
            self.frame = outer

    def _returned(self, frame: Frame) -> int | None:
        choices = list(frame.returns)
        if not choices:
            return None
        if frame.alive:
            choices.append((frame.guard(), self.make("constant", "None")))
        return self.phi("return", choices, frame.scope)

    # Parameters

    def bind(self, frame: Frame, parameters: cst.Parameters, arguments: Arguments) -> None:
        """Give every parameter of a frame its value; defaults are evaluated where they are written."""
        outer, self.frame = self.frame, frame
        given, keywords = list(arguments.positional), dict(arguments.keywords)
        starred = [one.node for one in given if self.nodes[one.node].op == "starred"]
        unknown = arguments.rest if arguments.rest is not None or not starred else starred[0]
        try:
            for parameter in (*parameters.posonly_params, *parameters.params):
                if given and self.nodes[given[0].node].op != "starred":
                    self._bind_one(parameter, given.pop(0).node)
                else:
                    self._bind_named(parameter, keywords, unknown)
            if isinstance(parameters.star_arg, cst.Param):
                # Written in the call, not in this body.
                elsewhere = [Operand(one.node, None, one.keyword) for one in given]
                self._bind_one(parameters.star_arg, self.make("tuple", "*", elsewhere))
            for parameter in parameters.kwonly_params:
                self._bind_named(parameter, keywords, unknown)
            if parameters.star_kwarg is not None:
                rest = [] if arguments.rest is None else [Operand(arguments.rest, None, "**")]
                named = [Operand(one.node, None, name) for name, one in keywords.items()]
                self._bind_one(parameters.star_kwarg, self.make("dict", "**", [*named, *rest]))
        finally:
            self.frame = outer

    def _bind_one(self, parameter: cst.Param, node: int) -> None:
        self.frame.names[parameter.name.value] = self.token(node, parameter.name)

    def _bind_named(self, parameter: cst.Param, keywords: dict[str, Operand], rest: int | None) -> None:
        name = parameter.name.value
        if name in keywords:
            self._bind_one(parameter, keywords.pop(name).node)
            return
        choices = []
        if parameter.default is not None:
            choices.append(("", self.evaluate(parameter.default)))
        constructed = rest is not None and self.nodes[rest].label == CONSTRUCTED
        counts = self.given == "first" or (self.given == "named" and not constructed)
        absent = counts and bool(choices) and self.truth(choices[0][1]) is False
        if (rest is not None and not absent) or not choices:
            operands = [] if rest is None else [Operand(rest)]
            choices.append(("", self.make("opaque", name, operands)))
        self._bind_one(parameter, self.phi(name, choices, self.frame.scope))

    # Modules

    def forward_of(self, instance: Instance, arguments: Arguments, call: int) -> int | None:
        """The inlined forward of a module, None where its source is not followed."""
        if not instance.own or instance.qualified is None or self.levels >= self.limits.levels:
            return None
        function = self.method_of(instance, "forward", self._self_of(instance, call))
        if function is None:
            return None
        self.levels += 1
        try:
            return self.inline(function, arguments, call)
        finally:
            self.levels -= 1

    def _self_of(self, instance: Instance, call: int) -> int:
        if "<self>" not in instance.views:
            label = self.nodes[call].label
            instance.views["<self>"] = self.make("attribute", label, meaning=Modules((instance,)))
        return instance.views["<self>"]

    def method_of(self, instance: Instance, name: str, receiver: int) -> Function | None:
        """A method of a module, bound to `receiver`."""
        found = self.library.method(instance.qualified or "", name)
        if found is None or not is_followed(found[0]):
            return None
        owner, _, file = found
        definition = file.functions[f"{owner.removeprefix(file.module + '.')}.{name}"]
        return Function(name, file, definition, receiver, owner)

    def next_method(self, name: str) -> Function | None:
        """The method that `super()` reaches from the current frame."""
        frame = self.frame
        for ancestor in self._next_classes():
            found = self.library.find_class(ancestor)
            if found is None or not any(method.name == name for method in found[1].methods):
                continue
            if not is_followed(ancestor):
                return None
            file = self.library.tree(found[0].file)
            definition = file.functions[f"{ancestor.removeprefix(file.module + '.')}.{name}"]
            return Function(name, file, definition, frame.receiver, ancestor)
        return None

    def next_layer(self) -> str | None:
        """The class of torch whose methods `super()` reaches where no followed class is before it."""
        outside = (one for one in self._next_classes() if one.startswith("torch.nn.") and self.library.is_module(one))
        return next((one for one in outside if one.rpartition(".")[2] != "Module"), None)

    def _next_classes(self) -> tuple[str, ...]:
        """The classes behind the one that defines the current method, as Python looks for methods."""
        frame = self.frame
        meaning = self.meaning(frame.receiver) if frame.receiver is not None else None
        if frame.owner is None or not isinstance(meaning, Modules):
            return ()
        order = self.library.ancestors(meaning.options[0].qualified or frame.owner)
        return order[order.index(frame.owner) + 1 :] if frame.owner in order else ()

    def initialise(self, instance: Instance) -> None:
        """Run the `__init__` of a module, once, and keep what it gives its attributes."""
        if instance.initialised:
            return
        instance.initialised = True
        if not instance.own or instance.qualified is None:
            return
        receiver = self.add(Node("parameter", "self", scope=self.frame.scope), Modules((instance,)))
        function = self.method_of(instance, "__init__", receiver)
        if function is None:
            return
        stack, self.stack, looping, self.looping = self.stack, [], self.looping, False
        try:
            self.inline(function, instance.arguments, None)
        finally:
            self.stack, self.looping = stack, looping
        for key in [key for key in self.attributes if key[0] == id(instance)]:
            instance.attributes[key[1]] = self.attributes.pop(key)


def _body(definition: cst.FunctionDef) -> Sequence[cst.CSTNode]:
    return definition.body.body


class _Yields(cst.CSTVisitor):
    def __init__(self) -> None:
        self.found = False

    def visit_Yield(self, node: cst.Yield) -> None:
        self.found = True

    def visit_FunctionDef(self, node: cst.FunctionDef) -> bool:
        return False

    def visit_Lambda(self, node: cst.Lambda) -> bool:
        return False


def _is_generator(file: ParsedFile, definition: cst.FunctionDef) -> bool:
    if "yield" not in file.positions.text(definition):
        return False
    visitor = _Yields()
    definition.body.visit(visitor)
    return visitor.found
