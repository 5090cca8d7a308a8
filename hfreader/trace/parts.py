"""Which nested configurations a run made use of: those from which a module that ran was built."""

import inspect
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

Reads = Counter[tuple[type, str]]
"""How often the constructor of a kind of module read a field of the configuration of a model type."""


def parts_that_ran(model: PreTrainedModel, config: PreTrainedConfig, trace: Trace) -> tuple[str, ...]:
    """The model types of nested configurations for which a module ran: one whose constructor asks for such a
    configuration by its class, or reads more of its fields than of any other."""
    called = {module.path for module in trace.modules}
    ran = {type(module) for path, module in model.named_modules() if path in called}
    asked = {name for each in ran for name in _annotations(each)}
    built = {model_type for kind, model_type in _owners(_reads(type(model), config)).items() if kind in ran}
    nested = [part for prefix, part in all_parts(config) if prefix]
    return tuple(
        sorted({part.model_type for part in nested if type(part).__name__ in asked or part.model_type in built})
    )


def _annotations(module_class: type) -> set[str]:
    parameters = inspect.signature(module_class).parameters.values()
    return {getattr(each.annotation, "__name__", str(each.annotation)) for each in parameters}


def _owners(reads: Reads) -> dict[type, str]:
    """The model type of which each kind of module reads most."""
    return {kind: model_type for (kind, model_type), _ in reversed(reads.most_common())}


def _reads(model_class: type[PreTrainedModel], config: PreTrainedConfig) -> Reads:
    """What the constructors of a model's modules read."""
    found: Reads = Counter()
    with ExitStack() as stack:
        for kind in {type(part) for _, part in all_parts(config)}:
            stack.enter_context(_watched(kind, found))
        skeleton(model_class, deepcopy(config))
    return found


@contextmanager
def _watched(kind: type[PreTrainedConfig], found: Reads) -> Iterator[None]:
    """Counts what constructors read of configurations of one class."""
    usual: Any = kind.__getattribute__
    own = "__getattribute__" in vars(kind)

    def reading(config: PreTrainedConfig, name: str) -> Any:
        reader = None if name.startswith("_") else _constructed(sys._getframe(1))
        if reader is not None:
            found[reader, kind.model_type] += 1
        return usual(config, name)

    setattr(kind, "__getattribute__", reading)  # noqa: B010 -- a method is not assigned to, says mypy
    try:
        yield
    finally:
        if own:
            setattr(kind, "__getattribute__", usual)  # noqa: B010
        else:
            delattr(kind, "__getattribute__")


def _constructed(frame: FrameType) -> type | None:
    """The kind of module whose constructor a frame is."""
    module = frame.f_locals.get("self") if frame.f_code.co_name == "__init__" else None
    return type(module) if isinstance(module, nn.Module) else None
