"""The tensors of a trace by where they were recorded, so that each is found again in another run of the same class."""

import re
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import lru_cache

from hfreader.facts.generation import CachePart
from hfreader.facts.traces import LineRecord, ModuleRecord, Product, TensorFact, Trace, Value

Key = tuple[object, ...]
"""What was recorded, then where: module path, call, repetition, place inside the value."""

COST = "cost"
_INDEX = re.compile(r"(?<=[._])\d+(?=\.|$)|^\d+(?=\.|$)")


def general(key: Key) -> Key:
    """The key with every number of a layer, call, repetition or item left out: the same for layers that repeat."""
    what, path, _, _, inside = key
    return (what, _without_numbers(str(path)), _without_numbers(str(inside)))


@lru_cache(1 << 14)
def _without_numbers(path: str) -> str:
    return _INDEX.sub("*", path)


def is_cost(key: Key) -> bool:
    """Whether the sizes are those of a product that something costs."""
    what = key[0]
    return isinstance(what, tuple) and what[0] == COST


def shapes(trace: Trace) -> dict[Key, tuple[int, ...]]:
    """The shape of every recorded tensor, in the order of recording."""
    found: dict[Key, tuple[int, ...]] = {}

    def note(key: Key, tensor: TensorFact) -> TensorFact:
        found[key] = tensor.shape
        return tensor

    rewrite(trace, note)
    return found


def before_cache(trace: Trace) -> frozenset[tuple[str, int]]:
    """Module path and call number of all that ran in the first of several calls of the model: the call that fills the
    cache, in which nothing is past yet."""
    starts = sorted(record.order for record in trace.modules if record.path == "")
    if len(starts) < 2:
        return frozenset()
    return frozenset((record.path, record.call) for record in trace.modules if record.order < starts[1])


def rewrite(trace: Trace, change: Callable[[Key, TensorFact], TensorFact]) -> Trace:
    """The trace with every tensor replaced by what `change` makes of it."""
    repeats: Counter[Key] = Counter()

    def line(record: LineRecord) -> LineRecord:
        what = ("line", record.place.file, record.place.span, record.name, record.kind)
        base = (what, record.module, record.call)
        repeats[base] += 1
        value = _value(record.value, (*base, repeats[base]), "", change)
        return record if value is record.value else replace(record, value=value)

    def module(record: ModuleRecord) -> ModuleRecord:
        inputs = tuple(
            (name, _value(value, (("input", name), record.path, record.call, 1), "", change))
            for name, value in record.inputs
        )
        output = _value(record.output, (("output", ""), record.path, record.call, 1), "", change)
        # Not as many of the kind in another run: it took another path, and which goes with which nobody knows.
        counts, seen = Counter(cost.kind for cost in record.costs), Counter[str]()

        def cost(each: Product) -> Product:
            seen[each.kind] += 1
            key = ((COST, each.kind, counts[each.kind]), record.path, record.call, seen[each.kind], "")
            return replace(each, sizes=change(key, each.sizes))

        costs = tuple(map(cost, record.costs))
        return replace(record, inputs=inputs, output=output, costs=costs)

    def kept(number: int, part: CachePart) -> CachePart:
        tensor = change(
            (("cache", part.name), "", 0, number, ""), TensorFact(part.shape, part.dtype, trace.device, part.symbols)
        )
        return replace(part, symbols=tensor.symbols)

    return replace(
        trace,
        cache=tuple(kept(number, part) for number, part in enumerate(trace.cache)),
        inputs=tuple((name, _value(value, (("given", name), "", 0, 1), "", change)) for name, value in trace.inputs),
        lines=tuple(line(record) for record in trace.lines),
        modules=tuple(module(record) for record in trace.modules),
    )


def _value(value: Value, base: Key, inside: str, change: Callable[[Key, TensorFact], TensorFact]) -> Value:
    tensor = None if value.tensor is None else change((*base, inside), value.tensor)
    items = tuple(_value(item, base, f"{inside}.{part}" if inside else part, change) for part, item in _parts(value))
    return value if tensor is value.tensor and items == value.items else replace(value, tensor=tensor, items=items)


def _parts(value: Value) -> Iterator[tuple[str, Value]]:
    names = value.keys if len(value.keys) == len(value.items) else map(str, range(len(value.items)))
    return zip(names, value.items, strict=True)
