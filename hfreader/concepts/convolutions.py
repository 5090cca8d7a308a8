"""Convolutions: their patterns and what they compute, shared by the concepts that have some."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import product
from math import prod
from typing import Any

from hfreader.concepts.model import NotCovered
from hfreader.concepts.norms import norm as written_norm
from hfreader.concepts.pattern import (
    CONVOLUTION,
    TRANSPOSED_CONVOLUTION,
    Anything,
    Computes,
    DerivedFrom,
    Layer,
    Not,
    Number,
    OneOf,
    Op,
    Pattern,
)

NORMS = tuple(
    f"torch.nn.{name}"
    for name in (
        *(f"{kind}{n}d" for kind in ("BatchNorm", "InstanceNorm") for n in (1, 2, 3)),
        *("SyncBatchNorm", "GroupNorm", "LayerNorm", "RMSNorm"),
    )
)
FLATTENED = DerivedFrom(("flatten",))


def convolution(x: Pattern, symbol: str | None = None) -> Pattern:
    """A convolution or transposed convolution of `x`."""
    return Layer(CONVOLUTION + TRANSPOSED_CONVOLUTION, (x,), symbol)


def depthwise(x: Pattern, symbol: str | None = None) -> Pattern:
    """A convolution of each channel of `x` alone."""
    return Layer(CONVOLUTION, (x,), symbol, equal=(("in_channels", "groups"),))


def patches(x: Pattern, symbol: str | None = None) -> Pattern:
    """A convolution whose windows do not overlap; windows of a written size 1 or 2 are no patches."""
    sizes = Not(OneOf((Number(1), Number(2))))
    return Layer(CONVOLUTION, (x,), symbol, settings=(("kernel_size", sizes),), equal=(("kernel_size", "stride"),))


def normalisation(x: Pattern, symbol: str) -> Pattern:
    """A norm of `x` by a submodule: torch's own, one written out, or a batch norm with frozen statistics."""
    total = Op(("add",), (Anything(), Anything()))
    root = OneOf((Op(("rsqrt",), (total,)), Op(("pow",), (total, Number(-0.5)))))
    frozen = Op(("add",), (Op(("mul",), (x, Op(("mul",), (Anything(), root)))), Anything()))
    return OneOf((Layer(NORMS, (x,), symbol), written_norm(x, symbol), Computes(frozen, symbol)))


def convolved(x: Any, conv: Any) -> Any:
    """W * x + b as sums of products. Shapes: x (B, C, *sizes) or (C, *sizes), W (C', C / groups, *kernel), and for a
    transposed convolution (C, C' / groups, *kernel); the result is (B, C', *sizes') or (C', *sizes')."""
    if conv.weight is None:
        raise NotCovered("the layer is left out")
    weight, n = conv.weight, conv.weight.dim() - 2
    if x.dim() == n + 1:
        return convolved(x.unsqueeze(0), conv).squeeze(0)
    if conv.padding_mode != "zeros":
        raise NotCovered("the edges are not padded with zeros")
    reach = [step * (size - 1) for step, size in zip(conv.dilation, weight.shape[2:], strict=True)]
    stride = conv.stride
    if conv.transposed:
        x, weight = _spread(x, stride), _turned(weight, conv.groups)
        pads = [(r - p, r - p + o) for r, p, o in zip(reach, conv.padding, conv.output_padding, strict=True)]
        stride = (1,) * n
    else:
        pads = list(_padding(conv.padding, reach))
    padded = with_zeros(x, pads)
    sizes = [(size - r - 1) // step + 1 for size, r, step in zip(padded.shape[2:], reach, stride, strict=True)]
    result = x.new_zeros(x.shape[0], conv.groups, weight.shape[0] // conv.groups, prod(sizes))
    # Summed place by place of the kernel: all windows side by side take as many times the memory as it has places.
    for place in product(*map(range, weight.shape[2:])):
        firsts = [p * step for p, step in zip(place, conv.dilation, strict=True)]
        ends = [f + step * (size - 1) + 1 for f, step, size in zip(firsts, stride, sizes, strict=True)]
        seen = padded[(..., *map(slice, firsts, ends, stride))].reshape(x.shape[0], conv.groups, -1, prod(sizes))
        result += weight[(..., *place)].reshape(conv.groups, -1, weight.shape[1]) @ seen
    result = result.reshape(x.shape[0], -1, *sizes)
    return result if conv.bias is None else result + conv.bias.reshape(-1, *(1,) * n)


def arranged(value: Any, like: Any) -> Any:
    """A result (B, C, *sizes) in the order of dimensions in which code keeps it, told by the shape of `like` alone:
    channels second or last, positions in one dimension or several."""
    found = {}
    for one in (value, value.movedim(1, -1), value.movedim(-1, 1), *_flat(value)):
        if one.shape == like.shape:
            found[one.stride()] = one
    if len(found) == 1:
        return next(iter(found.values()))
    if not found and like.numel() == value.numel() and like.shape[-1] == value.shape[1]:
        return value.movedim(1, -1).reshape(like.shape)
    if not found and like.numel() == value.numel() and _keeps_order(value.shape, like.shape):
        return value.reshape(like.shape)
    raise NotCovered("which dimension holds the channels cannot be told by the sizes")


def _keeps_order(shape: Sequence[int], other: Sequence[int]) -> bool:
    """Whether another shape only divides the batch or the positions: the channels have a dimension of their own still,
    with as much before it."""
    return any(size == shape[1] and prod(other[:place]) == shape[0] for place, size in enumerate(other))


def _flat(value: Any) -> Iterator[Any]:
    if value.dim() > 3:
        yield value.flatten(2)
        yield value.flatten(2).transpose(1, 2)


def _padding(padding: Any, reach: list[int]) -> Iterable[tuple[int, int]]:
    """Zeros before and after, for each dimension."""
    if padding == "same":
        return [(r // 2, r - r // 2) for r in reach]
    if padding == "valid":
        return [(0, 0) for _ in reach]
    return [(p, p) for p in padding]


def with_zeros(x: Any, pads: Sequence[tuple[int, int]]) -> Any:
    """A signal (..., *sizes) with zeros before and after, for each of the sizes; NotCovered for fewer than
    none before."""
    for axis, (before, after) in enumerate(pads, start=x.dim() - len(pads)):
        if before < 0:
            raise NotCovered("more is cut off than the kernel reaches")
        shape = list(x.shape)
        shape[axis] += before + after
        wider = x.new_zeros(shape)
        wider.narrow(axis, before, x.shape[axis]).copy_(x)
        x = wider
    return x


def _spread(x: Any, stride: tuple[int, ...]) -> Any:
    """`stride - 1` zeros between any two values."""
    wide = x.new_zeros(*x.shape[:2], *((size - 1) * step + 1 for size, step in zip(x.shape[2:], stride, strict=True)))
    wide[(..., *(slice(None, None, step) for step in stride))] = x
    return wide


def _turned(weight: Any, groups: int) -> Any:
    """The kernel of the convolution that a transposed convolution is."""
    parts = weight.reshape(groups, -1, *weight.shape[1:]).transpose(1, 2)
    return parts.reshape(-1, parts.shape[2], *weight.shape[2:]).flip(tuple(range(2, weight.dim())))
