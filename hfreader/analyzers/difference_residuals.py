"""Where norms stand around residual sums, and whether branches run side by side."""

from collections.abc import Callable

from hfreader.facts.comparison import Outline, Step
from hfreader.facts.phrases import phrase

WORDS = {
    "pre": phrase("normalises before each branch (pre-norm)"),
    "post": phrase("normalises after each residual sum (post-norm)"),
    "output": phrase("normalises what each branch gives before it is added"),
    "parallel": phrase("runs its branches side by side on one input (parallel residual)"),
}
# The same for a table.
SHORT = {
    "pre": phrase("before each branch (pre-norm)"),
    "post": phrase("after each residual sum (post-norm)"),
    "output": phrase("on what each branch gives"),
    "parallel": phrase("branches side by side (parallel residual)"),
}


def residual_layout(outline: Outline, nature: Callable[[str], str]) -> frozenset[str]:
    """Which of `WORDS` hold for an outline; empty where nothing is added to what it is computed from."""
    before = _ancestors(outline)
    found: set[str] = set()
    norms = {number for number, step in enumerate(outline.steps) if is_norm(step, nature)}
    for number, step in enumerate(outline.steps):
        terms = _terms(outline, number) if step.op == "add" else []
        streams = [one for one in terms if any(one in before[other] for other in terms if other != one)]
        if not streams:
            continue
        branches = [one for one in terms if one not in streams]
        found |= _around(outline, number, streams, branches, norms, before)
        own = {one: before[one] - frozenset().union(*(before[stream] for stream in streams)) for one in branches}
        attending = [one for one in branches if _attends(outline, own[one] | {one}, nature)]
        apart = all(one not in before[other] for one in branches for other in branches)
        found |= {"parallel"} if apart and 0 < len(attending) < len(branches) else set()
    return frozenset(found)


def _attends(outline: Outline, branch: frozenset[int], nature: Callable[[str], str]) -> bool:
    """Whether attention is part of a branch: by a submodule, or as weights from a softmax times values."""
    for number in branch:
        step = outline.steps[number]
        weights = any(outline.steps[one].op == "softmax" for one in _inputs(step))
        if (step.op == "matmul" and weights) or step.op == "scaled_dot_product_attention":
            return True
        if step.op == "part" and nature(step.kind.split(" or ")[0]) == "attention":
            return True
    return False


def is_norm(step: Step, nature: Callable[[str], str]) -> bool:
    """Whether a step normalises."""
    if step.op == "part":
        return any(nature(one) == "norm" for one in step.kind.split(" or "))
    names = step.kind.split(" or ")
    return step.op == "layer" and any("Norm" in name.rpartition(".")[2] for name in names)


def _around(
    outline: Outline,
    add: int,
    streams: list[int],
    branches: list[int],
    norms: set[int],
    before: list[frozenset[int]],
) -> set[str]:
    found = set()
    for norm in norms:
        sources = {one for group in outline.steps[norm].inputs for one in group}
        if sources & set(streams) and any(norm in before[branch] or norm == branch for branch in branches):
            found.add("pre")
        if add in sources:
            uses = [other for other in range(len(outline.steps)) if add in _inputs(outline.steps[other])]
            if uses == [norm]:
                found.add("post")
        if norm in branches and not sources & set(streams):
            found.add("output")
    return found


def _terms(outline: Outline, add: int) -> list[int]:
    """The terms of a sum, sums of sums taken apart where nothing else uses the inner sum."""
    terms: list[int] = []
    for group in outline.steps[add].inputs:
        for one in group:
            inner = outline.steps[one]
            users = sum(one in _inputs(step) for step in outline.steps)
            terms += _terms(outline, one) if inner.op == "add" and users == 1 else [one]
    return list(dict.fromkeys(terms))


def _inputs(step: Step) -> frozenset[int]:
    return frozenset(one for group in step.inputs for one in group)


def _ancestors(outline: Outline) -> list[frozenset[int]]:
    """For each step all that it is computed from."""
    found: list[frozenset[int]] = []
    for step in outline.steps:
        direct = [one for one in _inputs(step) if one < len(found)]
        found.append(frozenset(direct).union(*(found[one] for one in direct)))
    return found
