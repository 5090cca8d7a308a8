"""One matrix cut into several results on one side, several matrices of one input on the other."""

from collections.abc import Iterable
from dataclasses import dataclass

from hfreader.analyzers.difference_alignment import LINEAR, Alignment
from hfreader.facts.comparison import Outline

CUTS = frozenset({"split", "chunk", "unbind", "take", "item", "tensor_split", "split_with_sizes"})


@dataclass(frozen=True)
class Fusion:
    """`fused` is the step of the one matrix, `apart` those of the several; `on_right` says which side is fused.
    `cuts` are the steps that take the fused result apart."""

    fused: int
    apart: tuple[int, ...]
    cuts: frozenset[int]
    on_right: bool


def fusions(alignment: Alignment) -> Iterable[Fusion]:
    """Every such pair, found by what is made of what."""
    yield from _fused(alignment.left, alignment.right, alignment.pairs, True)
    yield from _fused(alignment.right, alignment.left, alignment.backwards, False)


def _fused(apart: Outline, fused: Outline, pairs: dict[int, int], on_right: bool) -> Iterable[Fusion]:
    taken = {other: one for one, other in pairs.items()}
    for number, step in enumerate(fused.steps):
        cuts = _cuts(fused, number)
        one = taken.get(number)
        if not _is_linear(step.kind) or len(_results(fused, cuts)) < 2 or one is None:
            continue
        same = [
            other
            for other, candidate in enumerate(apart.steps)
            if _is_linear(candidate.kind)
            and candidate.inputs == apart.steps[one].inputs
            and (other == one or other not in pairs)
        ]
        if len(same) > 1:
            yield Fusion(number, tuple(same), cuts, on_right)


def _cuts(outline: Outline, start: int) -> frozenset[int]:
    """The steps that do nothing but take a result apart."""
    found = {start}
    for number, step in enumerate(outline.steps):
        inputs = {one for group in step.inputs for one in group}
        if step.op in CUTS and inputs & found:
            found.add(number)
    return frozenset(found - {start})


def cuts_of(outline: Outline, start: int) -> set[int]:
    """The pieces into which the result of a step is cut, and nothing else done with it."""
    cuts = _cuts(outline, start)
    whole = any(start in group and step.op not in CUTS for step in outline.steps for group in step.inputs)
    return set() if whole else _results(outline, cuts)


def _results(outline: Outline, cuts: frozenset[int]) -> set[int]:
    return {number for number in cuts if outline.steps[number].op in ("take", "item")}


def _is_linear(kind: str) -> bool:
    return kind.rpartition(".")[2] in LINEAR
