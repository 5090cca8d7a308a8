"""Tensors that have a shape and no numbers, so that a model of any size runs.

Inside `hollow()`, every tensor of fractions that is large, or that is computed from one without numbers, is a
`ShapeTensor`: torch's meta kernels tell its shape, no memory is taken. Whole numbers and truth values (ids, masks,
positions, grids) are computed as ever, so that what Python decides by them is exact. Where whole numbers or truth
values would follow from numbers that are not there (the experts that a router chooses), zeros stand for them, and are
counted.
"""

from collections.abc import Hashable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import torch
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_map

from hfreader.trace.operands import tensors_of

aten = torch.ops.aten
# Tensors of fractions with fewer numbers keep them: tables of frequencies, scales, strides.
SMALL = 1 << 15
_known: dict[Hashable, tuple[torch.Size, tuple[int, ...], torch.dtype]] = {}
_INDEXED = (aten.index.Tensor, aten.index_put.default, aten.index_put_.default)


class ShapeTensor(torch.Tensor):
    """A tensor on the CPU by name; `on_meta`, on the meta device, has its shape, type and strides."""

    on_meta: torch.Tensor
    __torch_function__ = torch._C._disabled_torch_function_impl  # type: ignore[assignment]

    @staticmethod
    def __new__(cls: type["ShapeTensor"], inner: torch.Tensor) -> "ShapeTensor":
        """Of the shape of a tensor on the meta device."""
        made: ShapeTensor = torch.Tensor._make_wrapper_subclass(
            cls,
            inner.shape,
            strides=inner.stride(),
            storage_offset=inner.storage_offset(),
            dtype=inner.dtype,
            device=torch.device("cpu"),
            requires_grad=False,
        )
        made.on_meta = inner
        return made

    def __repr__(self) -> str:  # type: ignore[override]
        """Shape and type."""
        return f"ShapeTensor({tuple(self.shape)}, {self.dtype})"

    @classmethod
    def __torch_dispatch__(  # type: ignore[override]
        cls, function: Any, types: Sequence[type], args: Sequence[Any] = (), kwargs: Mapping[str, Any] | None = None
    ) -> Any:
        """An operation outside of `hollow()`, on what it left behind."""
        return _run(function, args, kwargs or {}, [])


class _Hollow(TorchDispatchMode):  # type: ignore[no-untyped-call]
    """Runs every operation inside `hollow()`; `invented` are those whose whole numbers nobody knows."""

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.invented: list[str] = []

    def __torch_dispatch__(
        self, function: Any, types: Sequence[type], args: Sequence[Any] = (), kwargs: Mapping[str, Any] | None = None
    ) -> Any:
        """One operation: on shapes where numbers are missing or too many, else as ever."""
        given = kwargs or {}
        if any(isinstance(each, ShapeTensor) for each in tensors_of(args, given)):
            return _run(function, args, given, self.invented)
        made = _large(function, args, given)
        return function(*args, **given) if made is None else made


@contextmanager
def hollow() -> Iterator[list[str]]:
    """Inside, models are built and run without numbers. Gives the operations whose whole numbers were invented."""
    with _Hollow() as mode:
        yield mode.invented


def _large(function: Any, args: Sequence[Any], given: Mapping[str, Any]) -> "ShapeTensor | None":
    """What a new tensor of fractions would be that is too large to be made; None for all else."""
    returned = function._schema.returns
    if len(returned) != 1 or returned[0].alias_info is not None or str(returned[0].type) != "Tensor":
        return None
    if not any(each.is_floating_point() for each in tensors_of(args, given)) and not _makes_fractions(function, given):
        return None
    try:
        made = _on_shapes(function, args, given)
    except (NotImplementedError, RuntimeError):
        return None
    large = isinstance(made, torch.Tensor) and made.is_floating_point() and made.numel() > SMALL
    return ShapeTensor(made) if large else None


def _makes_fractions(function: Any, given: Mapping[str, Any]) -> bool:
    dtype = given.get("dtype")
    return dtype.is_floating_point if dtype is not None else "device" in given or "where" in function.__name__


def _run(function: Any, args: Sequence[Any], given: Mapping[str, Any], invented: list[str]) -> Any:
    """An operation on shapes."""
    if function is aten._local_scalar_dense.default:
        invented.append(str(function))
        return 0.0
    if function in _INDEXED:
        args = (args[0], _counted(args[1]), *args[2:])
    changed = _changed(function, args, given)
    if changed is not None and not isinstance(changed, ShapeTensor):
        return changed  # what has numbers keeps those that it has
    if changed is not None and torch.Tag.nondeterministic_seeded in function.tags:
        return changed  # filled at random, as weights are: torch's meta kernels of that are slow, and change no shape
    made = _on_shapes(function, args, given)
    if changed is not None:
        return changed

    def wrapped(value: Any) -> Any:
        if not isinstance(value, torch.Tensor):
            return value
        if value.is_floating_point() or value.is_complex():
            return ShapeTensor(value)
        invented.append(str(function))
        return torch.zeros(value.shape, dtype=value.dtype)

    return wrapped(made) if isinstance(made, torch.Tensor) else tree_map(wrapped, made)


def _on_shapes(function: Any, args: Sequence[Any], given: Mapping[str, Any]) -> Any:
    """What an operation makes of tensors on the meta device. Asked once for shapes that come again, as in every layer:
    torch's own answer takes longer than most of these operations on numbers."""
    key = _key(function, args, given)
    known = _known.get(key) if key is not None else None
    if known is not None:
        shape, steps, dtype = known
        return torch.empty_strided(shape, steps, dtype=dtype, device="meta")
    made = function(*tree_map(_to_meta, args), **_on_meta(given))
    if key is not None and type(made) is torch.Tensor and made.storage_offset() == 0:
        _known[key] = made.shape, made.stride(), made.dtype
    return made


def _key(function: Any, args: Sequence[Any], given: Mapping[str, Any]) -> Hashable:
    """What an operation's answer depends on; None where that is a tensor handed on, or seen in another way."""
    returned = function._schema.returns
    if len(returned) != 1 or returned[0].alias_info is not None:
        return None
    key = (function, _outline(args), *((name, _outline(value)) for name, value in given.items()))
    try:
        hash(key)
    except TypeError:
        return None
    return key


def _outline(value: Any) -> Any:
    """An argument without numbers."""
    if isinstance(value, torch.Tensor):
        return value.shape, value.stride(), value.dtype, isinstance(value, ShapeTensor)
    if isinstance(value, list | tuple):
        return tuple([_outline(each) for each in value])
    return type(value), value


def _changed(function: Any, args: Sequence[Any], given: Mapping[str, Any]) -> Any:
    """The argument that an operation in place changes and gives back; None where it makes something new."""
    for index, each in enumerate(function._schema.arguments):
        if each.alias_info is not None and each.alias_info.is_write:
            return args[index] if index < len(args) else given.get(each.name)
    return None


def _counted(indices: Sequence[Any]) -> list[Any]:
    """Indices in which masks are the positions that they choose: how many these are, no shape tells."""
    found: list[Any] = []
    for each in indices:
        is_mask = isinstance(each, torch.Tensor) and each.dtype in (torch.bool, torch.uint8)
        found += each.nonzero(as_tuple=True) if is_mask else [each]
    return found


def _to_meta(value: Any) -> Any:
    if isinstance(value, ShapeTensor):
        return value.on_meta
    if isinstance(value, torch.Tensor):
        return value.to("meta")
    return torch.device("meta") if isinstance(value, torch.device) else value


def _on_meta(given: Mapping[str, Any]) -> dict[str, Any]:
    return {name: tree_map(_to_meta, value) for name, value in given.items()}
