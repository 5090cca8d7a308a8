"""What a model keeps from one forward pass to the next."""

from collections import Counter
from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Any

import torch

from hfreader.facts.generation import CachePart

# What is kept of a cache at a moment: name and shape, dtype and bytes of each of its tensors.
Held = tuple[tuple[str, tuple[int, ...], str, int], ...]

_CACHES = ("past_key_values", "cache_params")
_SIDES = {"self_attention_cache": "", "cross_attention_cache": "cross "}


def cache_after(output: Any, given: Mapping[str, Any] = MappingProxyType({})) -> Held:
    """Every tensor of the cache that a forward pass returns, or has written into what it was given."""
    caches = (where(name) for name in _CACHES for where in (lambda name: getattr(output, name, None), given.get))
    return tuple(_held(next((each for each in caches if each is not None), None)))


def _held(cache: Any, prefix: str = "") -> Iterator[tuple[str, tuple[int, ...], str, int]]:
    """Every tensor of a cache, layer by layer."""
    if cache is None:
        return
    sides = [(side, name) for side, name in _SIDES.items() if hasattr(cache, side)]
    for side, name in sides:
        yield from _held(getattr(cache, side), f"{prefix}{name}")
    if sides:
        return
    for layer in getattr(cache, "layers", [cache]):
        for name, value in vars(layer).items():
            inner = value.values() if isinstance(value, dict) else value if isinstance(value, list | tuple) else [value]
            for tensor in inner:
                if torch.is_tensor(tensor) and tensor.dim() > 1:
                    dtype = str(tensor.dtype).removeprefix("torch.")
                    yield f"{prefix}{name}", tuple(tensor.shape), dtype, tensor.numel() * tensor.element_size()


def folded(held: Held) -> tuple[CachePart, ...]:
    """Tensors of the same name and shape in several layers, said once."""
    counted = Counter(held)
    return tuple(
        CachePart(name, layers, shape, dtype, size * layers) for (name, shape, dtype, size), layers in counted.items()
    )
