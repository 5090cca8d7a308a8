"""How a pattern takes a value apart, whatever its symbols stand for: worked out once for each pattern and value.

What is found here depends on no symbol and on no condition met before, so it holds for every search that comes by.
`_take_X` or `_can_X` handles the pattern `X`.
"""

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cache, reduce
from itertools import permutations
from operator import or_
from typing import Any, NamedTuple

from hfreader.analyzers.guards import NO_GUARDS, Guards, consistent
from hfreader.analyzers.matching_candidates import Candidates
from hfreader.analyzers.matching_flow import Flow, Use
from hfreader.analyzers.matching_layers import is_layer
from hfreader.analyzers.matching_needs import Need, Needs
from hfreader.analyzers.matching_questions import (
    entry_of,
    factors,
    index_of,
    is_activation,
    is_first_position,
    is_scalar,
    last_slice,
    operand_of,
    same_letters,
    selected,
    side_by_side,
)
from hfreader.concepts.pattern import (
    Activation,
    Bind,
    Both,
    Call,
    Computes,
    Direct,
    Each,
    Einsum,
    Element,
    FirstPosition,
    Itself,
    Joined,
    Layer,
    NotPartOf,
    Number,
    OneOf,
    Op,
    Pattern,
    Returned,
    Scalar,
    Select,
    Slice,
    Unshared,
)
from hfreader.facts.dataflow import Node

COMMUTATIVE = frozenset({"add", "mul"})
COMPLETE = COMMUTATIVE | {"cat", "stack"}
TRUTH = {"False": 0.0, "True": 1.0}

Parts = tuple[tuple[Pattern, Use], ...]


class Way(NamedTuple):
    """One way to take a value apart: the operations that it is seen as, under which conditions, and what must match
    which pattern for it."""

    nodes: frozenset[int]
    guards: Guards
    parts: Parts


# A function, not a bound method: a graph that refers to itself is given up by the collector alone, which rests.
Take = Callable[["Ways", Any, int, Node], Iterator[Way]]
Can = Callable[["Ways", Any, int, bool], bool]

# Whether a pattern can match a value; of a pattern that is an operation, the ways in which it can.
Answers = dict[int, "bool | tuple[Way, ...]"]


@dataclass(slots=True)
class _Asked:
    """A pattern in one graph: what it needs, how it takes a value apart where it is an operation, what else tells
    whether it can be a value, and the answers for values however they are looked at, and as they stand."""

    pattern: Pattern
    need: Need
    take: Take | None
    can: Can | None
    seen: Answers = field(default_factory=dict)
    exact: Answers = field(default_factory=dict)


class Ways:
    """The ways in which patterns take the values of one graph apart, without those that lead nowhere.

    all  the features of all its values.
    """

    def __init__(self, flow: Flow, needs: Needs) -> None:
        self.flow = flow
        self._needs = needs
        self._own, self._reach = flow.features, flow.reach
        self.all = reduce(or_, self._own, 0)
        self._shown: dict[int, int] = {}
        self._asked: dict[int, _Asked] = {}
        self._leaves: dict[tuple[int, str, int], list[tuple[tuple[Use, ...], frozenset[int], Guards]]] = {}

    def starts(self, pattern: Pattern, among: Candidates) -> list[int]:
        """Those values in which the outermost operation of a pattern can be."""
        asked = self._asked.get(id(pattern)) or self._ask(pattern)
        if not asked.need.shown:
            raise TypeError(f"{pattern} cannot be the outermost part of a pattern")
        if not all(map(self.all.__and__, asked.need.made_of)):
            return []
        return sorted(node for node in among.having(asked.need) if self._answer(asked, node, True))

    def of(self, pattern: Pattern, node: int, exact: bool) -> tuple[Way, ...]:
        """Every way of a pattern that is an operation, in the order in which the value is looked through; of the value
        as it stands where `exact`."""
        found = self._answer(self._asked.get(id(pattern)) or self._ask(pattern), node, exact)
        assert isinstance(found, tuple)
        return found

    def _standing(self, asked: _Asked, node: int) -> Iterator[Way]:
        """The ways of a value as it stands of which every part is possible."""
        assert asked.take is not None
        ways = asked.take(self, asked.pattern, node, self.flow.node(node))
        return (way for way in ways if all(self.is_possible(part, use.node) for part, use in way.parts))

    def _through(self, asked: _Asked, node: int) -> Iterator[Way]:
        """The ways of a value as it stands, then those of what it is seen as."""
        yield from self.of(asked.pattern, node, True)
        for seen, guards in self.flow.seen_through(node):
            for way in self.of(asked.pattern, seen.node, True):
                if (together := consistent(guards, way.guards)) is not None:
                    yield way._replace(guards=together)

    def views(self, use: Use, exact: bool) -> Iterator[tuple[Use, Guards]]:
        """The value itself, then all that it is seen as unless `exact`."""
        yield use, NO_GUARDS
        if not exact:
            yield from self.flow.seen_through(use.node)

    def is_possible(self, pattern: Pattern, node: int, exact: bool = False) -> bool:
        """Whether a pattern can match a value, as far as can be told without symbols and conditions."""
        asked = self._asked.get(id(pattern)) or self._ask(pattern)
        answer = (asked.exact if exact else asked.seen).get(node)
        return bool(self._answer(asked, node, exact) if answer is None else answer)

    def _answer(self, asked: _Asked, node: int, exact: bool) -> "bool | tuple[Way, ...]":
        known = asked.exact if exact else asked.seen
        answer = known.get(node)
        if answer is None:
            if not self._has(asked.need, node, exact):
                answer = ()
            elif asked.take is not None:
                answer = tuple(self._standing(asked, node) if exact else self._through(asked, node))
            else:
                answer = asked.can is None or asked.can(self, asked.pattern, node, exact)
            known[node] = answer
        return answer

    def _ask(self, pattern: Pattern) -> _Asked:
        """What is known of a pattern; the same for one that only gives another's value a name or a condition more."""
        if isinstance(pattern, Bind | Unshared | NotPartOf):
            found = self._asked.get(id(pattern.pattern)) or self._ask(pattern.pattern)
        else:
            take, can = _asking(type(pattern).__name__)
            found = _Asked(pattern, self._needs.of(pattern), take, can)
        self._asked[id(pattern)] = found
        return found

    def _has(self, need: Need, node: int, exact: bool) -> bool:
        """Whether a value has what a pattern needs."""
        reach = self._reach[node]
        for one in need.made_of:
            if not reach & one:
                return False
        if need.shown:
            shown = self._own[node] if exact else self._shown.get(node) or self._look(node)
            for one in need.shown:
                if not shown & one:
                    return False
        return True

    def _look(self, node: int) -> int:
        total = self._own[node]
        for use, _ in self.flow.seen_through(node):
            total |= self._own[use.node]
        self._shown[node] = total
        return total

    def _can_OneOf(self, pattern: OneOf, node: int, exact: bool) -> bool:
        return any(self.is_possible(option, node, exact) for option in pattern.options)

    def _can_Both(self, pattern: Both, node: int, exact: bool) -> bool:
        return self.is_possible(pattern.first, node, exact) and self.is_possible(pattern.second, node, exact)

    def _can_Direct(self, pattern: Direct, node: int, exact: bool) -> bool:
        return self.is_possible(pattern.pattern, node, True)

    def _can_Returned(self, pattern: Returned, node: int, exact: bool) -> bool:
        return self.flow.is_returned(node) and self.is_possible(pattern.pattern, node, exact)

    def _can_Itself(self, pattern: Itself, node: int, exact: bool) -> bool:
        views = self.views(self.flow.use_of(node), exact)
        return any(self.is_possible(pattern.pattern, seen.node, True) for seen, _ in views)

    def _can_Number(self, pattern: Number, node: int, exact: bool) -> bool:
        constant = self.flow.node(node)
        number = TRUTH.get(constant.label) if constant.op == "constant" else None
        number = constant.number if number is None else number
        return number is not None and math.isclose(number, pattern.value, rel_tol=1e-6)

    def _can_Scalar(self, pattern: Scalar, node: int, exact: bool) -> bool:
        return self.flow.node(node).number != 1.0 and is_scalar(self.flow, node)

    def _take_Op(self, pattern: Op, number: int, node: Node) -> Iterator[Way]:
        if node.op not in pattern.names:
            return
        if len(pattern.operands) > 2 and node.op in COMMUTATIVE:
            for leaves, nodes, guards in self._terms(number, node.op, len(pattern.operands)):
                for order in permutations(leaves):
                    yield Way(nodes, guards, tuple(zip(pattern.operands, order, strict=True)))
            return
        uses, named = _leading(node, len(pattern.operands)), _arguments(pattern, node)
        if uses is None or named is None:
            return
        orders = permutations(uses) if pattern.commutative or node.op in COMMUTATIVE else iter((uses,))
        for each in orders:
            yield _way(number, *zip(pattern.operands, each, strict=True), *named)

    def _terms(self, number: int, op: str, count: int) -> list[tuple[tuple[Use, ...], frozenset[int], Guards]]:
        """Every way to read a nested sum or product as one of `count` terms, with the operations between them."""
        key = (number, op, count)
        if key not in self._leaves:
            self._leaves[key] = list(self._find_terms(number, op, count))
        return self._leaves[key]

    def _find_terms(self, number: int, op: str, count: int) -> Iterator[tuple[tuple[Use, ...], frozenset[int], Guards]]:
        for seen, guards in self.views(self.flow.use_of(number), False):
            node = self.flow.node(seen.node)
            if node.op != op or (uses := _leading(node, 2)) is None:
                continue
            for first in range(1, count):
                for left, after, under in self._side(uses[0], op, first):
                    for right, others, conditions in self._side(uses[1], op, count - first):
                        both = consistent(under, conditions)
                        together = None if both is None else consistent(guards, both)
                        if together is not None:
                            yield (*left, *right), after | others | {seen.node}, together

    def _side(self, use: Use, op: str, count: int) -> list[tuple[tuple[Use, ...], frozenset[int], Guards]]:
        return [((use,), frozenset(), NO_GUARDS)] if count == 1 else self._terms(use.node, op, count)

    def _take_Layer(self, pattern: Layer, number: int, node: Node) -> Iterator[Way]:
        if len(node.operands) >= len(pattern.operands) and is_layer(self.flow, pattern, number):
            uses = (Use(one.node, one.span, node.scope) for one in node.operands)
            yield _way(number, *zip(pattern.operands, uses, strict=False))

    def _take_Computes(self, pattern: Computes, number: int, node: Node) -> Iterator[Way]:
        if node.op == "module" and node.body is not None:
            yield _way(number, (pattern.pattern, self.flow.use_of(node.body)))

    def _take_Activation(self, pattern: Activation, number: int, node: Node) -> Iterator[Way]:
        if is_activation(self.flow, number):
            yield _way(number, (pattern.operand, operand_of(node)))

    def _take_FirstPosition(self, pattern: FirstPosition, number: int, node: Node) -> Iterator[Way]:
        if node.op == "item" and is_first_position(self.flow, node):
            yield _way(number, (pattern.operand, operand_of(node)))

    def _take_Element(self, pattern: Element, number: int, node: Node) -> Iterator[Way]:
        if index_of(self.flow, node) == pattern.index:
            yield _way(number, (pattern.operand, operand_of(node)))

    def _take_Select(self, pattern: Select, number: int, node: Node) -> Iterator[Way]:
        if selected(self.flow, node) == pattern.index:
            yield _way(number, (pattern.operand, operand_of(node)))

    def _take_Each(self, pattern: Each, number: int, node: Node) -> Iterator[Way]:
        entry = entry_of(self.flow, node)
        if entry is not None:
            yield Way(frozenset(), NO_GUARDS, ((pattern.pattern, entry),))

    def _take_Slice(self, pattern: Slice, number: int, node: Node) -> Iterator[Way]:
        bounds = {"start": pattern.start, "stop": pattern.stop, "step": pattern.step}
        wanted = {name: bound for name, bound in bounds.items() if bound is not None}
        part = last_slice(self.flow, node)
        given = {
            one.keyword: Use(one.node, one.span, part.scope)
            for one in (() if part is None else part.operands)
            if part is not None and (one.keyword, self.flow.node(one.node).number) != ("start", 0)
        }
        if part is not None and given.keys() == wanted.keys():
            yield _way(
                number, (pattern.operand, operand_of(node)), *((one, given[name]) for name, one in wanted.items())
            )

    def _take_Einsum(self, pattern: Einsum, number: int, node: Node) -> Iterator[Way]:
        uses = factors(self.flow, node)
        if node.op == "einsum" and len(uses) == len(pattern.operands):
            written = self.flow.node(node.operands[0].node).label
            if any(same_letters(written, one) for one in pattern.equations):
                yield _way(number, *zip(pattern.operands, uses, strict=True))

    def _take_Joined(self, pattern: Joined, number: int, node: Node) -> Iterator[Way]:
        if (sides := side_by_side(self.flow, node)) is not None:
            yield _way(number, (pattern.first, sides[0]), (pattern.second, sides[1]))

    def _take_Call(self, pattern: Call, number: int, node: Node) -> Iterator[Way]:
        named = node.label in pattern.functions or node.registry in pattern.functions
        given = _arguments(pattern, node) if node.op == "call" and named else None
        if given is not None:
            yield _way(number, *given)


@cache
def _asking(pattern: str) -> tuple[Take | None, Can | None]:
    """How a kind of pattern is asked for."""
    return getattr(Ways, f"_take_{pattern}", None), getattr(Ways, f"_can_{pattern}", None)


def _way(number: int, *parts: tuple[Pattern, Use]) -> Way:
    return Way(frozenset((number,)), NO_GUARDS, parts)


def _leading(node: Node, count: int) -> tuple[Use, ...] | None:
    """The first operands that are no settings."""
    operands = [one for one in node.operands if one.keyword is None or one.keyword in ("input", "weight", "bias")]
    if len(operands) < count or (node.op in COMPLETE and len(operands) != count):
        return None
    return tuple(Use(one.node, one.span, node.scope) for one in operands[:count])


def _arguments(pattern: Op | Call, node: Node) -> Parts | None:
    """What is passed by name for the arguments that a pattern speaks of; None where one is missing or hidden."""
    if not pattern.keywords and not pattern.optional and not (isinstance(pattern, Op) and pattern.closed):
        return ()
    named = {one.keyword: Use(one.node, one.span, node.scope) for one in node.operands if one.keyword}
    hidden = isinstance(pattern, Op) and pattern.closed and "**" in named
    if hidden or any(name not in named for name, _ in pattern.keywords):
        return None
    wanted = (*pattern.keywords, *(one for one in pattern.optional if one[0] in named))
    return tuple((one, named[name]) for name, one in wanted)
