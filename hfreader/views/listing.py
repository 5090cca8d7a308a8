"""Source lines with what was recorded on them: the form from which the terminal and HTML views are made."""

import ast
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache

from hfreader.errors import HfreaderError, suggestion
from hfreader.facts.branches import Branch
from hfreader.facts.traces import LineRecord, Trace, Value
from hfreader.pages.execution import line_states
from hfreader.pages.highlight import Stretch, scan
from hfreader.pages.shapes import in_numbers, in_symbols
from hfreader.views.statistics import written

MOST_VARIANTS = 3
LONGEST_TEXT = 40


@dataclass(frozen=True)
class Annotation:
    """A variable on a line. `numbers` is empty where it would repeat `symbols`."""

    name: str
    symbols: str
    numbers: str


@dataclass(frozen=True)
class AnnotatedLine:
    """One line of a function, dedented. `ran` is None for what cannot run (comments, blank lines, signatures);
    `idle` marks the first of consecutive lines that did not run; `colours` are the stretches that syntax colours."""

    number: int
    text: str
    ran: bool | None
    annotations: tuple[Annotation, ...]
    idle: bool = False
    colours: tuple[Stretch, ...] = ()


@dataclass(frozen=True)
class FunctionListing:
    """One function as it ran for one module. `dispatched` says through which call it was reached, if it was."""

    function: str
    file: str
    lines: tuple[AnnotatedLine, ...]
    dispatched: str | None = None


@dataclass(frozen=True)
class ModuleListing:
    """The functions that one module ran: its forward first, then what that called. `calls` counts its calls; the
    values are those of the first."""

    path: str
    class_name: str
    calls: int
    functions: tuple[FunctionListing, ...]


def module_listing(trace: Trace, sources: Mapping[str, str], path: str) -> ModuleListing:
    """The annotated functions of the module at `path` (`` is the model); HfreaderError for an unknown path."""
    path = _known_path(trace, path)
    records = [record for record in trace.lines if record.module == path]
    return _listing(trace, sources, path, records)


def class_listings(trace: Trace, sources: Mapping[str, str]) -> list[ModuleListing]:
    """Every class that ran, once, each at its first module; a function shown before is not shown again."""
    by_path: dict[str, list[LineRecord]] = defaultdict(list)
    for record in trace.lines:
        by_path[record.module].append(record)
    listings: list[ModuleListing] = []
    classes: set[str] = set()
    shown: set[str] = set()
    for path, records in by_path.items():
        class_name = _class_of(trace, path)
        if class_name in classes:
            continue
        classes.add(class_name)
        fresh = [record for record in records if record.function not in shown]
        shown |= {record.function for record in fresh}
        listings.append(_listing(trace, sources, path, fresh))
    return [listing for listing in listings if listing.functions]


def _known_path(trace: Trace, path: str) -> str:
    path = "" if path in (".", trace.class_name) else path
    known = dict.fromkeys([record.path for record in trace.modules] + [record.module for record in trace.lines])
    if path in known:
        return path
    raise HfreaderError(f"no module {path!r} ran in {trace.class_name}{suggestion(path, known)}")


def _class_of(trace: Trace, path: str) -> str:
    names = (record.class_name for record in trace.modules if record.path == path)
    return next(names, trace.class_name if path == "" else path).rpartition(".")[2]


def _listing(trace: Trace, sources: Mapping[str, str], path: str, records: list[LineRecord]) -> ModuleListing:
    calls = len({record.call for record in trace.modules if record.path == path}) or 1
    by_function: dict[tuple[str, str], list[LineRecord]] = defaultdict(list)
    for record in records:
        if record.call == 0:
            by_function[record.place.file, record.function].append(record)
    implementations = {jump.function: jump.implementation for jump in trace.dispatches}
    functions = [
        FunctionListing(_short(function, file), file, lines, implementations.get(function))
        for (file, function), own in by_function.items()
        if (lines := tuple(_lines(trace, sources.get(file, ""), file, function, own)))
    ]
    functions += _unrecorded(trace, sources, functions)
    return ModuleListing(path, _class_of(trace, path), calls, tuple(functions))


def _unrecorded(
    trace: Trace, sources: Mapping[str, str], functions: Iterable[FunctionListing]
) -> Iterator[FunctionListing]:
    """The functions that calls in `functions` dispatched to and in which nothing was recorded: their source alone."""
    lines = {(function.file, line.number) for function in functions for line in function.lines}
    recorded = {record.function for record in trace.lines}
    for jump in trace.dispatches:
        if jump.place is None or jump.function in recorded or (jump.site.file, jump.site.span.line) not in lines:
            continue
        file = jump.place.file
        if own := tuple(_lines(trace, sources.get(file, ""), file, jump.function, ())):
            yield FunctionListing(_short(jump.function, file), file, own, jump.implementation)


def _lines(
    trace: Trace, source: str, file: str, function: str, records: Iterable[LineRecord]
) -> Iterator[AnnotatedLine]:
    """The lines of one function.

    Which statements ran is known for the whole run; a line on which only other modules left values did not run here.
    """
    extent = functions_of(source).get(_short(function, file))
    if extent is None:
        return
    by_line: dict[int, list[LineRecord]] = defaultdict(list)
    for record in records:
        by_line[record.place.span.line].append(record)
    branches: dict[int, list[Branch]] = defaultdict(list)
    for branch in trace.branches:
        if branch.function == function and branch.place.file == file:
            branches[branch.place.span.line].append(branch)
    states = next((line_states(execution) for execution in trace.executions if execution.file == file), {})
    elsewhere = {record.place.span.line for record in trace.lines if record.function == function}
    states |= dict.fromkeys(elsewhere - by_line.keys(), False)
    written = source.splitlines()[extent.start - 1 : extent.stop - 1]
    indentation = len(written[0]) - len(written[0].lstrip())
    coloured = _coloured(source)
    ran: bool | None = True
    for number, text in zip(extent, written, strict=False):
        cut = indentation if not text[:indentation].strip() else 0
        colours = tuple(Stretch(c.start - cut, c.end - cut, c.kind) for c in coloured[number - 1] if c.start >= cut)
        before, ran = ran, states.get(number)
        idle = ran is False and before is not False
        notes = (*_annotations(by_line[number]), *(branch_note(each) for each in branches.get(number, ())))
        yield AnnotatedLine(number, text[cut:], ran, notes, idle, colours)


@cache
def _coloured(source: str) -> list[list[Stretch]]:
    return scan(source)


def functions_of(source: str) -> dict[str, range]:
    """The lines (decorators included) of every function of a file, by its name within the file: `BertLayer.forward`."""
    try:
        body = ast.parse(source).body
    except SyntaxError:
        return {}
    return dict(_functions(body, ""))


def _functions(body: Iterable[ast.stmt], prefix: str) -> Iterator[tuple[str, range]]:
    for statement in body:
        if isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef):
            first = min([statement.lineno, *(decorator.lineno for decorator in statement.decorator_list)])
            yield f"{prefix}{statement.name}", range(first, (statement.end_lineno or first) + 1)
        elif isinstance(statement, ast.ClassDef):
            yield from _functions(statement.body, f"{prefix}{statement.name}.")
        elif isinstance(statement, ast.If | ast.Try):
            yield from _functions([*statement.body, *statement.orelse], prefix)


def _short(function: str, file: str) -> str:
    """`BertLayer.forward` for `transformers.models.bert.modeling_bert.BertLayer.forward`."""
    module = file.removesuffix(".py").removesuffix("/__init__").replace("/", ".")
    return function.removeprefix(f"transformers.{module}.")


def _annotations(records: Iterable[LineRecord]) -> Iterator[Annotation]:
    by_name: dict[str, list[LineRecord]] = defaultdict(list)
    for record in records:
        by_name[record.name].append(record)
    for name, own in by_name.items():
        texts = list(dict.fromkeys(_texts(record) for record in own))
        more = [f"and {len(texts) - MOST_VARIANTS} more"] if len(texts) > MOST_VARIANTS else []
        symbols = _joined([symbols for symbols, _ in texts[:MOST_VARIANTS]])
        numbers = _joined([numbers for _, numbers in texts[:MOST_VARIANTS] if numbers])
        if numbers:
            yield Annotation(name, symbols, "; ".join([numbers, *more]))
        else:
            yield Annotation(name, "; ".join([symbols, *more]), "")


def _texts(record: LineRecord) -> tuple[str, str]:
    """A value in symbols and in numbers, with its statistics where these were taken."""
    symbols, numbers = value_texts(record.value)
    if record.statistics is None:
        return symbols, numbers
    return symbols, "  ".join(filter(None, (numbers, written(record.statistics))))


def branch_note(branch: Branch) -> Annotation:
    """How a condition came out, and the values that made it so: `not taken: attention_mask = None`."""
    words = ("taken", "not taken") if branch.kind == "statement" else ("true", "false")
    total = sum(outcome.count for outcome in branch.outcomes)
    parts = []
    for outcome in branch.outcomes:
        times = f" {outcome.count} of {total} times" if len(branch.outcomes) > 1 else ""
        why = ", ".join(f"{text} = {value}" for text, value in dict(outcome.values).items())
        parts.append(f"{words[0] if outcome.holds else words[1]}{times}" + (f": {why}" if why else ""))
    name = "if" if branch.kind == "statement" else f"if {branch.condition}"
    return Annotation(name, "; ".join(parts), "")


def _joined(texts: list[str]) -> str:
    """Different values of one variable: `(B, T); (B, S)`, `= 0, 1, 2`."""
    distinct = list(dict.fromkeys(texts))
    if all(text.startswith("= ") for text in distinct):
        return ", ".join([*distinct[:1], *(text.removeprefix("= ") for text in distinct[1:])])
    return "; ".join(distinct)


def value_texts(value: Value) -> tuple[str, str]:
    """A value in symbols and in numbers (empty where that is the same); what is no tensor and long is its type, a
    mapping with the number of its keys."""
    symbols, numbers = in_symbols(value), in_numbers(value)
    if symbols is not None and numbers is not None:
        return symbols, numbers if numbers != symbols else ""
    if value.text is not None and len(value.text) <= LONGEST_TEXT:
        return f"= {value.text}", ""
    count = len(value.keys)
    return f"{value.type} of {count} key{'s' if count > 1 else ''}" if count else value.type, ""
