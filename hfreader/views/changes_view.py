"""Two runs side by side in the terminal."""

from collections.abc import Iterator

from rich.console import Console
from rich.text import Text

from hfreader.facts.changes import Changes, LineChange, LineSide, Link, ModulePair, ModuleSide
from hfreader.views.tables import table
from hfreader.views.terminal import NUMBERS, QUIET, SYMBOLS, short_count

ABSENT = "—"
ARROW = " → "
CHANGED = "yellow"


def show_changes(found: Changes, console: Console) -> None:
    """Settings, sizes and linked functions; then, for one class twice, what differs in modules and lines, and for two
    classes the modules of both, aligned."""
    console.print()
    console.print(Text.assemble((found.right, "bold"), (" beside ", QUIET), (found.left, "bold")))
    _sizes(found, console)
    if _one_class(found):
        _changed_modules(found, console)
        _changed_lines(found, console)
    else:
        _side_by_side(found, console)


def _one_class(found: Changes) -> bool:
    root = found.modules[0] if found.modules else None
    return root is None or (root.left and root.left.class_name) == (root.right and root.right.class_name)


def _sizes(found: Changes, console: Console) -> None:
    rows = table("", found.left, found.right)
    for name, left, right in found.fields:
        rows.add_row(Text(name, SYMBOLS), _field(left), _field(right))
    for name, (one, other) in (("parameters", found.parameters), ("FLOPs", found.flops)):
        rows.add_row(Text(name, "bold"), _count(one), _count(other, one))
    for before, after in found.links:
        rows.add_row(Text((before or after or Link("", "", "")).field, SYMBOLS), _link(before), _link(after))
    console.print(rows)


def _field(value: object) -> str:
    return ABSENT if value is None else str(value)


def _count(number: int | None, before: int | None = None) -> Text:
    if number is None:
        return Text("not counted", QUIET)
    if before is None or not before:
        return Text(f"{number:,}")
    return Text("the same", QUIET) if number == before else Text(f"{number:,} (× {number / before:.3g})")


def _link(link: Link | None) -> str:
    if link is None:
        return ABSENT
    places = f", {len(link.modules)} modules" if len(link.modules) > 1 else ""
    return f"{link.entry}: {link.function}{places}"


def _changed_modules(found: Changes, console: Console) -> None:
    """The modules whose class, number, output or parameters differ."""
    rows = table("module", "class", "output", "", "parameters")
    changed = [pair for pair in found.modules if not pair.same]
    for pair in changed:
        one, other = pair.left, pair.right
        texts = (
            [None if side is None else read(side) for side in (one, other)]
            for read in (_class, _output, _numbers, _parameters)
        )
        rows.add_row(Text(_path(pair), "bold"), *(_turned(*both) for both in texts))
    if changed:
        console.print(rows)
    console.print(Text(f"{len(found.modules) - len(changed)} of {len(found.modules)} modules are the same.", QUIET))


def _path(pair: ModulePair) -> str:
    known = pair.right or pair.left
    return (known.path if known else "") or "the model"


def _class(side: ModuleSide) -> str:
    return f"{side.class_name} ×{side.repeats}" if side.repeats > 1 else side.class_name


def _output(side: ModuleSide) -> str:
    return side.symbols


def _numbers(side: ModuleSide) -> str:
    return side.numbers


def _parameters(side: ModuleSide) -> str:
    return short_count(side.parameters)


def _turned(left: str | None, right: str | None) -> Text:
    """A text, or the two of them with an arrow between."""
    if left == right:
        return Text(right or "")
    return Text.assemble(
        ABSENT if left is None else left, (ARROW, QUIET), (ABSENT if right is None else right, CHANGED)
    )


def _changed_lines(found: Changes, console: Console) -> None:
    """The values that differ, by function."""
    function = ""
    for line in found.lines:
        if line.function != function:
            function = line.function
            console.print()
            short = ".".join(function.split(".")[-2:])
            console.print(Text.assemble((short, "bold"), (f"  {line.place.file}", QUIET)))
        console.print(_line(line), soft_wrap=True)


def _line(line: LineChange) -> Text:
    start = Text.assemble((f"{line.place.span.line:>5} │ ", QUIET), (line.name, "green"), "  ")
    if line.left is None or line.right is None:
        value = line.left or line.right or LineSide("", "")
        said = "only ran before: " if line.right is None else "runs now: "
        return start.append(said, CHANGED).append(value.symbols, SYMBOLS).append(f" {value.numbers}", NUMBERS)
    left, right = line.left, line.right
    start.append(_turned(left.symbols, right.symbols))
    if left.numbers != right.numbers:
        start.append(Text.assemble("  ", (f"{left.numbers}{ARROW}{right.numbers}", NUMBERS)))
    return start


def _side_by_side(found: Changes, console: Console) -> None:
    rows = table(found.left, "output", found.right, "output")
    for column in rows.columns:
        column.no_wrap, column.overflow = True, "ellipsis"
    for pair in found.modules:
        rows.add_row(*_cells(pair.left, pair.depth), *_cells(pair.right, pair.depth))
    console.print(rows)


def _cells(side: ModuleSide | None, depth: int) -> Iterator[Text]:
    if side is None:
        yield from (Text(""), Text(""))
        return
    name = Text.assemble("  " * depth, (side.name, "bold"), " " if side.name else "", _class(side))
    yield from (name, Text(side.symbols, SYMBOLS))
