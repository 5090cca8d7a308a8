"""What each module costs as a formula in the sizes of the model, added up from the products that were recorded.

A formula is told only where the runs at other sizes explain every size in it, and where it gives the number that was
counted.
"""

import re
from collections import Counter, defaultdict
from collections.abc import Iterable
from functools import cache

import sympy

from hfreader.facts.traces import ModuleRecord, Trace
from hfreader.pages.cost_terms import Terms, own_terms, worth, written

KINDS = ("parameters", "flops", "activations")
_NAME = re.compile(r"[A-Za-z_][\w.]*(\[\d+\])?")
_ROUNDED = {"ceil": sympy.ceiling, "floor": sympy.floor}


def formulas(trace: Trace, paths: Iterable[str] | None = None) -> dict[str, dict[str, str]]:
    """For each module's path and each of KINDS the formula of all its calls, the modules within included; parameters
    once. Without those that do not give what was counted. Of the modules at `paths` alone where these are given: of
    layers that are alike one is enough."""
    totals = _totals(trace.modules)
    counted: dict[str, Counter[str]] = defaultdict(Counter)
    for record in trace.modules:
        counted[record.path] += Counter(flops=record.flops or 0, activations=record.activations or 0)
        counted[record.path]["parameters"] = record.parameters
    values = {symbol.name: symbol.value for symbol in trace.symbols}
    return {
        path: {
            kind: str(_written(terms))
            for kind in KINDS
            if (terms := totals[path, kind]) and worth(written(terms), values) == counted[path][kind]
        }
        for path in (counted if paths is None else paths)
    }


def _totals(modules: Iterable[ModuleRecord]) -> dict[tuple[str, str], Terms]:
    """What each module costs with those within it."""
    records = list(modules)
    found: dict[tuple[str, str], Terms] = defaultdict(Counter)
    above: dict[str, str | None] = {}
    for record in records:
        above.setdefault(record.path, record.parent)
    for (inside, kind), terms in own_terms(records).items():
        path: str | None = inside
        while path is not None:
            found[path, kind] += terms
            path = above.get(path)
    return found


def _written(terms: Terms) -> sympy.Expr:
    """The sum with what its terms share before the bracket."""
    products = [factor * sympy.Mul(*map(_expression, product)) for product, factor in terms.items()]
    return sympy.factor_terms(sympy.expand(sympy.Add(*products)))


@cache
def _expression(text: str) -> sympy.Expr:
    """A size as it is written in a shape."""
    names = [name[0] for name in _NAME.finditer(text) if name[0] not in _ROUNDED]
    places = {name: f"size{place}" for place, name in enumerate(dict.fromkeys(names))}
    plain = _NAME.sub(lambda name: places.get(name[0], name[0]), text)
    return sympy.parse_expr(plain, local_dict={**_ROUNDED, **{place: _symbol(name) for name, place in places.items()}})


def _symbol(name: str) -> sympy.Symbol:
    return sympy.Symbol(name, positive=True, integer=True)
