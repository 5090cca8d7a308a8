"""What was found in one definition, carried over to an identical one: every place and every name exchanged."""

import re
from collections.abc import Callable
from dataclasses import fields, is_dataclass
from functools import cache
from typing import Any

from hfreader.analyzers.identity import Closure, Definition
from hfreader.facts.places import Place

WORD = re.compile(r"[^\W\d][\w.]*")


class Transplant:
    """Carries records from one closure to an identical one: the n-th token of a definition to the n-th of the other."""

    def __init__(self, origin: Closure, target: Closure) -> None:
        self._file = origin.definitions[0].file
        self._pairs = list(zip(origin.definitions, target.definitions, strict=True))
        self._names = dict(_names(self._pairs))
        self._places: dict[Place, Place] = {}

    def record(self, value: Any) -> Any:
        """A copy of a record, a container of records or a plain value; LookupError where a place has no counterpart."""
        if isinstance(value, str):
            return self._text(value) if self._names else value
        if isinstance(value, Place):
            return self.place(value)
        if isinstance(value, tuple):
            return tuple([self.record(one) for one in value])
        if is_dataclass(value) and not isinstance(value, type):
            return _maker(type(value))(value, self.record)
        return value

    def _text(self, text: str) -> str:
        if not any(name in text for name in self._names):
            return text
        return WORD.sub(lambda found: self._word(found[0]), text)

    def _word(self, dotted: str) -> str:
        """A dotted name: the longest front of it that is exchanged, and the rest as it was."""
        parts = dotted.split(".")
        for end in range(len(parts), 0, -1):
            if (name := self._names.get(".".join(parts[:end]))) is not None:
                return ".".join([name, *parts[end:]])
        return dotted

    def place(self, place: Place) -> Place:
        """The corresponding place; one in a third file is the same for both."""
        if place.file != self._file:
            return place
        if place not in self._places:
            self._places[place] = self._carry(place)
        return self._places[place]

    def _carry(self, place: Place) -> Place:
        for origin, target in self._pairs:
            start, end = origin.lines.offsets(place.span)
            if (first := origin.locate(start, ending=False)) and (last := origin.locate(end, ending=True)):
                return Place(target.file, target.lines.span(target.offset(*first), self._end(origin, target, *last)))
        raise LookupError(f"{place} lies in no definition")

    def _end(self, origin: Definition, target: Definition, token: int, within: int) -> int:
        whole = origin.is_ending(token, within)
        return target.tokens[2 * token + 1] if whole else target.offset(token, within)


def _names(pairs: list[tuple[Definition, Definition]]) -> dict[str, str]:
    """What modules and definitions are called there and here, definitions also by their bare names."""
    names = {pairs[0][0].module: pairs[0][1].module}
    for origin, target in pairs:
        names[origin.qualified] = target.qualified
        names[_bare(origin.qualified)] = _bare(target.qualified)
    return {old: new for old, new in names.items() if old != new}


def _bare(qualified: str) -> str:
    return qualified.rpartition(".")[2]


@cache
def _maker(kind: type) -> Callable[[Any, Callable[[Any], Any]], Any]:
    names = [field.name for field in fields(kind)]
    return lambda value, carry: kind(*[carry(getattr(value, name)) for name in names])
