"""Conditions under which something holds: source text and truth."""

import ast
from collections.abc import Mapping
from functools import lru_cache
from types import MappingProxyType

Guards = Mapping[str, bool]
NO_GUARDS: Guards = MappingProxyType({})
MARK = "\0"


@lru_cache(4096)
def condition_of(guard: str) -> Guards:
    """A guard's source text as condition and truth, without the `not`s before it."""
    text, truth = guard, True
    while text:
        try:
            tree = ast.parse(text.strip(), mode="eval").body
        except SyntaxError:
            break
        if not (isinstance(tree, ast.UnaryOp) and isinstance(tree.op, ast.Not)):
            text = ast.unparse(tree)
            break
        text, truth = ast.unparse(tree.operand), not truth
    return MappingProxyType({text: truth} if text else {})


@lru_cache(4096)
def scoped(guards: tuple[tuple[str, bool], ...], scope: int) -> Guards:
    """Conditions on the local names of one function, told apart from conditions on the same names in another one;
    `self` alone is known to all. `plain` is the condition as it is written."""
    return MappingProxyType({f"{text}{MARK}{scope}" if _is_local(text) else text: truth for text, truth in guards})


def plain(condition: str) -> str:
    """A condition as it is written."""
    return condition.partition(MARK)[0]


@lru_cache(4096)
def _is_local(condition: str) -> bool:
    try:
        tree = ast.parse(condition, mode="eval")
    except SyntaxError:
        return True
    return any(isinstance(node, ast.Name) and node.id != "self" for node in ast.walk(tree))


def consistent(one: Guards, other: Guards) -> Guards | None:
    """Both sets of conditions together, None where they contradict each other."""
    if not one or not other:
        return one or other
    if any(one.get(condition, truth) != truth for condition, truth in other.items()):
        return None
    return {**one, **other}


def implied(guards: Guards) -> Guards:
    """The conditions with what follows from them: of `a and b` that holds, both parts; of `a or b` that does not, that
    neither does."""
    return _implied(tuple(guards.items()))


@lru_cache(4096)
def _implied(guards: tuple[tuple[str, bool], ...]) -> Guards:
    known = dict(guards)
    for condition, truth in guards:
        text, mark, scope = condition.partition(MARK)
        for part, holds in _parts(text, truth):
            local = bool(mark) and _is_local(part)
            known.setdefault(f"{part}{MARK}{scope}" if local else part, holds)
    return MappingProxyType(known)


def _parts(text: str, truth: bool) -> list[tuple[str, bool]]:
    try:
        tree = ast.parse(text, mode="eval").body
    except SyntaxError:
        return []
    if not (isinstance(tree, ast.BoolOp) and isinstance(tree.op, ast.And if truth else ast.Or)):
        return []
    spelt = [ast.unparse(value) if truth else f"not ({ast.unparse(value)})" for value in tree.values]
    parts = [pair for one in spelt for pair in condition_of(one).items()]
    return [*parts, *(inner for part, holds in parts for inner in _parts(part, holds))]


def common(one: Guards, other: Guards) -> Guards:
    """The conditions that both sets have."""
    return {condition: truth for condition, truth in one.items() if other.get(condition) == truth}
