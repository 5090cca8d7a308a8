"""A generation in the terminal: its steps, how the cache grows, and which lines see which lengths."""

from rich.console import Console
from rich.text import Text

from hfreader.facts.generation import GenerationStep
from hfreader.facts.traces import Trace
from hfreader.views.generation import LengthRow, length_rows
from hfreader.views.tables import table
from hfreader.views.terminal import NUMBERS, QUIET, SYMBOLS

UNITS = ("bytes", "KiB", "MiB", "GiB", "TiB")


def show_generation(trace: Trace, console: Console) -> None:
    """Nothing where nothing was generated."""
    found = trace.generation
    if found is None:
        return
    console.print()
    console.print(Text.assemble(("generated ", "bold"), repr(found.text)))
    if len(found.steps) < found.wanted:
        said = f"the model ended after {len(found.steps)} of {found.wanted} tokens"
        console.print(Text(said, QUIET))
    steps = table("step", "reads", "past", "cache after it", "size", "chosen")
    for step in found.steps:
        name = "prompt" if step.number == 0 else str(step.number)
        chosen = "—" if step.id is None else f"{step.text} ({step.id})"
        steps.add_row(name, str(step.reads), str(step.past), _cache(step), in_bytes(step.bytes), Text(chosen))
    console.print(steps)
    rows = length_rows(trace)
    if not rows:
        return
    lengths = table("line", "variable", "at the prompt", "later", f"prompt → step 1 → step {len(found.steps) - 1}")
    before = ""
    for row in rows:
        if row.class_name != before:
            lengths.add_row(Text(row.class_name, "bold"), "", "", "", "")
            before = row.class_name
        lengths.add_row(*_cells(row))
    console.print(lengths)


def _cells(row: LengthRow) -> list[Text]:
    line = Text(f"{row.place.file.rpartition('/')[2]}:{row.place.span.line}", QUIET)
    steps = (row.prompt, row.first, row.last)
    prompt, later = (None if step is None else step[0] for step in (row.prompt, row.last))
    numbers = dict.fromkeys("not run" if step is None else step[1] or step[0] for step in steps)
    return [line, Text(row.name, "green"), _named(prompt), _named(later, prompt), Text(" → ".join(numbers), NUMBERS)]


def _named(symbols: str | None, before: str | None = None) -> Text:
    if symbols is None:
        return Text("not run", QUIET)
    return Text("the same", QUIET) if symbols == before else Text(symbols, SYMBOLS)


def _cache(step: GenerationStep) -> Text:
    parts = [f"{part.name} {part.shape}" + (f" × {part.layers}" if part.layers > 1 else "") for part in step.cache]
    return Text(", ".join(parts) if parts else "none")


def in_bytes(number: int) -> str:
    """A size in the largest unit of which there is at least one."""
    value, unit = float(number), 0
    while value >= 1024 and unit < len(UNITS) - 1:
        value, unit = value / 1024, unit + 1
    return f"{value:.3g} {UNITS[unit]}" if unit else f"{number} bytes"
