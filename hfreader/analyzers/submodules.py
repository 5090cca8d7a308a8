"""What `__init__` builds: the submodules stored on self, and the plain attributes."""

from collections.abc import Iterator
from dataclasses import dataclass

import libcst as cst

from hfreader.analyzers.construction import Made, Scope, union
from hfreader.analyzers.parsing import Guard, ParsedFile, dotted_name, guarded, literal_string
from hfreader.analyzers.resolution import Resolver
from hfreader.facts.code import AttributeFacts, SubmoduleFacts


@dataclass(frozen=True)
class Setting:
    """One `self.name = value` under the tests of the `if`s around it; `node` is the whole statement or call."""

    name: str
    value: cst.BaseExpression
    node: cst.CSTNode
    guards: tuple[Guard, ...]


def built_in_init(
    parsed: ParsedFile, name: str, resolver: Resolver
) -> tuple[tuple[SubmoduleFacts, ...], tuple[AttributeFacts, ...]]:
    """Submodules and plain attributes that the class `name` (within the file) sets in its own `__init__`."""
    init = parsed.functions.get(f"{name}.__init__")
    if init is None:
        return (), ()
    reached = [init]
    settings = list(_settings(parsed, name, init, (), reached))
    scope = Scope(parsed, resolver, name)
    for function in reached:
        scope.read(function)
    submodules: list[SubmoduleFacts] = []
    attributes: list[AttributeFacts] = []
    for setting in _final(settings):
        made = scope.made(setting.value) if resolver.is_module(f"{parsed.module}.{name}") else None
        if made is None:
            text = parsed.text(setting.value)
            attributes.append(AttributeFacts(setting.name, parsed.positions[setting.node], text))
        else:
            if made.container is not None:
                made = union([made, scope.appended(f"self.{setting.name}")])
            submodules.append(_submodule(parsed, setting, made))
    return tuple(submodules), tuple(attributes)


def _final(settings: list[Setting]) -> Iterator[Setting]:
    """Without those that a later unconditional one replaces."""
    last = {one.name: index for index, one in enumerate(settings) if not one.guards}
    return (one for index, one in enumerate(settings) if index >= last.get(one.name, 0))


def _submodule(parsed: ParsedFile, setting: Setting, made: Made) -> SubmoduleFacts:
    return SubmoduleFacts(
        attribute=setting.name,
        classes=() if made.unknown else made.classes,
        span=parsed.positions[setting.node],
        expression=parsed.text(setting.value),
        container=made.container,
        condition=condition(parsed, setting.guards),
    )


def condition(parsed: ParsedFile, guards: tuple[Guard, ...]) -> str | None:
    """The source text of the tests that must hold, None where there are none."""
    texts = [parsed.text(test) if holds else f"not ({parsed.text(test)})" for test, holds in guards]
    return " and ".join(texts) or None


def _settings(
    parsed: ParsedFile,
    owner: str,
    function: cst.FunctionDef,
    guards: tuple[Guard, ...],
    reached: list[cst.FunctionDef],
) -> Iterator[Setting]:
    """What a method sets on self, itself and through methods of its class that it calls; adds those to `reached`."""
    for statement, around in guarded(function.body.body, guards):
        match statement:
            case cst.Assign(targets=targets, value=value):
                for target in targets:
                    yield from _on_self(target.target, value, statement, around)
            case cst.AnnAssign(target=target, value=cst.BaseExpression() as value):
                yield from _on_self(target, value, statement, around)
            case cst.Expr(value=cst.Call() as call):
                if (setting := _registered(call, around)) is not None:
                    yield setting
                    continue
                method = parsed.functions.get(f"{owner}.{(dotted_name(call.func) or '').removeprefix('self.')}")
                if method is not None and method not in reached and dotted_name(call.func) != method.name.value:
                    reached.append(method)
                    yield from _settings(parsed, owner, method, around, reached)
            case _:
                pass


def _on_self(
    target: cst.BaseExpression, value: cst.BaseExpression, node: cst.CSTNode, guards: tuple[Guard, ...]
) -> Iterator[Setting]:
    match target, value:
        case cst.Tuple(elements=names), cst.Tuple(elements=values):
            for name, one in zip(names, values, strict=False):
                yield from _on_self(name.value, one.value, node, guards)
        case cst.Tuple(elements=names), _:
            for name in names:
                yield from _on_self(name.value, value, node, guards)
        case cst.Attribute(value=cst.Name(value="self"), attr=cst.Name(value=name)), _:
            yield Setting(name, value, node, guards)
        case _:
            pass


def _registered(call: cst.Call, guards: tuple[Guard, ...]) -> Setting | None:
    """`self.add_module("name", module)`, `self.register_buffer("name", tensor)` and `setattr(self, "name", value)`."""
    called = dotted_name(call.func)
    arguments = [argument.value for argument in call.args]
    if called == "setattr" and len(arguments) == 3 and dotted_name(arguments[0]) == "self":
        arguments = arguments[1:]
    elif called not in ("self.add_module", "self.register_module", "self.register_buffer", "self.register_parameter"):
        return None
    name = literal_string(arguments[0]) if len(arguments) > 1 else None
    return None if name is None else Setting(name, arguments[1], call, guards)
