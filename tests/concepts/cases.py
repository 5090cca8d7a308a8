"""What the cases of references are made of. A case makes the arguments of a reference and what torch computes from the
same numbers; every module `cases_*.py` beside this one names its cases by concept in `CASES`."""

import importlib
import pkgutil
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import torch
from torch import nn

Case = Callable[[], tuple[dict[str, Any], torch.Tensor]]


def module(layer: nn.Module) -> SimpleNamespace:
    """A module as a reference receives it."""
    weight, bias = getattr(layer, "weight", None), getattr(layer, "bias", None)
    weight = weight.t() if isinstance(layer, nn.Linear) else weight
    return Module(weight=weight, bias=bias, eps=getattr(layer, "eps", None), call=layer)


class Module(SimpleNamespace):
    def __call__(self, *values: Any) -> Any:
        return self.call(*values)


def rand(*shape: int) -> torch.Tensor:
    return torch.randn(*shape, dtype=torch.float64) * 2


def norm(size: int) -> nn.LayerNorm:
    layer = nn.LayerNorm(size, eps=1e-3).double()
    nn.init.normal_(layer.weight)
    nn.init.normal_(layer.bias)
    return layer


def linear(inner: int, outer: int, bias: bool = True) -> nn.Linear:
    return nn.Linear(inner, outer, bias=bias).double()


def all_cases() -> dict[str, tuple[Case, ...]]:
    """The cases of every module `cases_*.py`, by concept."""
    modules = [one.name for one in pkgutil.iter_modules(importlib.import_module("tests.concepts").__path__)]
    found: dict[str, tuple[Case, ...]] = {}
    for name in modules:
        if name.startswith("cases_"):
            found |= importlib.import_module(f"tests.concepts.{name}").CASES
    return found
