"""Two module trees side by side: which module of one is which of the other, by what each is made of, never by name."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

from hfreader.facts.changes import ModulePair, ModuleSide
from hfreader.pages.module_tree import TreeNode

LEAST = 0.45
"""Two modules less alike are not taken for each other."""
LINEAR = frozenset({"Linear", "Conv1D"})
IDLE = frozenset({"Dropout", "Dropout1d", "Dropout2d", "Identity"})


@dataclass(frozen=True)
class Part:
    """A module of one of the trees, and how deep it stands."""

    node: TreeNode
    depth: int

    @cached_property
    def kind(self) -> str:
        """What a module is: `within` for one with children, else `linear`, `scale` (a norm: at most two numbers for
        each of its width), `function` or `idle` (no parameters), or its class."""
        node = self.node
        if node.children:
            return "within"
        if node.class_name in LINEAR:
            return "linear"
        if not node.parameters:
            return "idle" if node.class_name in IDLE else "function"
        width = int(node.numbers.partition(")")[0].rpartition(",")[2].strip(" (") or 0) if node.numbers else 0
        return "scale" if node.takes == node.gives and node.parameters <= 2 * width else node.class_name

    @cached_property
    def parts(self) -> tuple["Part", ...]:
        """The modules directly within."""
        return tuple(Part(child, self.depth + 1) for child in self.node.children)

    @cached_property
    def profile(self) -> Counter[str]:
        """The kinds of the childless modules within, with how many there are of each; dropout says nothing."""
        if not self.parts:
            return Counter([self.kind] if self.kind != "idle" else ())
        return sum((part.profile for part in self.parts), Counter())


def aligned(left: TreeNode, right: TreeNode) -> tuple[ModulePair, ...]:
    """Every module of both trees, from the top down, in the order of the trees; counterparts in one pair."""
    return tuple(_pair(Part(left, 0), Part(right, 0)))


def _pair(left: Part, right: Part) -> Iterator[ModulePair]:
    yield ModulePair(left.depth, side(left.node), side(right.node))
    yield from _rows(_opened(left.parts, right.parts), _opened(right.parts, left.parts))


def _rows(left: Sequence[Part], right: Sequence[Part]) -> Iterator[ModulePair]:
    """Two sequences of modules, each in its order; what is open (its parts follow it) has no counterpart."""
    for one, other in _matched(left, right):
        if one is not None and other is not None:
            yield from _pair(one, other)
        elif one is not None:
            yield from (ModulePair(each.depth, side(each.node), None) for each in _all(one, left))
        elif other is not None:
            yield from (ModulePair(each.depth, None, side(each.node)) for each in _all(other, right))


def _all(part: Part, row: Sequence[Part]) -> Iterator[Part]:
    """A module with all within it, unless its parts stand in the same row."""
    yield part
    if not any(each in row for each in part.parts):
        for inner in part.parts:
            yield from _all(inner, row)


def _opened(parts: Sequence[Part], others: Sequence[Part]) -> list[Part]:
    """The modules, each that is like none of the others followed by its own parts."""
    found: list[Part] = []
    for part in parts:
        found.append(part)
        reachable = [*others, *(inner for other in others for inner in other.parts)]
        if part.parts and not any(likeness(part, other) >= LEAST for other in reachable):
            found += _opened(part.parts, others)
        elif len(part.parts) == 1 and _closer(part, others):
            found += part.parts
    return found


def _closer(part: Part, others: Sequence[Part]) -> bool:
    """Whether the one thing within a module is more like one of the others than the module is."""
    inner = max((likeness(part.parts[0], other) for other in others), default=0.0)
    return inner > max((likeness(part, other) for other in others), default=0.0)


def likeness(left: Part, right: Part) -> float:
    """How alike two modules are, from 0 to 1: what is within them, and what they hand on."""
    if bool(left.parts) != bool(right.parts):
        return 0.0
    if (left.kind == "idle") != (right.kind == "idle"):
        return 0.0
    either = sum((left.profile | right.profile).values())
    shared = sum((left.profile & right.profile).values()) / either if either else 1.0
    named = 0.1 if left.node.class_name == right.node.class_name else 0.0
    twins = 0.1 if len(left.parts) == len(right.parts) else 0.0
    outputs = 0.2 if left.node.gives == right.node.gives else 0.0
    return 0.6 * shared + outputs + twins + named


def _matched(left: Sequence[Part], right: Sequence[Part]) -> Iterator[tuple[Part | None, Part | None]]:
    """The alignment of two sequences, both in order, with the largest sum of likenesses."""
    best = [[0.0] * (len(right) + 1) for _ in range(len(left) + 1)]
    for one in range(len(left) - 1, -1, -1):
        for other in range(len(right) - 1, -1, -1):
            value = _value(left, right, one, other)
            together = best[one + 1][other + 1] + value if value >= LEAST else 0.0
            best[one][other] = max(together, best[one + 1][other], best[one][other + 1])
    one = other = 0
    while one < len(left) and other < len(right):
        value = _value(left, right, one, other)
        if value >= LEAST and best[one][other] == best[one + 1][other + 1] + value:
            yield left[one], right[other]
            one, other = one + 1, other + 1
        elif best[one][other] == best[one + 1][other]:
            yield left[one], None
            one += 1
        else:
            yield None, right[other]
            other += 1
    yield from ((part, None) for part in left[one:])
    yield from ((None, part) for part in right[other:])


def _value(left: Sequence[Part], right: Sequence[Part], one: int, other: int) -> float:
    """The likeness of two modules of a row; none for those that are open."""
    opened = any(part in left for part in left[one].parts) or any(part in right for part in right[other].parts)
    return 0.0 if opened else likeness(left[one], right[other])


def side(node: TreeNode) -> ModuleSide:
    """What is shown of a module."""
    return ModuleSide(node.name, node.path, node.class_name, node.repeats, node.gives, node.numbers, node.parameters)
