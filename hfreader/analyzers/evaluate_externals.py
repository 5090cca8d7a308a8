"""Calls of what is named outside of the followed source: torch, Python's builtins, transformers' library functions."""

from collections.abc import Callable, Iterable
from dataclasses import replace

import libcst as cst

from hfreader.analyzers.evaluate_calls import CallEvaluator, Spans
from hfreader.analyzers.guards import Guards, condition_of, consistent
from hfreader.analyzers.meanings import (
    Arguments,
    Classes,
    Container,
    External,
    Functions,
    Instance,
    Modules,
    Static,
    merged,
)
from hfreader.analyzers.numbers import fold
from hfreader.analyzers.operations import (
    ACTIVATION_GETTERS,
    ACTIVATIONS_MADE,
    HIGHER_ORDER,
    KERNELS,
    MASK_BUILDERS,
    canonical_name,
    function_name,
)
from hfreader.analyzers.values import same_value
from hfreader.facts.dataflow import Node, Operand

CONTAINERS = ("torch.nn.ModuleList", "torch.nn.ModuleDict", "torch.nn.Sequential")
# Functions that give a module back, its weight computed from other parameters.
REPARAMETRISATIONS = frozenset(
    f"torch.nn.utils.{name}"
    for name in ("weight_norm", "spectral_norm", "parametrizations.weight_norm", "parametrizations.spectral_norm")
)
VALUES = {
    "torch.nn.Parameter": "learned",
    "torch.nn.parameter.Parameter": "learned",
    "torch.nn.Buffer": "buffer",
    "torch.nn.parameter.Buffer": "buffer",
}
# Questions about the run that have one answer when a model is read in plain PyTorch.
NEVER = frozenset(
    {
        "torch.jit.is_scripting",
        "torch.jit.is_tracing",
        "torch.is_grad_enabled",
        "torch.onnx.is_in_onnx_export",
        "torch.compiler.is_compiling",
    }
)
MOST_WAYS = 4
"""In which a list of modules can be put together and its places still be told apart."""


class ExternalEvaluator(CallEvaluator):
    """Adds calls of names whose source is not followed."""

    def call_external(self, name: str, call: cst.Call) -> int:
        """Call something whose source is not followed."""
        spans = (self.span(call), self.span(call.func))
        if name == "builtins.super":
            return self.make("opaque", "super()", (), spans[0])
        if name in HIGHER_ORDER:
            return self.call_higher_order(call, HIGHER_ORDER[name], spans)
        return self.call_named(name, self.arguments(call), spans, self.text(call.func))

    def call_named(self, name: str, arguments: Arguments, spans: Spans, label: str) -> int:
        """Call something whose source is not followed, wherever it was named."""
        front, _, last = name.rpartition(".")
        if front == "builtins":
            special: Callable[..., int | None] | None = getattr(self, f"builtin_{last}", None)
            node = special(arguments, spans) if special is not None else None
            return self._builtin(last, arguments, spans) if node is None else node
        if last == "get_interface":
            return self._dispatch(front, arguments, spans, label)
        if (operation := MASK_BUILDERS.get(name) or KERNELS.get(name)) is not None:
            return self.make(operation, label, self._by_name(name, arguments), *spans)
        if name in REPARAMETRISATIONS and arguments.positional:
            return arguments.positional[0].node
        if name in CONTAINERS:
            return self._container(name, arguments, spans, label)
        if name in VALUES:
            return self.make(VALUES[name], label, arguments.operands(), *spans)
        if name in ACTIVATION_GETTERS:
            activation = Modules((Instance(None, False, Arguments()),))
            return self.make("activation_table", label, arguments.operands(), *spans, meaning=activation)
        if name in ACTIVATIONS_MADE:
            return self.make(ACTIVATIONS_MADE[name], label, arguments.operands(), *spans)
        if name == "functools.partial" and arguments.positional:
            return self._partial(arguments, spans, label)
        return self._library_call(name, arguments, spans, label)

    def _by_name(self, name: str, arguments: Arguments) -> tuple[Operand, ...]:
        """The arguments of a library function, each under its parameter's name."""
        found = self.library.find_function(name)
        names = [parameter.name for parameter in found[1].parameters] if found else []
        named = [Operand(one.node, one.span, key) for one, key in zip(arguments.positional, names, strict=False)]
        return Arguments([*named, *arguments.positional[len(named) :]], arguments.keywords, arguments.rest).operands()

    def _library_call(self, name: str, arguments: Arguments, spans: Spans, label: str) -> int:
        last = name.rpartition(".")[2]
        if self.library.is_module(name):
            return self.construct(Classes((name,)), arguments, spans, label)
        operation = function_name(name)
        if operation is not None and last[:1].islower():
            if name.startswith("torch.") and (found := canonical_name(last)) is not None:
                operation = found
            return self.operation(operation, arguments, spans, label)
        owner, _, method = name.rpartition(".")
        if method == "forward" and owner.startswith("torch.") and self.library.is_module(owner):
            # The forward of a layer taken from its class: the first argument is the layer itself.
            operands = Arguments(arguments.positional[1:], arguments.keywords, arguments.rest).operands()
            return self.add(Node("module", label, operands, self.frame.scope, *spans, classes=(owner,)))
        if method in ("from_config", "_from_config", "from_pretrained") and owner.startswith("transformers."):
            options = (Instance(owner, False, arguments),)
            return self.make("call", label, arguments.operands(), *spans, meaning=Modules(options))
        if name.startswith("transformers."):
            return self.construct(Classes((name,)), arguments, spans, label)
        node = self.make("call", label, arguments.operands(), *spans)
        if name in NEVER:
            self.meanings[node] = Static(False)
        return node

    def _dispatch(self, registry: str, arguments: Arguments, spans: Spans, label: str) -> int:
        """`REGISTRY.get_interface(name, default)`: the default function, known to be replaceable."""
        meanings = [self.meaning(operand.node) for operand in arguments.operands()]
        default = next((one for one in meanings if isinstance(one, Functions)), Functions(()))
        meaning = replace(default, registry=registry)
        return self.make("call", label, arguments.operands(), *spans, meaning=meaning)

    def _container(self, name: str, arguments: Arguments, spans: Spans, label: str) -> int:
        operands = arguments.operands()
        modules = tuple(dict.fromkeys(one for operand in operands for one in self.modules_in(operand.node)))
        if name != "torch.nn.Sequential":
            return self.make("call", label, operands, *spans, meaning=Container(modules))
        elements = self._whole(one for operand in operands for one in self._in_order(operand.node))
        instance = Instance(name, False, arguments, elements=elements or None)
        return self.make("call", label, operands, *spans, meaning=Modules((instance,)))

    def chain_of(self, node: int) -> tuple[tuple[Modules, int], ...]:
        """The modules of a list or ModuleList in order, with their nodes; none where not all are known, or where the
        list grows after it is made, perhaps in a loop."""
        grows = self.nodes[same_value(self.nodes, node)].label == "append" or self._is_asked(node)
        return () if grows else self._whole(self._in_order(node))

    def _is_asked(self, node: int) -> bool:
        """Whether something that is not followed was done with a list: it may have grown (`extend`)."""
        whole = same_value(self.nodes, node)
        return any(one.operands[0].node == whole for one in self.nodes if one.op == "call" and one.operands)

    def at(self, node: int, index: int) -> Modules | None:
        """The module at a place of a ModuleList, one of several where some are appended under a condition; None where
        not all that it holds are known one by one."""
        orders = self._orders(node, self._holding())
        found = [self.meaning(order[index]) for order in orders if -len(order) <= index < len(order)]
        known = [one for one in found if isinstance(one, Modules)]
        options = dict.fromkeys(option for one in known for option in one.options)
        return Modules(tuple(options)) if known and len(known) == len(found) else None

    def _holding(self) -> Guards:
        """The conditions that hold here, with those that a name stands for: of `crossed = self.is_decoder and x`, where
        `crossed` holds, `self.is_decoder`."""
        found = {text: truth for one in self.frame.conditions for text, truth in condition_of(one).items()}
        for name in [text for text, truth in found.items() if truth]:
            held = self.frame.find(name)
            value = None if held is None else self.nodes[same_value(self.nodes, held)]
            if value is not None and value.op == "and":
                labels = (
                    self.nodes[one.node].label for one in value.operands if self.nodes[one.node].op == "attribute"
                )
                found |= dict.fromkeys(labels, True)
        return found

    def _orders(self, node: int, holding: Guards) -> list[tuple[int, ...]]:
        """The nodes that a list holds, in order, in each way it can have been made where the conditions `holding` do;
        none where a loop fills it, or something else that is not known."""
        whole = same_value(self.nodes, node)
        value = self.nodes[whole]
        if value.op == "phi":
            ways = [self._orders(one, holding) for one in self._possible(value, holding)]
            return [order for way in ways for order in way] if all(ways) and len(ways) <= MOST_WAYS else []
        if whole in self.filled or self._is_asked(node):
            return []
        if value.op == "tuple" and value.operands and isinstance(self.meaning(value.operands[0].node), Container):
            added = tuple(operand.node for operand in value.operands[1:])
            return [(*order, *added) for order in self._orders(value.operands[0].node, holding)]
        elements = self._in_order(node)
        return [tuple(made for _, made in elements)] if all(one is not None for one, _ in elements) else []

    def _possible(self, phi: Node, holding: Guards) -> list[int]:
        """What a phi node can be where some conditions hold."""
        guards = phi.guards or ("",) * len(phi.operands)
        pairs = zip(guards, phi.operands, strict=True)
        return [one.node for guard, one in pairs if consistent(holding, condition_of(guard)) is not None]

    def _whole(self, elements: Iterable[tuple[Modules | None, int]]) -> tuple[tuple[Modules, int], ...]:
        found = tuple(elements)
        known = tuple((one, made) for one, made in found if one is not None)
        return known if len(known) == len(found) else ()

    def _in_order(self, node: int) -> list[tuple[Modules | None, int]]:
        """The modules that one argument of Sequential stands for, with their nodes; None for what is not known."""
        meaning, value = self.meaning(node), self.nodes[same_value(self.nodes, node)]
        if isinstance(meaning, Modules):
            return [(meaning, node)]
        if isinstance(meaning, Container) and value.op == "call" and value.label.endswith("ModuleList"):
            return [one for operand in value.operands for one in self._in_order(operand.node)]
        if value.op in ("tuple", "dict"):
            return [one for operand in value.operands for one in self._in_order(operand.node)]
        if value.op == "call" and value.label.endswith("OrderedDict") and value.operands:
            pairs = self.nodes[same_value(self.nodes, value.operands[0].node)]
            return [one for pair in pairs.operands for one in self._in_order(pair.node)]
        if isinstance(self.meaning(node), Static):
            return []
        return [(None, node)]

    def _partial(self, arguments: Arguments, spans: Spans, label: str) -> int:
        meaning = self.meaning(arguments.positional[0].node)
        # What is bound here is used where the partial is called: its spans would name the wrong function's expressions.
        positional = [Operand(one.node) for one in arguments.positional[1:]]
        keywords = {name: Operand(one.node, None, name) for name, one in arguments.keywords.items()}
        bound = Arguments(positional, keywords, arguments.rest)
        if isinstance(meaning, Functions):
            options = tuple(replace(one, bound=bound.after(one.bound)) for one in meaning.options)
            meaning = Functions(options, meaning.registry)
        elif isinstance(meaning, External):
            meaning = External(meaning.name, bound.after(meaning.bound))
        return self.make("call", label, arguments.operands(), *spans, meaning=meaning)

    # Builtins

    def _builtin(self, name: str, arguments: Arguments, spans: Spans) -> int:
        operands = arguments.operands()
        number = fold(name, [self.nodes[one.node].number for one in operands])
        op = name if name in ("enumerate", "zip", "abs", "max", "min", "sum", "round") else "call"
        return self.make(op, name, operands, *spans, number=number)

    def builtin_tuple(self, arguments: Arguments, spans: Spans) -> int | None:
        """A tuple or list of something: the same elements."""
        if not arguments.positional:
            return self.make("tuple", "tuple", (), *spans)
        node = arguments.positional[0].node
        known = self.nodes[same_value(self.nodes, node)].op == "tuple" or self.modules_in(node)
        return node if known else None

    builtin_list = builtin_tuple
    builtin_reversed = builtin_tuple

    def builtin_dict(self, arguments: Arguments, spans: Spans) -> int | None:
        """A dict by keywords."""
        if arguments.positional:
            return None
        return self.make("dict", "dict", arguments.operands(), *spans)

    def builtin_len(self, arguments: Arguments, spans: Spans) -> int | None:
        """The length of a tuple that is known."""
        if not arguments.positional:
            return None
        inner = self.nodes[same_value(self.nodes, arguments.positional[0].node)]
        if inner.op != "tuple" or any(self.nodes[one.node].op == "starred" for one in inner.operands):
            return None
        return self.make("call", "len", arguments.operands(), *spans, number=float(len(inner.operands)))

    def builtin_getattr(self, arguments: Arguments, spans: Spans) -> int | None:
        """`getattr(x, "name", default)`: the attribute, or else the default."""
        if len(arguments.positional) < 2:
            return None
        name = self.name_in(arguments.positional[1].node)
        base = arguments.positional[0].node
        table, known = self.meaning(base), [self.meaning(one.node) for one in arguments.positional[2:]]
        if name is None and isinstance(table, External) and any(isinstance(one, Functions) for one in known):
            return self._dispatch(table.name, arguments, spans, "getattr")
        if name is None:
            return None
        value = self.attribute_of(base, name, spans[0])
        if len(arguments.positional) < 3:
            return value
        guard = f"hasattr({self.nodes[base].label}, {name!r})"
        choices = [(guard, value), (f"not ({guard})", arguments.positional[2].node)]
        return self.phi("getattr", choices, self.frame.scope, spans[0])

    def builtin_setattr(self, arguments: Arguments, spans: Spans) -> int | None:
        """`setattr(self, "name", value)`."""
        if len(arguments.positional) == 3:
            base, name, value = (one.node for one in arguments.positional)
            meaning, key = self.meaning(base), self.name_in(name)
            if isinstance(meaning, Modules) and key is not None:
                for instance in meaning.options:
                    self.attributes[id(instance), key] = value
        return None

    def builtin_next(self, arguments: Arguments, spans: Spans) -> int | None:
        """One element of an iterable."""
        held = [self.meaning(one.node) for one in arguments.positional]
        return self.make("call", "next", arguments.operands(), *spans, meaning=merged(held) if held else None)

    def builtin_bool(self, arguments: Arguments, spans: Spans) -> int | None:
        """A truth value that is known."""
        truth = self.truth(arguments.positional[0].node) if arguments.positional else None
        if truth is None:
            return None
        return self.make("call", "bool", arguments.operands(), *spans, meaning=Static(truth))
