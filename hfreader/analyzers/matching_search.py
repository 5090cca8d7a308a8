"""Backtracking search for a pattern in a dataflow graph."""

import math
from collections.abc import Iterator
from itertools import islice, permutations
from typing import Any

from hfreader.analyzers.guards import Guards, consistent
from hfreader.analyzers.matching_branches import NO_GUARDS, Branches
from hfreader.analyzers.matching_flow import Flow, Use
from hfreader.analyzers.matching_layers import is_layer, settings
from hfreader.analyzers.matching_needs import Needs, Sieve
from hfreader.analyzers.matching_questions import (
    computing,
    derives,
    entry_of,
    factors,
    index_of,
    is_activation,
    is_first_position,
    is_plain_call,
    is_scalar,
    last_slice,
    operand_of,
    same_callee,
    same_letters,
    selected,
    side_by_side,
)
from hfreader.analyzers.matching_solutions import Bound, Solution
from hfreader.concepts.pattern import (
    Activation,
    Anything,
    Bind,
    Both,
    Branch,
    Call,
    Computes,
    DerivedFrom,
    Differs,
    Direct,
    Each,
    Einsum,
    Element,
    Equation,
    FirstPosition,
    Itself,
    Joined,
    Layer,
    Not,
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
from hfreader.errors import HfreaderError
from hfreader.facts.dataflow import Node

COMMUTATIVE = frozenset({"add", "mul"})
COMPLETE = COMMUTATIVE | {"cat", "stack"}
# Steps of one search, and of all searches in one graph.
STEPS = 20_000
ALL_STEPS = 1_500_000


Found = Iterator[Solution]


class Search:
    """The search in one graph, for patterns without concepts in them; `Solver` knows the concepts. `_match_X` handles
    the pattern `X`."""

    def __init__(self, flow: Flow, needs: Needs) -> None:
        self.flow = flow
        self.sieve = Sieve(flow, needs)
        self.branches = Branches(flow, self.sieve)
        self._steps = self._all_steps = 0

    def matches_of(self, slug: str) -> tuple[Solution, ...]:
        """The solutions of a concept in the same graph."""
        return ()

    def solutions(self, pattern: Pattern, node: int, guards: Guards | None = None) -> Found:
        """Every way in which `pattern` fits with its outermost operation at `node`, under `guards`."""
        self._all_steps += self._steps
        if self._all_steps > ALL_STEPS:
            raise HfreaderError(f"{self.flow.graph.owner}: too large to be searched to the end")
        self._steps = 0
        return self._match(pattern, self.flow.use_of(node), Solution(guards=guards or {}), exact=True)

    def _match(self, pattern: Any, use: Use, so_far: Solution, exact: bool = False) -> Found:
        if not self.sieve.passes(pattern, use.node, exact):
            return iter(())
        self._steps += 1
        if self._steps > STEPS:
            return iter(())
        found: Found = getattr(self, "_match_" + type(pattern).__name__)(pattern, use, so_far, exact)
        return found

    def _views(self, use: Use, exact: bool) -> Iterator[tuple[Use, Node, Guards]]:
        nodes = self.flow.graph.nodes
        yield use, nodes[use.node], NO_GUARDS
        if not exact:
            for seen, guards in self.flow.seen_through(use.node):
                yield seen, nodes[seen.node], guards

    def _match_Anything(self, pattern: Anything, use: Use, so_far: Solution, exact: bool) -> Found:
        yield so_far

    def _match_Op(self, pattern: Op, use: Use, so_far: Solution, exact: bool) -> Found:
        for seen, node, guards in self._views(use, exact):
            if node.op not in pattern.names or (here := so_far.at(seen.node, guards)) is None:
                continue
            if len(pattern.operands) > 2 and node.op in COMMUTATIVE:
                yield from self._many(pattern, seen, here)
                continue
            uses = self._leading(node, len(pattern.operands))
            if uses is None:
                continue
            orders = permutations(uses) if pattern.commutative or node.op in COMMUTATIVE else iter((uses,))
            for order in orders:
                for found in self._all(pattern.operands, order, here):
                    yield from self._arguments(pattern, seen.node, found)

    def _leading(self, node: Node, count: int) -> tuple[Use, ...] | None:
        """The first operands that are no settings."""
        operands = [one for one in node.operands if one.keyword is None or one.keyword in ("input", "weight", "bias")]
        if len(operands) < count or (node.op in COMPLETE and len(operands) != count):
            return None
        return tuple(Use(one.node, one.span, node.scope) for one in operands[:count])

    def _many(self, pattern: Op, use: Use, so_far: Solution) -> Found:
        for leaves, found in self._leaves(use, self.flow.node(use.node).op, len(pattern.operands), so_far):
            for order in permutations(leaves):
                yield from self._all(pattern.operands, order, found)

    def _leaves(self, use: Use, op: str, count: int, so_far: Solution) -> Iterator[tuple[tuple[Use, ...], Solution]]:
        """Every way to read a nested sum or product as one of `count` terms."""
        if count == 1:
            yield (use,), so_far
            return
        for seen, node, guards in self._views(use, False):
            if node.op != op or (here := so_far.at(seen.node, guards)) is None:
                continue
            if (uses := self._leading(node, 2)) is None:
                continue
            for first in range(1, count):
                for left, after in self._leaves(uses[0], op, first, here):
                    for right, found in self._leaves(uses[1], op, count - first, after):
                        yield (*left, *right), found

    def _all(self, patterns: tuple[Pattern, ...], uses: tuple[Use, ...], so_far: Solution) -> Found:
        if not patterns:
            yield so_far
            return
        if not all(map(self._passes, patterns[1:], uses[1:])):
            return
        for found in self._match(patterns[0], uses[0], so_far):
            yield from self._all(patterns[1:], uses[1:], found)

    def _passes(self, pattern: Pattern, use: Use) -> bool:
        return self.sieve.passes(pattern, use.node)

    def _arguments(self, pattern: Op | Call, node: int, so_far: Solution) -> Found:
        value = self.flow.node(node)
        named = {one.keyword: Use(one.node, one.span, value.scope) for one in value.operands if one.keyword}
        if any(name not in named for name, _ in pattern.keywords):
            return
        if isinstance(pattern, Op) and pattern.closed and "**" in named:
            return
        wanted = [*pattern.keywords, *(one for one in pattern.optional if one[0] in named)]
        yield from self._all(tuple(one for _, one in wanted), tuple(named[name] for name, _ in wanted), so_far)

    def _match_Layer(self, pattern: Layer, use: Use, so_far: Solution, exact: bool) -> Found:
        for seen, node, guards in self._views(use, exact):
            if not is_layer(self.flow, pattern, seen.node) or (here := so_far.at(seen.node, guards)) is None:
                continue
            uses = tuple(Use(one.node, one.span, node.scope) for one in node.operands)
            if len(uses) < len(pattern.operands):
                continue
            for made in self._made(pattern, seen.node, here):
                for named in self._module(pattern.symbol, seen.node, made):
                    yield from self._all(pattern.operands, uses, named)

    def _made(self, pattern: Layer, call: int, so_far: Solution) -> Found:
        """The settings of a layer, whose operations are no part of the equation."""
        wanted = settings(self.flow, pattern, call)
        for found in self._all(
            tuple(fit for fit, _ in wanted), tuple(self.flow.use_of(one) for _, one in wanted), so_far
        ):
            yield so_far._replace(bindings=found.bindings)

    def _module(self, symbol: str | None, node: int, so_far: Solution) -> Found:
        """The callee of a call under the name of a symbol."""
        value = self.flow.node(node)
        if symbol is None:
            yield so_far
        elif symbol not in so_far.bindings:
            bound = Bound("module", Use(node, value.token, value.scope), frozenset((node,)))
            yield so_far.binding(symbol, bound)
        elif same_callee(self.flow, node, so_far.bindings[symbol].use.node):
            yield so_far

    def _match_Computes(self, pattern: Computes, use: Use, so_far: Solution, exact: bool) -> Found:
        for seen, node, guards in self._views(use, exact):
            if node.op != "module" or node.body is None or (here := so_far.at(seen.node, guards)) is None:
                continue
            for named in self._module(pattern.symbol, seen.node, here):
                for found in self._match(pattern.pattern, self.flow.use_of(node.body), named):
                    yield Solution(found.bindings, named.nodes, found.inside | found.nodes, named.guards)

    def _match_Activation(self, pattern: Activation, use: Use, so_far: Solution, exact: bool) -> Found:
        for seen, node, guards in self._views(use, exact):
            if not is_activation(self.flow, seen.node) or (here := so_far.at(seen.node, guards)) is None:
                continue
            for named in self._module(pattern.symbol if is_plain_call(node) else None, seen.node, here):
                yield from self._match(pattern.operand, operand_of(node), named)

    def _match_Number(self, pattern: Number, use: Use, so_far: Solution, exact: bool) -> Found:
        number = self.flow.node(use.node).number
        if number is not None and math.isclose(number, pattern.value, rel_tol=1e-6):
            yield so_far

    def _match_Scalar(self, pattern: Scalar, use: Use, so_far: Solution, exact: bool) -> Found:
        if self.flow.node(use.node).number != 1.0 and is_scalar(self.flow, use.node):
            yield so_far

    def _match_FirstPosition(self, pattern: FirstPosition, use: Use, so_far: Solution, exact: bool) -> Found:
        for seen, node, guards in self._views(use, exact):
            if node.op == "item" and is_first_position(self.flow, node) and (here := so_far.at(seen.node, guards)):
                yield from self._match(pattern.operand, operand_of(node), here)

    def _match_Element(self, pattern: Element, use: Use, so_far: Solution, exact: bool) -> Found:
        for seen, node, guards in self._views(use, exact):
            if index_of(self.flow, node) == pattern.index and (here := so_far.at(seen.node, guards)) is not None:
                yield from self._match(pattern.operand, operand_of(node), here)

    def _match_Each(self, pattern: Each, use: Use, so_far: Solution, exact: bool) -> Found:
        for _, node, guards in self._views(use, exact):
            entry = entry_of(self.flow, node)
            if entry is not None and (here := so_far.under(guards)) is not None:
                yield from self._match(pattern.pattern, entry, here)

    def _match_Slice(self, pattern: Slice, use: Use, so_far: Solution, exact: bool) -> Found:
        wanted = {"start": pattern.start, "stop": pattern.stop, "step": pattern.step}
        for seen, node, guards in self._views(use, exact):
            if (part := last_slice(self.flow, node)) is None or (here := so_far.at(seen.node, guards)) is None:
                continue
            given = {
                one.keyword: Use(one.node, one.span, part.scope)
                for one in part.operands
                if (one.keyword, self.flow.node(one.node).number) != ("start", 0)
            }
            if given.keys() != {name for name, bound in wanted.items() if bound is not None}:
                continue
            bounds = tuple((bound, given[name]) for name, bound in wanted.items() if bound is not None)
            for found in self._match(pattern.operand, operand_of(node), here):
                yield from self._all(tuple(one for one, _ in bounds), tuple(one for _, one in bounds), found)

    def _match_Select(self, pattern: Select, use: Use, so_far: Solution, exact: bool) -> Found:
        for seen, node, guards in self._views(use, exact):
            if selected(self.flow, node) == pattern.index and (here := so_far.at(seen.node, guards)) is not None:
                yield from self._match(pattern.operand, operand_of(node), here)

    def _match_Differs(self, pattern: Differs, use: Use, so_far: Solution, exact: bool) -> Found:
        known = self.flow.bases(so_far.bindings[pattern.symbol].use.node)
        for seen, _, guards in self._views(use, exact):
            if known.isdisjoint(self.flow.bases(seen.node)) and (here := so_far.under(guards)) is not None:
                yield here
                return

    def _match_Einsum(self, pattern: Einsum, use: Use, so_far: Solution, exact: bool) -> Found:
        for seen, node, guards in self._views(use, exact):
            uses = factors(self.flow, node)
            if node.op == "einsum" and len(uses) == len(pattern.operands):
                written = self.flow.node(node.operands[0].node).label
                same = any(same_letters(written, one) for one in pattern.equations)
                if same and (here := so_far.at(seen.node, guards)) is not None:
                    yield from self._all(pattern.operands, uses, here)

    def _match_Equation(self, pattern: Equation, use: Use, so_far: Solution, exact: bool) -> Found:
        outputs = {one.bindings["output"].use.node: one for one in self.matches_of(pattern.concept)}
        for seen, _, guards in self._views(use, exact):
            if (inner := outputs.get(seen.node)) is None or any(
                name not in inner.bindings for name, _ in pattern.where
            ):
                continue
            together = consistent(guards, inner.guards)
            if together is None or (here := so_far.under(together)) is None:
                continue
            kept = {name: inner.bindings[name] for name in pattern.keep if name in inner.bindings}
            here = here._replace(
                nodes=here.nodes | inner.nodes,
                inside=here.inside | inner.inside,
                bindings={**kept, **here.bindings},
            )
            uses = tuple(inner.bindings[name].use for name, _ in pattern.where)
            yield from self._all(tuple(one for _, one in pattern.where), uses, here)

    def _match_Bind(self, pattern: Bind, use: Use, so_far: Solution, exact: bool) -> Found:
        if pattern.symbol in so_far.bindings:
            yield from self._same(pattern, use, so_far, exact)
            return
        for found in self._match(pattern.pattern, use, so_far, exact):
            computed = computing(self.flow, use.node, found.nodes - so_far.nodes)
            yield found.binding(pattern.symbol, Bound("value", use, computed))

    def _same(self, pattern: Bind, use: Use, so_far: Solution, exact: bool) -> Found:
        """A symbol that is bound: the same value, or that value under some condition."""
        known = self.flow.bases(so_far.bindings[pattern.symbol].use.node)
        for seen, _, guards in self._views(use, exact):
            if self.flow.bases(seen.node) == known and (here := so_far.under(guards)) is not None:
                yield from self._match(pattern.pattern, seen, here, exact)
                return

    def _match_OneOf(self, pattern: OneOf, use: Use, so_far: Solution, exact: bool) -> Found:
        for option in pattern.options:
            yield from self._match(option, use, so_far, exact)

    def _match_Both(self, pattern: Both, use: Use, so_far: Solution, exact: bool) -> Found:
        for found in self._match(pattern.first, use, so_far, exact):
            yield from self._match(pattern.second, use, found, exact)

    def _match_Not(self, pattern: Not, use: Use, so_far: Solution, exact: bool) -> Found:
        if next(self._match(pattern.pattern, use, so_far), None) is None:
            yield so_far

    def _match_Itself(self, pattern: Itself, use: Use, so_far: Solution, exact: bool) -> Found:
        for seen, _, guards in self._views(use, exact):
            if (here := so_far.under(guards)) is not None:
                yield from self._match(pattern.pattern, self.flow.use_of(seen.node), here, True)

    def _match_Joined(self, pattern: Joined, use: Use, so_far: Solution, exact: bool) -> Found:
        for seen, node, guards in self._views(use, exact):
            parts = side_by_side(self.flow, node)
            if parts is not None and (here := so_far.at(seen.node, guards)) is not None:
                yield from self._all((pattern.first, pattern.second), parts, here)

    def _match_Direct(self, pattern: Direct, use: Use, so_far: Solution, exact: bool) -> Found:
        return self._match(pattern.pattern, use, so_far, True)

    def _match_Unshared(self, pattern: Unshared, use: Use, so_far: Solution, exact: bool) -> Found:
        if len(self.flow.users.get(use.node, ())) <= 1:
            yield from self._match(pattern.pattern, use, so_far, exact)

    def _match_NotPartOf(self, pattern: NotPartOf, use: Use, so_far: Solution, exact: bool) -> Found:
        for found in self._match(pattern.pattern, use, so_far, exact):
            wholes = [self.flow.use_of(user) for user in self.flow.used_in(use.node)]
            if all(next(self._match(pattern.whole, whole, found, True), None) is None for whole in wholes):
                yield found

    def _match_Call(self, pattern: Call, use: Use, so_far: Solution, exact: bool) -> Found:
        for seen, node, guards in self._views(use, exact):
            named = node.label in pattern.functions or node.registry in pattern.functions
            if node.op == "call" and named and (here := so_far.at(seen.node, guards)):
                yield from self._arguments(pattern, seen.node, here)

    def _match_Returned(self, pattern: Returned, use: Use, so_far: Solution, exact: bool) -> Found:
        if use.node in self.flow.returned or not self.flow.returned_bases.isdisjoint(self.flow.bases(use.node)):
            yield from self._match(pattern.pattern, use, so_far, exact)

    def _match_DerivedFrom(self, pattern: DerivedFrom, use: Use, so_far: Solution, exact: bool) -> Found:
        if derives(self.flow, use.node, pattern):
            yield so_far

    def _match_Branch(self, pattern: Branch, use: Use, so_far: Solution, exact: bool) -> Found:
        for source, here in self.branches.sources(pattern, use.node, so_far):
            for found in islice(self._match(pattern.source, self.flow.use_of(source), here, True), 1):
                if (way := self.branches.inside(pattern, use.node, source, found, self.matches_of)) is not None:
                    yield found._replace(inside=found.inside | way)
                    return
