"""Recorded values as a reader sees them: in symbols, `(B, heads, T, head_dim)`, and in numbers."""

from collections.abc import Callable

from hfreader.facts.traces import TensorFact, Value

MOST_ITEMS = 4
PAST = "T_past"  # how a trace names the tokens that a cache holds already


def in_symbols(value: Value) -> str | None:
    """The value's shape in config terms; None for what holds no tensor."""
    return _written(value, tensor_in_symbols)


def in_numbers(value: Value) -> str | None:
    """The value's shape in numbers, with its dtype; None for what holds no tensor."""
    return _written(value, _numbers)


def dimension(tensor: TensorFact, axis: int) -> str:
    """One dimension of a tensor, in config terms."""
    return tensor.symbols[axis] if tensor.symbols else str(tensor.shape[axis])


def tensor_count(value: Value) -> int:
    """How many tensors a value holds."""
    return 1 if value.tensor is not None else sum(map(tensor_count, value.items))


def mentions_past(value: Value) -> bool:
    """Whether a dimension of a tensor in a value counts tokens that a cache holds already."""
    own = value.tensor is not None and any(PAST in symbol for symbol in value.tensor.symbols)
    return own or any(mentions_past(item) for item in value.items)


def is_unexplained(value: Value) -> bool:
    """Whether a dimension of a tensor in a value is another number at other sizes, nobody knows which."""
    own = value.tensor is not None and bool(value.tensor.unexplained)
    return own or any(map(is_unexplained, value.items))


def is_named(value: Value) -> bool:
    """Whether the dimensions of all tensors in a value have symbols, or are numbers at all sizes."""
    tensor = value.tensor
    own = tensor is None or not tensor.shape or bool(tensor.symbols)
    return own and not is_unexplained(value) and all(map(is_named, value.items))


def first_tensor(value: Value) -> TensorFact | None:
    """The first tensor in a value, depth first."""
    if value.tensor is not None:
        return value.tensor
    return next((tensor for item in value.items if (tensor := first_tensor(item)) is not None), None)


def tensor_in_symbols(tensor: TensorFact) -> str:
    """A tensor's shape in config terms."""
    return _tuple(tensor.symbols or tuple(map(str, tensor.shape)))


def _numbers(tensor: TensorFact) -> str:
    dtype = "" if tensor.dtype == "float32" else f" {tensor.dtype}"
    return _tuple(tuple(map(str, tensor.shape))) + dtype


def _tuple(dimensions: tuple[str, ...]) -> str:
    return f"({dimensions[0]},)" if len(dimensions) == 1 else f"({', '.join(dimensions)})"


def _written(value: Value, tensor_text: Callable[[TensorFact], str], depth: int = 0) -> str | None:
    """A tensor by `tensor_text`, a container by its tensors; long containers are cut and counted."""
    if value.tensor is not None:
        return tensor_text(value.tensor)
    inner = [text for item in value.items if (text := _written(item, tensor_text, depth + 1)) is not None]
    if not inner:
        return None
    if len(inner) > 1 and len(set(inner)) == 1:
        return f"{len(inner)} × {inner[0]}"
    shown = inner if len(inner) <= MOST_ITEMS else [*inner[:MOST_ITEMS], "…"]
    return ", ".join(shown) if depth == 0 and value.type == "tuple" else f"[{', '.join(shown)}]"
