"""The modules of a run as a table: nested, in the order of their calls, equal neighbours folded into one row."""

import re
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from hfreader.facts.traces import ModuleRecord
from hfreader.pages.book import bare
from hfreader.pages.shapes import in_numbers, in_symbols

_NUMBER = re.compile(r"^\d+$")


@dataclass(frozen=True)
class Row:
    """One module, or `count` equal ones that follow each other (`layer.0` to `layer.11`)."""

    name: str
    depth: int
    class_name: str
    takes: str
    gives: str
    numbers: str
    parameters: int
    count: int = 1


def module_rows(modules: Sequence[ModuleRecord]) -> tuple[Row, ...]:
    """The rows of the first call of every module, parents before children."""
    children: dict[str | None, list[ModuleRecord]] = defaultdict(list)
    for module in sorted(modules, key=lambda module: module.order):
        if module.call == 0:
            children[module.parent].append(module)
    return tuple(_rows(None, children, 0))


def _rows(parent: str | None, children: dict[str | None, list[ModuleRecord]], depth: int) -> list[Row]:
    rows: list[Row] = []
    previous: tuple[object, int] | None = None
    for module in children[parent]:
        row = _row(module, parent or "", depth)
        below = _rows(module.path, children, depth + 1)
        shape = (_unnumbered(row.name), row.class_name, row.takes, row.gives, row.parameters, tuple(below))
        if previous and previous[0] == shape and _unnumbered(row.name) != row.name:
            first = rows[previous[1]]
            rows[previous[1]] = _folded(first, row.name)
        else:
            previous = (shape, len(rows))
            rows += [row, *below]
    return rows


def _folded(first: Row, last_name: str) -> Row:
    name = f"{first.name.split('–')[0]}–{last_name.rpartition('.')[2]}"
    return Row(
        name, first.depth, first.class_name, first.takes, first.gives, first.numbers, first.parameters, first.count + 1
    )


def _unnumbered(name: str) -> str:
    return ".".join("#" if _NUMBER.match(part) else part for part in name.split("."))


def _row(module: ModuleRecord, parent: str, depth: int) -> Row:
    values = [value for _, value in module.inputs]
    takes = next((text for value in values if (text := in_symbols(value))), "")
    numbers = next((text for value in values if (text := in_numbers(value))), "")
    return Row(
        name=module.path.removeprefix(parent).lstrip(".") or "(model)",
        depth=depth,
        class_name=bare(module.class_name),
        takes=takes,
        gives=in_symbols(module.output) or "",
        numbers=f"{numbers} → {in_numbers(module.output) or ''}",
        parameters=module.parameters,
    )
