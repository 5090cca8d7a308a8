"""Whether a class fits a class pattern."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from hfreader.analyzers.roles_calls import ChildCall, Composition
from hfreader.concepts.class_pattern import (
    All,
    Any,
    Calls,
    ClassPattern,
    Computes,
    Extends,
    Has,
    Implements,
    IsKind,
    Not,
    Uses,
)
from hfreader.facts.code import ClassFacts


@dataclass(frozen=True)
class Subject:
    """A class as the patterns see it: its facts, its ancestors, whether it has a method, what its methods compose, the
    concepts whose equations were found in it, the concepts of a submodule it calls, and the
    classes of that submodule as subjects."""

    facts: ClassFacts
    ancestors: tuple[str, ...]
    has: Callable[[str], bool]
    compositions: tuple[Composition, ...]
    matched: frozenset[str]
    concepts_of: Callable[[ChildCall], frozenset[str]]
    children: Callable[[ChildCall], Iterable["Subject"]]


def fits(pattern: ClassPattern, subject: Subject) -> bool:
    """Whether a class fits a pattern."""
    match pattern:
        case All(patterns=patterns):
            return all(fits(one, subject) for one in patterns)
        case Any(patterns=patterns):
            return any(fits(one, subject) for one in patterns)
        case Not(pattern=inner):
            return not fits(inner, subject)
        case Calls():
            return any(_calls(pattern, call, one, subject) for one in subject.compositions for call in one.calls)
        case _:
            return _is(pattern, subject)


def _is(pattern: IsKind | Extends | Has | Implements | Uses | Computes, subject: Subject) -> bool:
    match pattern:
        case IsKind(kinds=kinds):
            return subject.facts.kind in kinds
        case Extends(bases=bases):
            return any(_is_base(name, bases) for name in subject.ancestors[1:])
        case Has(methods=methods):
            return any(subject.has(method) for method in methods)
        case Implements(concepts=concepts):
            return not subject.matched.isdisjoint(concepts)
        case Uses(operations=operations):
            return any(not one.uses.isdisjoint(operations) for one in subject.compositions)
        case Computes():
            return any(one.computes for one in subject.compositions)


def _is_base(name: str, bases: tuple[str, ...]) -> bool:
    return name in bases or any(name.startswith(base) for base in bases if base.endswith("."))


def _calls(pattern: Calls, call: ChildCall, made: Composition, subject: Subject) -> bool:
    if pattern.repeated and not call.repeated:
        return False
    if pattern.returned and not call.returned:
        return False
    wanted = bool(pattern.concepts) or bool(pattern.classes)
    is_class = any(_is_base(name, pattern.classes) for name in call.classes)
    if wanted and not is_class and subject.concepts_of(call).isdisjoint(pattern.concepts):
        return False
    if pattern.child is not None and not any(fits(pattern.child, child) for child in subject.children(call)):
        return False
    by_node = {one.node: one for one in made.calls}

    def comes(fed: frozenset[int], concepts: tuple[str, ...]) -> bool:
        return any(not subject.concepts_of(by_node[node]).isdisjoint(concepts) for node in fed)

    if pattern.after and not any(comes(fed, pattern.after) for fed in call.fed):
        return False
    if pattern.beside:
        sides = [comes(fed, pattern.beside) for fed in call.fed]
        return any(sides) and not all(sides)
    return True
