"""Which sizes of a run can be chosen freely, and what must hold between them for shapes to be whole numbers."""

import ast
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache

from hfreader.facts.traces import SymbolFact, TensorFact, Trace, Value
from hfreader.pages.cost_terms import value_of

_NAME = re.compile(r"[A-Za-z_][\w.]*(?:\[\d+\])?")
# The names that traces give to sizes of the library's general vocabulary (`hfreader.trace.symbols_names`).
TOKENS, POSITIONS, HEADS, SHARED = "T", "positions", "heads", "kv_heads"


@dataclass(frozen=True)
class Rules:
    """What sizes there are.

    free       those that can be chosen.      derived    the others, as expressions of these.
    multiples  for a size what it must be a multiple of, each an expression.
    divisors   for a size another one that it must divide.     most       for a size one that it must not exceed.
    """

    free: tuple[SymbolFact, ...]
    derived: Mapping[str, str]
    multiples: Mapping[str, list[str]]
    divisors: Mapping[str, str]
    most: Mapping[str, str]
    values: dict[str, int]


def rules_of(trace: Trace) -> Rules:
    """The rules of a run; what its own sizes break is no rule."""
    values = {symbol.name: symbol.value for symbol in trace.symbols}
    derived = dict(_derived(trace.symbols))
    stuck = {name for symbol in trace.symbols if derived.get(symbol.name) == "" for name in _parts(symbol, trace)}
    free = tuple(one for one in trace.symbols if one.name not in derived and one.name not in stuck)
    names = {one.name for one in free}
    known = {name: text for name, text in derived.items() if text}
    multiples: dict[str, list[str]] = {}
    for text in dict.fromkeys([*known.values(), *_texts(trace)]):
        for size, divisor in _divisions(text, known):
            holds = size in names and not value_of(size, values) % value_of(divisor, values)
            if holds and divisor not in multiples.setdefault(size, []):
                multiples[size].append(divisor)
    shared = {name: name.removesuffix(SHARED) + HEADS for name in names if name.endswith(SHARED)}
    divisors = {name: heads for name, heads in shared.items() if heads in names and not values[heads] % values[name]}
    most = {TOKENS: POSITIONS} if {TOKENS, POSITIONS} <= names else {}
    return Rules(free, known, {one: found for one, found in multiples.items() if found}, divisors, most, values)


def _derived(symbols: Iterable[SymbolFact]) -> Iterator[tuple[str, str]]:
    """The symbols that are made of others, as expressions of these; empty where one of these has no symbol."""
    by_field = {symbol.expression: symbol.name for symbol in symbols}
    for symbol in symbols:
        if "/" in symbol.expression:
            fields = _NAME.findall(symbol.expression)
            text = _NAME.sub(lambda found: by_field.get(found[0], ""), symbol.expression)
            yield symbol.name, text if all(field in by_field for field in fields) else ""


def _parts(symbol: SymbolFact, trace: Trace) -> list[str]:
    fields = set(_NAME.findall(symbol.expression))
    return [one.name for one in trace.symbols if one.expression in fields]


def _texts(trace: Trace) -> Iterator[str]:
    """The sizes of a run that are written as quotients."""
    for record in trace.modules:
        for _, value in [*record.inputs, ("", record.output)]:
            yield from _of(value)
        for cost in record.costs:
            yield from _quotients(cost.sizes)
    for line in trace.lines:
        yield from _of(line.value)


def _of(value: Value) -> Iterator[str]:
    if value.tensor is not None:
        yield from _quotients(value.tensor)
    for item in value.items:
        yield from _of(item)


def _quotients(tensor: TensorFact) -> Iterator[str]:
    return (text for text in tensor.symbols if "/" in text)


def _divisions(text: str, derived: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """What must be a multiple of what for a size to be a whole number: `hidden` of `2*heads` in `head_dim/2`."""
    for over, under in _monomials(_tree(text, tuple(derived.items()))):
        rest = over - under
        divisor = sorted((under - over).elements())
        names = [name for name in rest if not name.isdecimal()]
        if divisor and names:
            yield min(names, key=list(rest).index), "*".join(divisor)


@cache
def _tree(text: str, derived: tuple[tuple[str, str], ...]) -> ast.expr:
    known = dict(derived)
    for _ in known:
        text = _NAME.sub(lambda found: f"({known[found[0]]})" if found[0] in known else found[0], text)
    return ast.parse(text, mode="eval").body


def _monomials(node: ast.expr) -> Iterator[tuple[Counter[str], Counter[str]]]:
    """The factors above and below the line of each product in an expression."""
    match node:
        case ast.BinOp(op=ast.Add() | ast.Sub()):
            yield from _monomials(node.left)
            yield from _monomials(node.right)
        case ast.BinOp(op=ast.Pow()):
            yield from _monomials(node.left)
        case ast.BinOp(op=ast.Mult() | ast.Div()):
            left, right = list(_monomials(node.left)), list(_monomials(node.right))
            if len(left) == len(right) == 1:
                (over, under), (more, less) = left[0], right[0]
                yield (over + less, under + more) if isinstance(node.op, ast.Div) else (over + more, under + less)
            else:
                yield from (*left, *right)
        case _:
            yield Counter([ast.unparse(node)]), Counter()
