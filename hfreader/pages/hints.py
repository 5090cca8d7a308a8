"""The values recorded on the lines of a class, ready to be shown behind the code."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from markupsafe import Markup

from hfreader.facts.places import Place
from hfreader.facts.traces import LineRecord, Trace, Value
from hfreader.pages.book import bare
from hfreader.pages.language import gettext as _
from hfreader.pages.shapes import in_numbers, in_symbols, is_named, is_unexplained, mentions_past
from hfreader.pages.symbols import Overlay

SCALARS = frozenset({"int", "float", "bool", "Size"})
LONGEST_SCALAR = 28
MOST_VARIANTS = 3


@dataclass(frozen=True)
class Hint:
    """One value on a line: the variable (None where the line has only one), its shape or number, and in numbers.
    `certain`: the shape tells what it is at other sizes."""

    name: str | None
    text: str
    numbers: str
    places: tuple[Place, ...] = ()
    certain: bool = True

    def html(self, overlay: Overlay) -> Markup:
        """An empty element that CSS fills from its attributes, so that copied code holds code alone."""
        label = f"{self.name} " if self.name else ""
        numbers = sorted({number for place in self.places for number in overlay.at(place)})
        css = "".join(f" s{number}" for number in numbers)
        first, _semicolon, others = self.numbers.partition("; ")
        in_numbers = Markup(' data-n="{}"').format(label + first) if first != self.text else ""
        title = Markup(' title="{}"').format(_("also %s") % others) if others else ""
        css += "" if self.certain else " hf-u"
        return Markup('<i class="h{}" data-s="{}"{}{}></i>').format(css, label + self.text, in_numbers, title)


class Records:
    """The line records of a family's traces, by file and line, each with the class of the module that ran."""

    def __init__(self, traces: Sequence[Trace]) -> None:
        self._by_line: dict[tuple[str, int], list[tuple[str, LineRecord]]] = defaultdict(list)
        self._outputs: dict[tuple[str, int, str], list[Value]] = defaultdict(list)
        self._small: set[int] = set()
        for trace in traces:
            small = trace.changed != traces[0].changed  # at other sizes than the run of which the page speaks
            self._small |= {id(record) for record in trace.lines if small}
            ran = _lines_by_module(trace)
            for module in trace.modules:
                if small and not is_named(module.output):
                    continue
                owner, _dot, attribute = module.path.rpartition(".")
                for file, line in ran.get(owner, ()):
                    self._outputs[file, line, attribute].append(module.output)
            classes = {module.path: bare(module.class_name) for module in trace.modules} | {"": trace.class_name}
            for record in trace.lines:
                place = record.place
                runner = classes.get(record.module, "")
                self._by_line[place.file, place.span.line].append((runner, record))

    def hints(self, file: str, line: int, runner: str) -> list[Hint]:
        """The hints of a line as the class `runner` ran it, or any class where that one did not. The first of the
        `preferred` records is shown; other shapes that were seen are listed in the numbers."""
        by_name: dict[str, list[LineRecord]] = defaultdict(list)
        for record in self._on_line(file, line, runner):
            by_name[record.name].append(record)
        hints = [hint for name, records in by_name.items() if (hint := self._hint(name, records)) is not None]
        if len(hints) == 1:
            return [replace(hints[0], name=None)]
        return hints

    def _hint(self, name: str, seen: Sequence[LineRecord]) -> Hint | None:
        """One variable's hint; None where nothing about it can be said shortly. Numbers of a run at other sizes than
        the model's own are said to be that."""
        records = preferred(seen)
        places = tuple(dict.fromkeys(record.place for record in records))
        texts = _distinct(in_symbols(record.value) for record in records)
        if texts:
            shown = next(record for record in records if in_symbols(record.value) is not None)
            text, numbers = texts[0], _distinct(in_numbers(record.value) for record in records)[:MOST_VARIANTS]
            certain = not is_unexplained(shown.value)
            if id(shown) in self._small:
                certain = is_named(shown.value)
                numbers[0] = _("%s in a small run") % numbers[0]
                text = text if certain else _("%s in a small run") % text
            return Hint(name, text, "; ".join(numbers), places, certain)
        value = records[0].value
        if value.type in SCALARS and value.text is not None and len(value.text) <= LONGEST_SCALAR:
            text = f"= {value.text}"
            if value.type == "int" and id(records[0]) in self._small:
                text = _("%s in a small run") % text
            return Hint(name, text, text, places)
        return None

    def shape(self, place: Place, runner: str) -> str | None:
        """The preferred shape recorded at exactly this place as `runner` ran it, or any class; of a small run only what
        has names."""
        records = [record for record in self._on_line(place.file, place.span.line, runner) if record.place == place]
        known = [record for record in records if id(record) not in self._small or is_named(record.value)]
        shapes = (in_symbols(record.value) for record in preferred(known))
        return next((shape for shape in shapes if shape is not None), None)

    def module_shape(self, place: Place, attribute: str) -> str | None:
        """The preferred shape of what `self.<attribute>(...)` gave, called on this line."""
        outputs = sorted(self._outputs.get((place.file, place.span.line, attribute), ()), key=mentions_past)
        return next((shape for shape in map(in_symbols, outputs) if shape is not None), None)

    def _on_line(self, file: str, line: int, runner: str) -> list[LineRecord]:
        rows = self._by_line.get((file, line), [])
        return [record for name, record in rows if name == runner] or [record for _name, record in rows]


def _lines_by_module(trace: Trace) -> dict[str, set[tuple[str, int]]]:
    """The lines on which something was recorded while each module ran, by its path."""
    lines: dict[str, set[tuple[str, int]]] = defaultdict(set)
    for record in trace.lines:
        lines[record.module].add((record.place.file, record.place.span.line))
    return lines


def preferred(records: Sequence[LineRecord]) -> list[LineRecord]:
    """The records of one value, best example first: calls without a cache as they came, then calls with one, whose
    last says most."""
    past = [record for record in records if mentions_past(record.value)]
    return [record for record in records if not mentions_past(record.value)] + past[::-1]


def _distinct(texts: Iterable[str | None]) -> list[str]:
    return list(dict.fromkeys(text for text in texts if text is not None))
