"""Names of dimensions in the steps of a generation.

The prompt and the first step after it are a run with a cache, and named as such. Each later step is the first one
again with a longer past, which is checked: a dimension that does not fit stays a number.
"""

from collections import defaultdict
from collections.abc import Callable
from dataclasses import replace

from hfreader.facts.traces import TensorFact, Trace
from hfreader.trace.symbols_names import PAST
from hfreader.trace.symbols_records import Key, rewrite

Step = dict[tuple[str, int], int]


def label_steps(trace: Trace, label: Callable[[Trace], Trace]) -> Trace:
    """The trace of several calls of the model with `symbols` on every tensor; `label` names those of two calls."""
    steps = _steps(trace)
    last = max(steps.values(), default=0)
    if last <= 1:
        return label(trace)
    beginning = label(_part(trace, steps, 0, 1))
    known: dict[Key, TensorFact] = {}

    def remember(key: Key, tensor: TensorFact) -> TensorFact:
        known[key] = tensor
        return tensor

    rewrite(beginning, remember)
    first = _calls(steps, 1)
    lines, modules = list(beginning.lines), list(beginning.modules)
    for step in range(2, last + 1):
        calls = _calls(steps, step)

        def name(key: Key, tensor: TensorFact, step: int = step, calls: dict[str, list[int]] = calls) -> TensorFact:
            what, path, call, repeat, inside = key
            earlier = first.get(str(path), [])
            place = calls[str(path)].index(int(str(call)))
            twin = known.get((what, path, earlier[place], repeat, inside)) if place < len(earlier) else None
            return _named(tensor, twin, step - 1)

        later = rewrite(replace(_part(trace, steps, step, step), inputs=(), cache=()), name)
        lines += later.lines
        modules += later.modules
    return replace(beginning, lines=tuple(lines), modules=tuple(modules))


def _named(tensor: TensorFact, twin: TensorFact | None, longer: int) -> TensorFact:
    """The tensor with the names of its counterpart in the first step, whose past is `longer` tokens shorter."""
    numbers = tuple(map(str, tensor.shape))
    if twin is not None and not twin.symbols:
        return tensor
    if twin is None or len(twin.shape) != len(tensor.shape):
        return replace(tensor, symbols=numbers)
    fits = (
        size - before == (longer if PAST in symbol else 0)
        for size, before, symbol in zip(tensor.shape, twin.shape, twin.symbols, strict=True)
    )
    symbols = (symbol if fit else number for symbol, fit, number in zip(twin.symbols, fits, numbers, strict=True))
    return replace(tensor, symbols=tuple(symbols))


def _steps(trace: Trace) -> Step:
    """For each call of each module in which call of the model it began: what runs before the first belongs to it."""
    starts = sorted(record.order for record in trace.modules if record.path == "")
    return {
        (record.path, record.call): max(sum(start <= record.order for start in starts) - 1, 0)
        for record in trace.modules
    }


def _calls(steps: Step, step: int) -> dict[str, list[int]]:
    """The calls of each module in one step, in their order."""
    found: dict[str, list[int]] = defaultdict(list)
    for (path, call), when in steps.items():
        if when == step:
            found[path].append(call)
    return found


def _part(trace: Trace, steps: Step, first: int, last: int) -> Trace:
    """The records of some steps."""
    return replace(
        trace,
        lines=tuple(line for line in trace.lines if first <= steps.get((line.module, line.call), 0) <= last),
        modules=tuple(record for record in trace.modules if first <= steps[record.path, record.call] <= last),
    )
