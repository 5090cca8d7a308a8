"""A source file cut into the blocks of its page: classes, functions, and the code between them."""

from collections.abc import Sequence
from dataclasses import dataclass

from hfreader.facts.code import ClassFacts, FileFacts, FunctionFacts


@dataclass(frozen=True)
class Section:
    """Lines `first` to `last`: a class, a function, or (`item` None) module-level code. `name` is its anchor."""

    name: str
    first: int
    last: int
    item: ClassFacts | FunctionFacts | None = None


def sections(code: FileFacts, lines: Sequence[str]) -> tuple[Section, ...]:
    """The sections of a file in order. Comments that touch a class or function from above belong to it; every line
    that is not blank is in exactly one section."""
    items: list[ClassFacts | FunctionFacts] = sorted([*code.classes, *code.functions], key=lambda item: item.span)
    found: list[Section] = []
    position = 1
    for item in items:
        if item.span.line < position:
            continue
        first = item.span.line
        while first > position and lines[first - 2].startswith("#"):
            first -= 1
        found += _between(position, first - 1, lines)
        found.append(Section(item.name, first, item.span.end_line, item))
        position = item.span.end_line + 1
    return tuple(found + _between(position, len(lines), lines))


def _between(first: int, last: int, lines: Sequence[str]) -> list[Section]:
    """The module-level code from `first` to `last` without its blank ends; nothing where all is blank."""
    while first <= last and not lines[first - 1].strip():
        first += 1
    while last >= first and not lines[last - 1].strip():
        last -= 1
    return [Section(f"module-code-{first}", first, last)] if first <= last else []
