"""Conditions under which something holds: source text and truth."""

import ast
from collections.abc import Mapping

Guards = Mapping[str, bool]


def condition_of(guard: str) -> dict[str, bool]:
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
    return {text: truth} if text else {}


def consistent(one: Guards, other: Guards) -> dict[str, bool] | None:
    """Both sets of conditions together, None where they contradict each other."""
    if any(one.get(condition, truth) != truth for condition, truth in other.items()):
        return None
    return {**one, **other}


def common(one: Guards, other: Guards) -> dict[str, bool]:
    """The conditions that both sets have."""
    return {condition: truth for condition, truth in one.items() if other.get(condition) == truth}
