"""Models whose numbers hardly matter: large parameters share one stretch of random numbers, and there are never too
many of them."""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch import nn
from torch.nn.modules.module import register_module_parameter_registration_hook
from torch.overrides import TorchFunctionMode

from hfreader.errors import HfreaderError

SMALL = 1 << 12
"""Tensors with fewer numbers have their own."""
POOL = 1 << 24
"""Numbers that are shared; larger tensors have their own, too."""
SPREAD = 0.02
"""Standard deviation of what is shared, as most models are initialised."""
_WRITING = re.compile(r"(?<!_)(?<!requires_grad)_$")
_MAKING = frozenset({torch.empty, torch.randn, torch.rand})


class _Shared(TorchFunctionMode):
    """Makes large tensors views of one pool of numbers, into which nothing is written."""

    pool = torch.empty(0)

    def __init__(self) -> None:
        super().__init__()
        self._next = 0

    def __torch_function__(
        self, func: Callable[..., Any], types: Any, args: tuple[Any, ...] = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        given = kwargs or {}
        if func in _MAKING:
            asked = func(*args, **{**given, "device": "meta"})
            plain = asked.dtype is torch.float32 and asked.layout is torch.strided
            if (
                plain
                and SMALL < asked.numel() < POOL
                and str(given.get("device") or "cpu") == "cpu"
                and "out" not in given
            ):
                return self._view(asked.shape)
        elif _WRITING.search(getattr(func, "__name__", "")):
            written = next(iter((*args, *given.values())), None)
            if self.is_shared(written):
                return written
        return func(*args, **given)

    def _view(self, shape: torch.Size) -> torch.Tensor:
        count = shape.numel()
        if not _Shared.pool.numel():
            _Shared.pool = torch.empty(POOL).normal_(0, SPREAD, generator=torch.Generator().manual_seed(0))
        start = self._next % (_Shared.pool.numel() - count)
        self._next += count + 1
        return _Shared.pool[start : start + count].view(shape)

    def is_shared(self, value: object) -> bool:
        """Whether a tensor is a view of the pool."""
        storage = _Shared.pool.untyped_storage().data_ptr()
        return isinstance(value, torch.Tensor) and not value.is_meta and value.untyped_storage().data_ptr() == storage


@contextmanager
def shared() -> Iterator[None]:
    """Inside, models are built with large parameters that are random but overlap, which costs no time and no memory:
    for runs in which only shapes are looked at."""
    mode = _Shared()

    def mark(_: nn.Module, __: str, parameter: nn.Parameter | None) -> None:
        if mode.is_shared(parameter):
            parameter._is_hf_initialized = True  # type: ignore[union-attr]  # so that transformers leaves it alone

    hook = register_module_parameter_registration_hook(mark)
    try:
        with mode:
            yield
    finally:
        hook.remove()


@contextmanager
def at_most(numbers: int) -> Iterator[None]:
    """Inside, a model with more parameters than this is not built: HfreaderError, before they take memory."""
    counted: dict[int, nn.Parameter] = {}
    total = 0

    def count(_: nn.Module, __: str, parameter: nn.Parameter | None) -> None:
        nonlocal total
        if parameter is None or id(parameter) in counted:
            return
        counted[id(parameter)] = parameter  # kept, or another parameter could get its number
        total += parameter.numel()
        if total > numbers:
            raise HfreaderError(f"it has more than {numbers:,} parameters")

    hook = register_module_parameter_registration_hook(count)
    try:
        yield
    finally:
        hook.remove()
