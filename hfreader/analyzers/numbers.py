"""Numbers known from constants alone."""

import math
from collections.abc import Callable

_BINARY: dict[str, Callable[[float, float], float]] = {
    "add": lambda a, b: a + b,
    "sub": lambda a, b: a - b,
    "mul": lambda a, b: a * b,
    "div": lambda a, b: a / b,
    "floor_divide": lambda a, b: a // b,
    "remainder": lambda a, b: a % b,
    "pow": lambda a, b: a**b,
    "max": max,
    "min": min,
}
_UNARY: dict[str, Callable[[float], float]] = {
    "neg": lambda a: -a,
    "positive": lambda a: a,
    "abs": abs,
    "sqrt": math.sqrt,
    "rsqrt": lambda a: 1 / math.sqrt(a),
    "exp": math.exp,
    "log": math.log,
    "log2": math.log2,
    "log10": math.log10,
    "floor": math.floor,
    "ceil": math.ceil,
    "int": int,
    "float": float,
    "round": round,
    "sin": math.sin,
    "cos": math.cos,
    "tanh": math.tanh,
}
_COMPARISONS: dict[str, Callable[[float, float], bool]] = {
    "eq": lambda a, b: a == b,
    "ne": lambda a, b: a != b,
    "lt": lambda a, b: a < b,
    "le": lambda a, b: a <= b,
    "gt": lambda a, b: a > b,
    "ge": lambda a, b: a >= b,
}
NAMED = {
    "math.pi": math.pi,
    "math.e": math.e,
    "math.inf": math.inf,
    "math.tau": math.tau,
    "numpy.pi": math.pi,
    "numpy.e": math.e,
    "torch.pi": math.pi,
    "torch.inf": math.inf,
    "torch.e": math.e,
}


def fold(op: str, values: list[float | None]) -> float | None:
    """The number that an operation makes of numbers; None where one is unknown or the result is no finite real."""
    known = [value for value in values if value is not None]
    if len(known) != len(values):
        return None
    try:
        if len(known) == 1 and op in _UNARY:
            return _real(_UNARY[op](known[0]))
        if len(known) == 2 and op in _BINARY:
            return _real(_BINARY[op](known[0], known[1]))
    except (ArithmeticError, ValueError):
        return None
    return None


def compare(op: str, left: float | None, right: float | None) -> bool | None:
    """The truth of a comparison of two numbers, None where one is unknown."""
    return _COMPARISONS[op](left, right) if op in _COMPARISONS and left is not None and right is not None else None


def _real(value: object) -> float | None:
    return float(value) if isinstance(value, int | float) and abs(value) < 1e300 else None
