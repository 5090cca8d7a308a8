"""What the operations of a run cost: floating-point operations, and the memory of what they compute."""

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import torch
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils.flop_counter import FlopCounterMode

from hfreader.facts.traces import Product, TensorFact
from hfreader.trace.operands import tensors_of

aten = torch.ops.aten


@dataclass(frozen=True)
class Spent:
    """Floating-point operations as `torch.utils.flop_counter` counts them, and bytes of all results that are new memory
    (views and changes in place are none)."""

    flops: int
    bytes: int

    def __sub__(self, other: "Spent") -> "Spent":
        return Spent(self.flops - other.flops, self.bytes - other.bytes)


class Meter(TorchDispatchMode):  # type: ignore[no-untyped-call]
    """Counts what runs inside.

    charge  is told of each cost as the product that it is.
    """

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.charge: Callable[[Product], None] | None = None
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
        given, before = kwargs or {}, self._counter.get_total_flops()
        result = function(*args, **given)
        taken = {_memory(each) for each in tensors_of(args, given)}
        new = {memory: each for each in tensors_of(result) if (memory := _memory(each)) not in taken}
        self._bytes += sum(each.numel() * each.element_size() for each in new.values())
        if self.charge is not None:
            for each in new.values():
                self.charge(product("activations", each.element_size(), each.shape, each.dtype))
            if flops := self._counter.get_total_flops() - before:
                self.charge(_operations(flops, function, args, result))
        return result


def _memory(tensor: torch.Tensor) -> int:
    """Identifies the memory that a tensor is a view of, also where it holds no numbers; a sparse one is its own."""
    tensor = getattr(tensor, "on_meta", tensor)
    try:
        return int(tensor.untyped_storage()._cdata)
    except (NotImplementedError, RuntimeError):
        return id(tensor)


def product(kind: str, factor: int, sizes: Sequence[int], dtype: object = "") -> Product:
    """A cost as a product of sizes."""
    return Product(kind, factor, TensorFact(tuple(sizes), str(dtype).removeprefix("torch."), ""))


def _operations(flops: int, function: Any, args: Sequence[Any], result: Any) -> Product:
    """The floating-point operations of one operation, by the sizes that they are the product of where these are
    known."""
    sizes = _multiplied(getattr(function, "_overloadpacket", None), args, result)
    known = sizes is not None and 2 * math.prod(sizes) == flops
    return product("flops", 2, sizes) if known and sizes else product("flops", 1, (flops,))


def _multiplied(packet: Any, args: Sequence[Any], result: Any) -> tuple[int, ...] | None:
    """The sizes of a matrix product or a convolution, twice whose product are its multiplications and additions."""
    if packet in (aten.mm, aten.bmm):
        return (*args[0].shape, args[1].shape[-1])
    if packet in (aten.addmm, aten.baddbmm):
        return (*args[1].shape, args[2].shape[-1])
    if packet in (aten.convolution, aten._convolution):
        return (*(args[0] if args[6] else result).shape, *args[1].shape[1:])
    return None
