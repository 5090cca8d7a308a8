"""What identifies a concept to those who match it and to those who prove it: prose and examples do not."""

import inspect
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import fields, is_dataclass
from functools import cache
from pathlib import Path
from types import CodeType, FunctionType, ModuleType

import hfreader.concepts
from hfreader.concepts import catalogue
from hfreader.concepts.model import Concept
from hfreader.store import digest, digest_files

_ENGINE = Path(hfreader.concepts.__file__).parent


@cache
def matched_by() -> str:
    """Identifies what all concepts are matched by: their patterns, and the words that patterns are written in."""
    words = digest_files(_ENGINE / name for name in ("pattern.py", "class_pattern.py"))
    return digest(words, *(_patterns(one) for _, one in sorted(catalogue().items())))


def proven_by(slugs: Iterable[str]) -> str:
    """Identifies what some concepts are proven by: their references with all that these use."""
    words = digest_files([_ENGINE / "model.py"])
    return digest(words, *(_reference(slug) for slug in sorted(set(slugs)) if slug in catalogue()))


def _patterns(one: Concept) -> str:
    shown = (one.slug, one.kind, one.patterns, one.class_patterns, one.otherwise, one.output, one.reference is None)
    return _Content().of(shown)


@cache
def _reference(slug: str) -> str:
    one = catalogue()[slug]
    symbols = tuple((symbol.name, symbol.within) for symbol in one.symbols)
    return _Content().of((one.slug, one.output, one.hints, symbols, one.reference))


class _Content:
    """Identifies values by what they hold, functions by their source and all of their package that they use."""

    def __init__(self) -> None:
        self._known: dict[int, tuple[object, str]] = {}
        self._functions: set[FunctionType] = set()

    def of(self, value: object) -> str:
        """The same for what is equal, in every process."""
        if id(value) not in self._known:
            self._known[id(value)] = (value, digest(type(value).__name__, *self._parts(value)))
        return self._known[id(value)][1]

    def _parts(self, value: object) -> Iterator[str]:
        match value:
            case FunctionType():
                yield from self._function(value)
            case type():
                yield inspect.getsource(value) if value.__module__.startswith("hfreader.") else value.__qualname__
            case Mapping():
                yield from sorted(self.of((key, held)) for key, held in value.items())
            case frozenset() | set():
                yield from sorted(map(self.of, value))
            case tuple() | list():
                yield from map(self.of, value)
            case ModuleType():
                yield value.__name__
            case _ if is_dataclass(value):
                yield from (self.of(getattr(value, field.name)) for field in fields(value))
            case _:
                yield repr(value)

    def _function(self, function: FunctionType) -> Iterator[str]:
        yield function.__qualname__
        if function in self._functions:
            return
        self._functions.add(function)
        yield inspect.getsource(function)
        for name in sorted(_names(function.__code__)):
            used = function.__globals__.get(name)
            if used is not None and not isinstance(used, ModuleType):
                yield self.of(used)


def _names(code: CodeType) -> set[str]:
    """The names that a function and those within it read from outside."""
    inner = (constant for constant in code.co_consts if isinstance(constant, CodeType))
    return set(code.co_names).union(*map(_names, inner))
