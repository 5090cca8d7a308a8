"""Values while they are there, and the facts made of them afterwards.

A snapshot is taken where a program runs: it must be quick, keep no tensor alive and never run code of the value
(no `repr` of unknown objects). So that most cost next to nothing, a tensor's is a plain tuple (shape, dtype, device)
and that of a number is the number. `value_of` turns a snapshot into a `Value` when the run is over.
"""

import types
from itertools import islice
from typing import Any, NamedTuple

import torch

from hfreader.facts.traces import TensorFact, Value

LONGEST_SEQUENCE = 64
DEEPEST = 4
LONGEST_TEXT = 80


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


TensorShot = tuple[tuple[int, ...], torch.dtype, torch.device]
Shot = TensorShot | SequenceShot | TextShot | bool | int | float | complex | None | torch.dtype | torch.device
ATOMS = frozenset({type(None), bool, int, float, complex, torch.dtype, torch.device, torch.Size})
"""Types whose values are their own snapshots."""


def snapshot(value: object, depth: int = DEEPEST) -> Shot:
    """What is worth keeping of `value`; sequences and mappings down to `depth` levels."""
    kind = type(value)
    if kind in ATOMS:
        return value  # type: ignore[return-value]
    if isinstance(value, torch.Tensor):
        return (value.shape, value.dtype, value.device)
    if kind is tuple and depth and len(value) <= LONGEST_SEQUENCE:  # type: ignore[arg-type]
        return SequenceShot("tuple", _snapshots(value, depth), (), len(value))  # type: ignore[arg-type]
    if depth and isinstance(value, _SEQUENCES):
        base: Any = tuple if isinstance(value, tuple) else list
        items = tuple(islice(base.__iter__(value), LONGEST_SEQUENCE))
        return SequenceShot(kind.__name__, _snapshots(items, depth), (), base.__len__(value))
    if depth and isinstance(value, dict):
        pairs = tuple(islice(dict.items(value), LONGEST_SEQUENCE))
        keys = tuple([key if type(key) is str else _text(key) or "?" for key, _ in pairs])
        items = tuple([item for _, item in pairs])
        return SequenceShot(kind.__name__, _snapshots(items, depth), keys, dict.__len__(value))
    return TextShot(kind.__name__, _text(value))


def _snapshots(items: tuple[object, ...], depth: int) -> tuple[Any, ...]:
    return items if ATOMS.issuperset(map(type, items)) else tuple([snapshot(item, depth - 1) for item in items])


def safe_snapshot(value: object) -> Shot:
    """The same, for values that refuse to be looked at (a nested tensor has no shape): their type alone."""
    try:
        return snapshot(value)
    except Exception:
        return TextShot(type(value).__name__, None)


def value_of(shot: Shot) -> Value:
    """The fact. A sequence without any tensor in it is text (`(2, 7)`), a mapping text with all of its keys."""
    if isinstance(shot, TextShot):
        return Value(shot.type, text=shot.text)
    if not isinstance(shot, SequenceShot):
        return _tensor(shot) if type(shot) is tuple else Value(type(shot).__name__, text=_text(shot))
    more = f"{shot.length - len(shot.items)} more" if shot.length > len(shot.items) else None
    if _holds_tensor(shot):
        return Value(shot.type, items=tuple(value_of(item) for item in shot.items), keys=shot.keys, text=more)
    keys = shot.keys if len(shot.keys) == shot.length else ()
    return Value(shot.type, keys=keys, text=_short(_written(shot)))


def _tensor(shot: Any) -> Value:
    shape, dtype, device = shot
    return Value("Tensor", TensorFact(tuple(shape), str(dtype).removeprefix("torch."), str(device)))


def _holds_tensor(shot: Shot) -> bool:
    return type(shot) is tuple or (isinstance(shot, SequenceShot) and any(map(_holds_tensor, shot.items)))


def _written(shot: Any) -> str:
    if isinstance(shot, TextShot):
        return shot.text if shot.text is not None else shot.type
    if not isinstance(shot, SequenceShot):
        return _text(shot) or type(shot).__name__
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
    if isinstance(value, _NAMED):
        return str(value.__qualname__)
    if isinstance(value, (*_SEQUENCES, dict)):
        return "…"
    return None


_PLAIN = (ATOMS - {int, torch.Size}) | {slice, type(...)}
_SEQUENCES = (tuple, list)
_NAMED = (type, types.FunctionType, types.BuiltinFunctionType, types.MethodType)
