"""Which module is running: a stack kept by a light hook on every module call."""

import inspect
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from torch import nn

from hfreader.facts.traces import ModuleRecord, Product
from hfreader.trace.costs import Spent, product
from hfreader.trace.instrument import active
from hfreader.trace.values import Shot, TextShot, safe_snapshot, snapshot, value_of

RAISED = TextShot("raised", None)
"""The output of a call that did not return."""


@dataclass(slots=True)
class ModuleCall:
    """One call of a module under way or over. `call` counts the calls of this module, `order` all calls."""

    module: nn.Module
    path: str
    call: int
    order: int
    parent: "ModuleCall | None"
    depth: int
    inputs: tuple[Shot, ...] = ()
    keywords: tuple[tuple[str, Shot], ...] = ()
    output: Shot = RAISED
    spent: Spent | None = None
    costs: list[Product] = field(default_factory=list)


class ModuleStack:
    """Follows the calls of the modules of one model.

    paths   modules by identity; a module that stands at several paths goes by its first.
    values  keep inputs and outputs (without their numbers).
    meter   tells what was spent so far; None where nothing counts.
    """

    def __init__(self, model: nn.Module, values: bool) -> None:
        self.paths = {id(module): path for path, module in model.named_modules()}
        self.values = values
        self.meter: Callable[[], Spent] | None = None
        self.calls: list[ModuleCall] = []
        self.counts: dict[str, int] = {}
        self.top = self.outside = ModuleCall(model, "", 0, -1, None, -1)

    def enter(self, module: nn.Module, args: tuple[Any, ...], kwargs: dict[str, Any]) -> ModuleCall | None:
        """Push a call; None for a module that is not part of the model."""
        path = self.paths.get(id(module))
        if path is None:
            return None
        above = self.top
        count = self.counts.get(path, 0)
        self.counts[path] = count + 1
        parent = None if above is self.outside else above
        call = ModuleCall(module, path, count, len(self.calls), parent, above.depth + 1)
        if self.values:
            try:
                call.inputs = tuple([snapshot(value) for value in args])
                call.keywords = tuple([(name, snapshot(value)) for name, value in kwargs.items()])
            except Exception:  # a value that refuses to be looked at
                call.inputs = tuple(map(safe_snapshot, args))
                call.keywords = tuple((name, safe_snapshot(value)) for name, value in kwargs.items())
        if self.meter is not None:
            call.spent = self.meter()
        self.calls.append(call)
        self.top = call
        return call

    def charge(self, cost: Product) -> None:
        """Note what the innermost call costs by itself."""
        self.top.costs.append(cost)

    def leave(self, call: ModuleCall) -> None:
        """Pop a call, however it ended."""
        if self.meter is not None and call.spent is not None:
            call.spent = self.meter() - call.spent
        self.top = call.parent or self.outside

    def records(self) -> tuple[ModuleRecord, ...]:
        """All calls in the order of their start. The output of a call that raised is a `Value` of type `raised`."""
        names: dict[str, list[str]] = {}
        sizes: dict[str, int] = {}
        records = []
        for call in self.calls:
            if call.path not in names:
                names[call.path] = _parameter_names(call.module)
                sizes[call.path] = sum(parameter.numel() for parameter in call.module.parameters())
            records.append(_record(call, names[call.path], sizes[call.path]))
        return tuple(records)


@contextmanager
def module_calls(stack: ModuleStack, recording: object) -> Iterator[None]:
    """Tell `stack` of every module call inside the block that runs where `recording` is active.

    `nn.Module.__call__` itself is exchanged, which costs a fraction of torch's own hooks and also sees calls
    that raise; restored at the end, come what may.
    """
    plain = nn.Module.__call__
    enter, leave, values, get = stack.enter, stack.leave, stack.values, active.get

    def observed(self: nn.Module, /, *args: Any, **kwargs: Any) -> Any:
        call = enter(self, args, kwargs) if get() is recording else None
        if call is None:
            return plain(self, *args, **kwargs)
        try:
            output = plain(self, *args, **kwargs)
            if values:
                call.output = safe_snapshot(output)
            return output
        finally:
            leave(call)

    nn.Module.__call__ = observed  # type: ignore[method-assign]
    try:
        yield
    finally:
        nn.Module.__call__ = plain  # type: ignore[method-assign]


def _parameter_names(module: nn.Module) -> list[str]:
    try:
        parameters = inspect.signature(module.forward).parameters.values()
    except (TypeError, ValueError):
        return []
    names: list[str] = []
    for parameter in parameters:
        if parameter.kind is parameter.VAR_POSITIONAL:
            break
        names.append(parameter.name)
    return names


def _record(call: ModuleCall, names: list[str], parameters: int) -> ModuleRecord:
    positional = [(names[index] if index < len(names) else f"*{index}", shot) for index, shot in enumerate(call.inputs)]
    return ModuleRecord(
        path=call.path,
        class_name=type(call.module).__name__,
        parent=call.parent.path if call.parent else None,
        order=call.order,
        call=call.call,
        depth=call.depth,
        inputs=tuple((name, value_of(shot)) for name, shot in [*positional, *call.keywords]),
        output=value_of(call.output),
        parameters=parameters,
        flops=None if call.spent is None else call.spent.flops,
        activations=None if call.spent is None else call.spent.bytes,
        costs=() if call.spent is None else (*_own_parameters(call), *call.costs),
    )


def _own_parameters(call: ModuleCall) -> list[Product]:
    """The parameters of a module without those of the modules within, told with its first call."""
    own = call.module.parameters(recurse=False) if call.call == 0 else ()
    return [product("parameters", 1, each.shape, each.dtype) for each in own]
