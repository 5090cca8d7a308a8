"""Which lengths the steps of a generation have, and which lines see them."""

from collections import defaultdict
from dataclasses import dataclass

from hfreader.facts.places import Place
from hfreader.facts.traces import LineRecord, SymbolFact, Trace
from hfreader.pages.book import bare
from hfreader.pages.what_if import LENGTHS
from hfreader.views.listing import value_texts

Text = tuple[str, str]
"""A value in symbols and in numbers."""


@dataclass(frozen=True)
class LengthRow:
    """A variable that does not have the same shape in all steps: at the prompt, in the first step after it and in the
    last. None where the line did not run."""

    class_name: str
    place: Place
    name: str
    prompt: Text | None
    first: Text | None
    last: Text | None


def symbol_value(symbol: SymbolFact, trace: Trace) -> str:
    """The number that a symbol stands for; of a length that each step of a generation has anew, all of them."""
    steps = trace.generation.steps if trace.generation is not None else ()
    _, tokens, past, _ = LENGTHS
    lengths = {tokens: [step.reads for step in steps], past: [step.past for step in steps]}.get(symbol.expression, [])
    if len({*lengths}) < 2 or lengths[1] != symbol.value:
        return str(symbol.value)
    prompt, first, *others = lengths
    last = others[-1] if others else first
    return f"{prompt} at the prompt, then {first}" + (f" to {last}" if last != first else "")


def length_rows(trace: Trace) -> tuple[LengthRow, ...]:
    """The variables of every class, at its first module, whose shape changes between the steps, in the order of the
    source; several values of one line in one step stay apart."""
    starts = sorted(record.order for record in trace.modules if record.path == "")
    begins = {(record.path, record.call): record.order for record in trace.modules}
    classes = {record.path: bare(record.class_name) for record in reversed(trace.modules)}
    shown = {name: path for path, name in reversed(classes.items())}
    seen: dict[tuple[str, Place, str], dict[int, list[Text]]] = defaultdict(lambda: defaultdict(list))
    for line in trace.lines:
        name = classes.get(line.module, "")
        if shown.get(name) == line.module and _holds_shape(line):
            began = begins.get((line.module, line.call), 0)
            step = max(sum(start <= began for start in starts) - 1, 0)
            seen[name, line.place, line.name][step].append(value_texts(line.value))
    last = len(starts) - 1
    if last < 1:
        return ()
    rows = []
    for (name, place, variable), steps in seen.items():
        texts = [tuple(dict.fromkeys(steps.get(step, ()))) for step in (0, 1, last)]
        if len(set(texts)) > 1:
            rows.append(LengthRow(name, place, variable, *map(_joined, texts)))
    return tuple(rows)


def _holds_shape(line: LineRecord) -> bool:
    value = line.value
    return value.tensor is not None or any(item.tensor is not None for item in value.items)


def _joined(texts: tuple[Text, ...]) -> Text | None:
    if not texts:
        return None
    symbols, numbers = zip(*texts, strict=True)
    return "; ".join(dict.fromkeys(symbols)), "; ".join(dict.fromkeys(text for text in numbers if text))
