"""What modules cost by themselves, as sums of products of sizes."""

import ast
import math
import operator
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping
from fractions import Fraction
from functools import cache

from hfreader.facts.traces import ModuleRecord, Product

UNKNOWN = ("?",)
Terms = Counter[tuple[str, ...]]
"""How often each product occurs, by the texts of its sizes in alphabetical order."""
_OPERATIONS = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.Pow: operator.pow,
}
_ROUNDED: dict[str, Callable[[Fraction], int]] = {"ceil": math.ceil, "floor": math.floor}


def own_terms(modules: Iterable[ModuleRecord]) -> dict[tuple[str, str], Terms]:
    """The costs of all calls of each module without the modules within, by its path and the kind of cost."""
    found: dict[tuple[str, str], Terms] = defaultdict(Counter)
    for record in modules:
        for cost in record.costs:
            found[record.path, cost.kind][_sizes(cost)] += cost.factor
    return found


def _sizes(cost: Product) -> tuple[str, ...]:
    known = len(cost.sizes.symbols) == len(cost.sizes.shape)
    return tuple(sorted(cost.sizes.symbols)) if known else UNKNOWN


def written(terms: Terms) -> str | None:
    """The sum as one expression, `2*B*T*(hidden + 1)`; None where a size in it has no symbol."""
    if UNKNOWN in terms:
        return None
    return "+".join(product(factor, sizes) for sizes, factor in terms.items())


def product(factor: int, sizes: Iterable[str]) -> str:
    """A product as it is written."""
    parts = [str(factor), *map(_factor, sizes)]
    return "*".join([part for part in parts if part != "1"] or ["1"])


def _factor(size: str) -> str:
    return f"({size})" if "+" in size or "-" in size else size


def value_of(expression: str, values: Mapping[str, int]) -> Fraction:
    """An expression of sizes, exactly; KeyError for a name that has no value."""
    return _value(_parsed(expression), values)


def worth(text: str | None, values: Mapping[str, int]) -> Fraction | None:
    """A sum as `written` gives it; None where it has no text, or a size in it has no value."""
    try:
        return None if text is None else value_of(text or "0", values)
    except KeyError:
        return None


@cache
def _parsed(expression: str) -> ast.expr:
    return ast.parse(expression, mode="eval").body


def _value(node: ast.expr, values: Mapping[str, int]) -> Fraction:
    match node:
        case ast.BinOp():
            made = _OPERATIONS[type(node.op)](_value(node.left, values), _value(node.right, values))
            return Fraction(made)
        case ast.Call(func=ast.Name(id=name), args=[inner]) if name in _ROUNDED:
            return Fraction(_ROUNDED[name](_value(inner, values)))
        case ast.Constant(value=int(number)):
            return Fraction(number)
        case _:
            return Fraction(values[ast.unparse(node)])
