"""Submodules as an equation sees them: parameters in one convention, whatever class stores them."""

from collections.abc import Callable
from dataclasses import dataclass
from types import MethodType
from typing import Any

import torch
from torch import nn
from transformers.pytorch_utils import Conv1D

from hfreader.trace.captures import copied

EPSILON_NAMES = ("eps", "variance_epsilon", "epsilon", "layer_norm_eps", "norm_eps")


@dataclass(frozen=True)
class ModuleView:
    """A submodule (or function) bound to a symbol.

    weight  (in, out) for a linear map, (vocabulary, width) for a table, (width,) for a norm; None if it has none.
    bias    (out,) or (width,); None if it has none.
    eps     the constant under the root of a norm, None for anything else.
    Other attributes are those of the module itself; calling the view calls the module.
    """

    module: Callable[..., Any]
    weight: torch.Tensor | None = None
    bias: torch.Tensor | None = None
    eps: float | None = None

    def __call__(self, *arguments: Any, **keywords: Any) -> Any:
        """What the module itself gives; it may work in place, and the values that it is given are kept from that."""
        return self.module(*copied(arguments), **copied(keywords))

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return getattr(self.module if self.owner is None else self.owner, name)

    @property
    def owner(self) -> nn.Module | None:
        """The module that holds the parameters, None for a plain function."""
        return _owner(self.module)


def view(module: Callable[..., Any]) -> ModuleView:
    """The normalised view of a module; a plain function gets one without parameters."""
    owner = _owner(module)
    if owner is None:
        return ModuleView(module)
    weight, bias = getattr(owner, "weight", None), getattr(owner, "bias", None)
    if isinstance(owner, nn.Linear) and weight is not None:
        weight = weight.t()
    elif isinstance(owner, Conv1D):
        weight, bias = owner.weight, owner.bias
    eps = next((getattr(owner, name) for name in EPSILON_NAMES if isinstance(getattr(owner, name, None), float)), None)
    return ModuleView(module, _tensor(weight), _tensor(bias), eps)


def _owner(callee: Callable[..., Any]) -> nn.Module | None:
    """The module itself, or the one that a bound `forward` computes with: `super().forward` is called in place of it,
    while any other method is a function of its own."""
    owner: object = callee
    if isinstance(callee, MethodType) and callee.__name__ == "forward":
        owner = callee.__self__
    return owner if isinstance(owner, nn.Module) else None


def _tensor(value: Any) -> torch.Tensor | None:
    return value.detach() if isinstance(value, torch.Tensor) else None
