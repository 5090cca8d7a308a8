"""Attention maps, taken while a model runs: what a softmax over the last of four dimensions gives.

That is how attention is written everywhere, one map for each head: (batch, heads, queries, keys).
"""

from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch.nn import functional
from torch.overrides import TorchFunctionMode

from hfreader.trace.hooks import ModuleStack

SOFTMAX = frozenset({functional.softmax, torch.softmax, torch.Tensor.softmax, torch.special.softmax})
DIMENSIONS = 4


class AttentionMaps(TorchFunctionMode):
    """Inside, every map is kept: `found` has module path, call of that module, and the map (main memory, float32)."""

    def __init__(self, stack: ModuleStack) -> None:
        super().__init__()
        self.stack = stack
        self.found: list[tuple[str, int, torch.Tensor]] = []

    def __torch_function__(
        self,
        func: Callable[..., Any],
        types: Sequence[type],
        args: tuple[Any, ...] = (),
        kwargs: dict[str, Any] | None = None,
    ) -> Any:
        kwargs = kwargs or {}
        result = func(*args, **kwargs)
        if func in SOFTMAX and result.dim() == DIMENSIONS and _dimension(args, kwargs) in (-1, DIMENSIONS - 1):
            top = self.stack.top
            self.found.append((top.path, top.call, result.detach().to("cpu", torch.float32, copy=True)))
        return result


def _dimension(args: tuple[Any, ...], kwargs: dict[str, Any]) -> object:
    return kwargs["dim"] if "dim" in kwargs else args[1] if len(args) > 1 else None
