"""Which nested configurations a run made use of: those from which a module that ran was built."""

import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from copy import deepcopy
from types import FrameType
from typing import Any

from torch import nn
from transformers import PreTrainedConfig, PreTrainedModel

from hfreader.facts.traces import Trace
from hfreader.trace.configs import all_parts
from hfreader.trace.models import skeleton

Reads = dict[tuple[nn.Module, str, str], None]
"""Which fields of the configuration of which model type the constructor of a module read."""


def parts_that_ran(model: PreTrainedModel, config: PreTrainedConfig, trace: Trace) -> tuple[str, ...]:
    """The model types of nested configurations for which a module ran: one whose constructor read more of the fields of
    such a configuration than of any other."""
    called = {module.path for module in trace.modules}
    owners = _owners(type(model), config)
    nested = {part.model_type for prefix, part in all_parts(config) if prefix and part.model_type}
    return tuple(sorted(nested & {owner for path, owner in owners.items() if path in called}))


def _owners(model_class: type[PreTrainedModel], config: PreTrainedConfig) -> dict[str, str]:
    """The model type of whose configuration each module of a model read most while it was built, by the module's
    path."""
    found: Reads = {}
    with ExitStack() as stack:
        for kind in {type(part) for _, part in all_parts(config)}:
            stack.enter_context(_watched(kind, found))
        model = skeleton(model_class, deepcopy(config))
    fields = Counter((module, model_type) for module, model_type, _ in found)
    most = {module: model_type for (module, model_type), _ in reversed(fields.most_common())}
    return {path: most[module] for path, module in model.named_modules() if module in most}


@contextmanager
def _watched(kind: type[PreTrainedConfig], found: Reads) -> Iterator[None]:
    """Counts what constructors read of configurations of one class."""
    usual: Any = kind.__getattribute__
    own = "__getattribute__" in vars(kind)

    def reading(config: PreTrainedConfig, name: str) -> Any:
        value = usual(config, name)
        reader = None if name.startswith("_") or _no_field(value) else _constructed(sys._getframe(1))
        if reader is not None:
            found[reader, config.model_type, name] = None
        return value

    setattr(kind, "__getattribute__", reading)  # noqa: B010 -- a method is not assigned to, says mypy
    try:
        yield
    finally:
        if own:
            setattr(kind, "__getattribute__", usual)  # noqa: B010
        else:
            delattr(kind, "__getattribute__")


def _no_field(value: Any) -> bool:
    return callable(value) or isinstance(value, PreTrainedConfig)


def _constructed(frame: FrameType) -> nn.Module | None:
    """Which module a frame is the constructor of."""
    module = frame.f_locals.get("self") if frame.f_code.co_name == "__init__" else None
    return module if isinstance(module, nn.Module) else None
