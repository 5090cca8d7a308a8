"""The whole library in one record: what every class is mapped to, where it comes from, what it has in common."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import TypeVar

from hfreader.facts.matches import match_key
from hfreader.facts.places import Place
from hfreader.facts.problems import Problem

Member = TypeVar("Member")


@dataclass(frozen=True)
class Found:
    """A concept found in a class: the expression that computes its output, and the conditions under which it runs.

    function  the method (or module-level function) that was the root of the graph.
    bound     the symbols of the equation that the code carries.
    code      the line on which the output is computed.
    """

    concept: str
    place: Place
    guards: tuple[str, ...] = ()
    function: str = ""
    bound: tuple[str, ...] = ()
    code: str = ""

    def key(self, owner: str) -> str:
        """That of the match (`hfreader.facts.matches.Match.key`); `owner` is the definition in which it was found."""
        return match_key(self.concept, owner, self.function, self.place)


@dataclass(frozen=True)
class Played:
    """A role that a class plays: the attributes of the parts that it calls, and their wiring as in `Role`."""

    concept: str
    parts: tuple[str, ...] = ()
    wiring: str | None = None


@dataclass(frozen=True)
class Surveyed:
    """One class or module-level function.

    kind            as in ClassFacts: module, model, output or other; `function` for a function.
    place           the whole definition; `line` is that of its name.
    matches         the concepts found with it as the root, in the order of their places.
    played          the roles that it plays.
    bases           qualified, of a class.
    generated_from  the `modular_*.py` its file was generated from, None for one written by hand.
    copied_from     what a comment above it says that it was copied from.
    body            the same for all definitions that are identical once the names of classes and functions are
                    replaced, comments and docstrings left out.
    forward         whether a class writes a `forward` of its own.
    computes        whether a method of it has tensor operations of its own.
    """

    qualified: str
    file: str
    kind: str
    place: Place
    line: int
    matches: tuple[Found, ...] = ()
    played: tuple[Played, ...] = ()
    bases: tuple[str, ...] = ()
    generated_from: str | None = None
    copied_from: str | None = None
    body: str = ""
    problems: tuple[Problem, ...] = ()
    forward: bool = False
    computes: bool = False

    @property
    def name(self) -> str:
        """Its bare name."""
        return self.qualified.rpartition(".")[2]

    @property
    def roles(self) -> tuple[str, ...]:
        """The concepts of the roles that it plays."""
        return tuple(one.concept for one in self.played)

    def implements(self, concept: str) -> bool:
        """Whether a concept was found in it, or is a role that it plays."""
        return concept in self.roles or any(match.concept == concept for match in self.matches)


@dataclass(frozen=True)
class FileSurvey:
    """What the library knows of one file without its facts.

    analysis  identifies the content of its analysis; `matched` that of the matches in it.
    shared    the files outside `models/` that hold modules which it uses.
    modalities, year  what its models read and the year of its copyright notice, as the file says.
    problems  of the whole file, or of what is neither a class nor a function.
    """

    file: str
    analysis: str = ""
    matched: str = ""
    classes: tuple[Surveyed, ...] = ()
    functions: tuple[Surveyed, ...] = ()
    shared: tuple[str, ...] = ()
    problems: tuple[Problem, ...] = ()
    modalities: tuple[str, ...] = ()
    year: int | None = None

    @property
    def definitions(self) -> tuple[Surveyed, ...]:
        """Classes and functions."""
        return (*self.classes, *self.functions)

    @property
    def all_problems(self) -> tuple[Problem, ...]:
        """Those of its classes and functions as well."""
        return (*self.problems, *(problem for one in self.definitions for problem in one.problems))


@dataclass(frozen=True)
class Survey:
    """Every modeling file of one snapshot, in the order of the files and of the definitions in them.

    source    identifies the source that was read (`hfreader.sources.snapshot_digest`).
    problems  of whole files.
    """

    source: str
    classes: tuple[Surveyed, ...]
    functions: tuple[Surveyed, ...] = ()
    problems: tuple[Problem, ...] = ()


def origin(alike: Iterable[Surveyed]) -> Surveyed:
    """The one of several identical definitions that is written by hand, else the first by name."""
    return min(alike, key=lambda one: (one.generated_from is not None, one.copied_from is not None, one.qualified))


def by_body(members: Iterable[Member], definition: Callable[[Member], Surveyed]) -> list[list[Member]]:
    """Members whose definitions are identical together: the largest group first, in each its origin first."""
    groups: dict[str, list[Member]] = {}
    for one in members:
        groups.setdefault(definition(one).body or definition(one).qualified, []).append(one)
    found = [_origin_first(group, definition) for group in groups.values()]
    return sorted(found, key=lambda group: (-len(group), definition(group[0]).qualified))


def _origin_first(group: Sequence[Member], definition: Callable[[Member], Surveyed]) -> list[Member]:
    first = origin(definition(one) for one in group)
    return sorted(group, key=lambda one: definition(one) is not first)
