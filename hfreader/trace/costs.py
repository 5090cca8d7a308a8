"""What the operations of a run cost: floating-point operations, and the memory of what they compute."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import torch
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves
from torch.utils.flop_counter import FlopCounterMode


@dataclass(frozen=True)
class Spent:
    """Floating-point operations as `torch.utils.flop_counter` counts them, and bytes of all results that are new memory
    (views and changes in place are none)."""

    flops: int
    bytes: int

    def __sub__(self, other: "Spent") -> "Spent":
        return Spent(self.flops - other.flops, self.bytes - other.bytes)


class Meter(TorchDispatchMode):  # type: ignore[no-untyped-call]
    """Counts what runs inside."""

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self._bytes = 0
        self._counter = FlopCounterMode(display=False)

    @contextmanager
    def running(self) -> Iterator["Meter"]:
        """Count inside the block."""
        with self._counter, self:
            yield self

    def spent(self) -> Spent:
        """What was counted so far."""
        return Spent(self._counter.get_total_flops(), self._bytes)

    def __torch_dispatch__(
        self,
        function: Any,
        types: Sequence[type],
        args: Sequence[Any] = (),
        kwargs: Mapping[str, Any] | None = None,
    ) -> Any:
        """Run one operation, and add up its results."""
        given = kwargs or {}
        result = function(*args, **given)
        taken = {_memory(each) for each in _tensors((args, given))}
        new = {_memory(each): each.numel() * each.element_size() for each in _tensors(result)}
        self._bytes += sum(size for memory, size in new.items() if memory not in taken)
        return result


def _tensors(values: Any) -> list[torch.Tensor]:
    return [each for each in tree_leaves(values) if isinstance(each, torch.Tensor)]


def _memory(tensor: torch.Tensor) -> int:
    """Identifies the memory that a tensor is a view of, also where it holds no numbers; a sparse one is its own."""
    tensor = getattr(tensor, "on_meta", tensor)
    try:
        return int(tensor.untyped_storage()._cdata)
    except (NotImplementedError, RuntimeError):
        return id(tensor)
