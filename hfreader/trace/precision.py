"""Run a model wholly in float64.

`model.double()` is not enough: Transformers casts to float32 in the middle of its forward passes (norms, softmax,
rotary tables), which leaves errors of 1e-7 in a float64 run and hides wrong equations that differ by less.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch.overrides import TorchFunctionMode

from hfreader.errors import HfreaderError

LOWER = frozenset({torch.float32, torch.float16, torch.bfloat16})
DTYPE = torch.Tensor.dtype.__get__  # type: ignore[attr-defined]
CASTS = {torch.Tensor.float, torch.Tensor.half, torch.Tensor.bfloat16}


class _Redirect(TorchFunctionMode):
    """Turns every request for a shorter floating-point type into one for float64."""

    def __init__(self, disguised: bool, most: int | None) -> None:
        super().__init__()
        self.disguised, self.most = disguised, most

    def __torch_function__(
        self, func: Callable[..., Any], types: Any, args: tuple[Any, ...] = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        if func in CASTS:
            return args[0].double()
        if self.disguised and func == DTYPE:
            return torch.float32 if func(*args) == torch.float64 else func(*args)
        widened = {name: _wide(value) for name, value in (kwargs or {}).items()}
        result = func(*(_wide(value) for value in args), **widened)
        if self.most is not None and _taken(result) > self.most:
            raise HfreaderError(f"with random weights in float64 it makes a tensor of {result.numel():,} numbers")
        return result


def _taken(result: Any) -> int:
    """How many numbers a result holds in memory of its own."""
    return result.numel() if type(result) is torch.Tensor and not result._is_view() else 0


def _wide(value: Any) -> Any:
    """`value`, or float64 where it is a shorter floating-point type or tensor type name."""
    if isinstance(value, torch.dtype):
        return torch.float64 if value in LOWER else value
    if isinstance(value, str) and value in ("torch.FloatTensor", "torch.HalfTensor", "torch.BFloat16Tensor"):
        return "torch.DoubleTensor"
    return value


@contextmanager
def float64(disguised: bool = False, most: int | None = None) -> Iterator[None]:
    """Inside, new floating-point tensors are float64 and casts to a shorter type give float64.

    disguised  float64 tensors say that they are float32, for code that insists on it or chooses by it.
    most       numbers of a tensor; HfreaderError where one that is computed has more.
    """
    before = torch.get_default_dtype()
    torch.set_default_dtype(torch.float64)
    try:
        with _Redirect(disguised, most):
            yield
    finally:
        torch.set_default_dtype(before)
