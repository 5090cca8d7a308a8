"""What a configuration picks out of the library's tables of functions."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from torch import nn
from transformers import PreTrainedModel
from transformers.activations import ACT2FN
from transformers.modeling_rope_utils import ROPE_INIT_FUNCTIONS

from hfreader.facts.changes import Link
from hfreader.trace.configs import as_json


def links(model: PreTrainedModel) -> tuple[Link, ...]:
    """The activations and rotary functions that fields of the configuration name. An activation counts only where the
    model has a module of its class: other fields may hold the same word."""
    paths: dict[type[nn.Module], list[str]] = {}
    for path, module in model.named_modules():
        paths.setdefault(type(module), []).append(path)
    found = []
    for field, value in _texts("", as_json(model.config)):
        if value in ACT2FN and (kind := type(ACT2FN[value])) in paths:
            found.append(Link(field, f"ACT2FN[{value!r}]", _qualified(kind), tuple(paths[kind])))
        elif field.endswith("rope_type") and value in ROPE_INIT_FUNCTIONS:
            function = ROPE_INIT_FUNCTIONS[value]
            found.append(Link(field, f"ROPE_INIT_FUNCTIONS[{value!r}]", _qualified(function)))
    return tuple(found)


def _texts(prefix: str, fields: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """The fields that hold a text, nested ones dotted."""
    for name, value in fields.items():
        if isinstance(value, str):
            yield f"{prefix}{name}", value
        elif isinstance(value, dict):
            yield from _texts(f"{prefix}{name}.", value)


def _qualified(thing: type[nn.Module] | Callable[..., Any]) -> str:
    return f"{thing.__module__}.{thing.__qualname__}"
