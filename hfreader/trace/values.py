"""Values while they are there, and the facts made of them afterwards.

A snapshot is taken where a program runs: it must be quick, keep no tensor alive and never run code of the value
(no `repr` of unknown objects). `value_of` turns a snapshot into a `Value` when the run is over.
"""

import types
from itertools import islice
from typing import Any, NamedTuple

import torch

from hfreader.facts.traces import TensorFact, Value

LONGEST_SEQUENCE = 64
DEEPEST = 4
LONGEST_TEXT = 80


class TensorShot(NamedTuple):
    """A tensor without its numbers, as torch gives it."""

    type: str
    shape: tuple[int, ...]
    dtype: torch.dtype
    device: torch.device


class SequenceShot(NamedTuple):
    """A sequence or mapping, cut at LONGEST_SEQUENCE items; `length` is the whole length."""

    type: str
    items: tuple[Any, ...]
    keys: tuple[str, ...]
    length: int


class TextShot(NamedTuple):
    """Anything else."""

    type: str
    text: str | None


Shot = TensorShot | SequenceShot | TextShot


def snapshot(value: object, depth: int = DEEPEST) -> Shot:
    """What is worth keeping of `value`; sequences and mappings down to `depth` levels."""
    kind = type(value)
    if isinstance(value, torch.Tensor):
        return TensorShot("Tensor", value.shape, value.dtype, value.device)
    if kind is not torch.Size and depth and isinstance(value, tuple | list):
        base: Any = tuple if isinstance(value, tuple) else list
        items = tuple(snapshot(item, depth - 1) for item in islice(base.__iter__(value), LONGEST_SEQUENCE))
        return SequenceShot(kind.__name__, items, (), base.__len__(value))
    if depth and isinstance(value, dict):
        pairs = list(islice(dict.items(value), LONGEST_SEQUENCE))
        items = tuple(snapshot(item, depth - 1) for _, item in pairs)
        keys = tuple(key if type(key) is str else _text(key) or "?" for key, _ in pairs)
        return SequenceShot(kind.__name__, items, keys, dict.__len__(value))
    return TextShot(kind.__name__, _text(value))


def safe_snapshot(value: object) -> Shot:
    """The same, for values that refuse to be looked at (a nested tensor has no shape): their type alone."""
    try:
        return snapshot(value)
    except Exception:
        return TextShot(type(value).__name__, None)


def value_of(shot: Shot) -> Value:
    """The fact. A sequence without any tensor in it is text (`(2, 7)`)."""
    if isinstance(shot, TensorShot):
        return Value("Tensor", TensorFact(tuple(shot.shape), str(shot.dtype).removeprefix("torch."), str(shot.device)))
    if isinstance(shot, TextShot):
        return Value(shot.type, text=shot.text)
    more = f"{shot.length - len(shot.items)} more" if shot.length > len(shot.items) else None
    if _holds_tensor(shot):
        return Value(shot.type, items=tuple(value_of(item) for item in shot.items), keys=shot.keys, text=more)
    return Value(shot.type, text=_short(_written(shot)))


def _holds_tensor(shot: Shot) -> bool:
    return isinstance(shot, TensorShot) or (isinstance(shot, SequenceShot) and any(map(_holds_tensor, shot.items)))


def _written(shot: Any) -> str:
    if isinstance(shot, TextShot):
        return shot.text if shot.text is not None else shot.type
    items = [_written(item) for item in shot.items]
    if shot.keys:
        items = [f"{key}: {item}" for key, item in zip(shot.keys, items, strict=True)]
    if shot.length > len(items):
        items.append("...")
    if shot.type == "list":
        return f"[{', '.join(items)}]"
    if shot.keys or shot.type == "dict":
        return f"{{{', '.join(items)}}}"
    return f"({items[0]},)" if len(items) == 1 else f"({', '.join(items)})"


def _short(text: str) -> str:
    return text if len(text) <= LONGEST_TEXT else text[: LONGEST_TEXT - 1] + "…"


def _text(value: object) -> str | None:
    """Short text of a value whose text is known to be quick and harmless, else None."""
    kind = type(value)
    if kind is int:
        return str(value) if int(value).bit_length() < 256 else None  # type: ignore[call-overload]
    if kind in _PLAIN:
        return str(value)
    if kind is str:
        return repr(_short(value))  # type: ignore[arg-type]
    if kind is torch.Size:
        return _short(str(tuple(value)))  # type: ignore[arg-type]
    if isinstance(value, type | types.FunctionType | types.BuiltinFunctionType | types.MethodType):
        return value.__qualname__
    if isinstance(value, dict | tuple | list):
        return "…"
    return None


_PLAIN = frozenset({bool, float, complex, type(None), torch.dtype, torch.device, slice, type(...)})
