"""The whole library in one record: what every class is mapped to, where it comes from, what it has in common."""

from dataclasses import dataclass

from hfreader.facts.places import Place
from hfreader.facts.problems import Problem


@dataclass(frozen=True)
class Found:
    """A concept found in a class: the expression that computes its output, and the conditions under which it runs."""

    concept: str
    place: Place
    guards: tuple[str, ...] = ()


@dataclass(frozen=True)
class Surveyed:
    """One class or module-level function.

    kind            as in ClassFacts: module, model, output or other; `function` for a function.
    place           the whole definition; `line` is that of its name.
    matches         the concepts found with it as the root, in the order of their places.
    roles           the concepts of the roles that it plays.
    bases           qualified, of a class.
    generated_from  the `modular_*.py` its file was generated from, None for one written by hand.
    copied_from     what a comment above it says that it was copied from.
    body            the same for all definitions that are identical once the names of classes and functions are
                    replaced, comments and docstrings left out.
    """

    qualified: str
    file: str
    kind: str
    place: Place
    line: int
    matches: tuple[Found, ...] = ()
    roles: tuple[str, ...] = ()
    bases: tuple[str, ...] = ()
    generated_from: str | None = None
    copied_from: str | None = None
    body: str = ""
    problems: tuple[Problem, ...] = ()


@dataclass(frozen=True)
class Survey:
    """Every modeling file of one snapshot, in the order of the files and of the definitions in them.

    source    identifies the source that was read (`hfreader.analyses.snapshot_digest`).
    problems  of whole files.
    """

    source: str
    classes: tuple[Surveyed, ...]
    functions: tuple[Surveyed, ...] = ()
    problems: tuple[Problem, ...] = ()
