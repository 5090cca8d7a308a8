"""Backtracking search for a pattern in a dataflow graph."""

from collections.abc import Iterator
from functools import cache
from itertools import islice
from typing import Any

from hfreader.analyzers.guards import Guards, consistent
from hfreader.analyzers.matching_branches import Branches
from hfreader.analyzers.matching_flow import Flow, Use
from hfreader.analyzers.matching_layers import settings
from hfreader.analyzers.matching_needs import Needs
from hfreader.analyzers.matching_questions import (
    computing,
    derives,
    is_plain_call,
    same_callee,
)
from hfreader.analyzers.matching_solutions import Bound, Solution
from hfreader.analyzers.matching_ways import Parts, Way, Ways
from hfreader.concepts.pattern import (
    Activation,
    Bind,
    Both,
    Branch,
    Computes,
    DerivedFrom,
    Differs,
    Direct,
    Equation,
    Itself,
    Layer,
    Not,
    NotPartOf,
    OneOf,
    Pattern,
    Returned,
    Unshared,
)
from hfreader.errors import HfreaderError

# Steps of one search, and of all searches in one graph.
STEPS = 20_000
ALL_STEPS = 1_500_000

Found = Iterator[Solution]


@cache
def _handler(pattern: str) -> str:
    # The same string each time: by it, Python finds a method at once.
    return f"_match_{pattern}"


class Search:
    """The search in one graph, for patterns without concepts in them; `Solver` knows the concepts. `_match_X` handles
    the pattern `X`."""

    def __init__(self, flow: Flow, needs: Needs) -> None:
        self.flow = flow
        self._needs = needs
        self.ways = Ways(flow, needs)
        self.branches = Branches(flow, self.ways)
        self._steps = self._all_steps = 0

    def solution_at(self, slug: str, node: int) -> Solution | None:
        """The solution of a concept in the same graph whose output is a value."""
        return None

    def solutions(self, pattern: Pattern, node: int, guards: Guards | None = None) -> Found:
        """Every way in which `pattern` fits with its outermost operation at `node`, under `guards`."""
        if self._all_steps > ALL_STEPS:
            raise HfreaderError(f"{self.flow.graph.owner}: too large to be searched to the end")
        outer, self._steps = self._steps, 0
        try:
            yield from self._match(pattern, self.flow.use_of(node), Solution(guards=guards or {}), exact=True)
        finally:
            self._all_steps += self._steps
            self._steps = outer

    def _match(self, pattern: Any, use: Use, so_far: Solution, exact: bool = False) -> Found:
        if not self.ways.is_possible(pattern, use.node, exact):
            return iter(())
        self._steps += 1
        if self._steps > STEPS:
            return iter(())
        found: Found = getattr(self, _handler(type(pattern).__name__))(pattern, use, so_far, exact)
        return found

    def _match_Anything(self, pattern: Any, use: Use, so_far: Solution, exact: bool) -> Found:
        """What is possible is so: neither symbols nor conditions take part."""
        yield so_far

    _match_Number = _match_Scalar = _match_Anything

    def _taken(self, pattern: Pattern, use: Use, so_far: Solution, exact: bool) -> Iterator[tuple[Way, Solution]]:
        """The ways to take a value apart, and what holds then."""
        for way in self.ways.of(pattern, use.node, exact):
            if (here := so_far.at(way.nodes, way.guards)) is not None:
                yield way, here

    def _match_Op(self, pattern: Any, use: Use, so_far: Solution, exact: bool) -> Found:
        """Any operation without symbols of its own."""
        for way, here in self._taken(pattern, use, so_far, exact):
            yield from self._all(way.parts, here)

    _match_FirstPosition = _match_Element = _match_Select = _match_Slice = _match_Each = _match_Op
    _match_Einsum = _match_Joined = _match_Call = _match_Op

    def _match_Activation(self, pattern: Activation, use: Use, so_far: Solution, exact: bool) -> Found:
        for way, here in self._taken(pattern, use, so_far, exact):
            (node,) = way.nodes
            symbol = pattern.symbol if is_plain_call(self.flow.node(node)) else None
            for named in self._module(symbol, node, here):
                yield from self._all(way.parts, named)

    def _match_Layer(self, pattern: Layer, use: Use, so_far: Solution, exact: bool) -> Found:
        for way, here in self._taken(pattern, use, so_far, exact):
            (node,) = way.nodes
            for made in self._made(pattern, node, here):
                for named in self._module(pattern.symbol, node, made):
                    yield from self._all(way.parts, named)

    def _match_Computes(self, pattern: Computes, use: Use, so_far: Solution, exact: bool) -> Found:
        for way, here in self._taken(pattern, use, so_far, exact):
            (node,) = way.nodes
            for named in self._module(pattern.symbol, node, here):
                for found in self._all(way.parts, named):
                    guards = self._asked_outside(node, found.guards, named.guards)
                    yield Solution(found.bindings, named.nodes, found.inside | found.nodes, guards)

    def _asked_outside(self, call: int, guards: Guards, before: Guards) -> Guards:
        """The conditions that held before a submodule was entered, and those under which its arguments are what they
        are; how it computes is its own affair."""
        if len(guards) == len(before):
            return before
        asked = {
            text for one in self.flow.node(call).operands for _, own in self.flow.seen_through(one.node) for text in own
        }
        return {text: truth for text, truth in guards.items() if text in before or text in asked}

    def _all(self, parts: Parts, so_far: Solution) -> Found:
        if not parts:
            yield so_far
            return
        (pattern, use), *rest = parts
        for found in self._match(pattern, use, so_far):
            yield from self._all(tuple(rest), found)

    def _made(self, pattern: Layer, call: int, so_far: Solution) -> Found:
        """The settings of a layer, whose operations are no part of the equation."""
        wanted = tuple((fit, self.flow.use_of(one)) for fit, one in settings(self.flow, pattern, call))
        for found in self._all(wanted, so_far):
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

    def _match_Differs(self, pattern: Differs, use: Use, so_far: Solution, exact: bool) -> Found:
        known = self.flow.bases(so_far.bindings[pattern.symbol].use.node)
        for seen, guards in self.ways.views(use, exact):
            if known.isdisjoint(self.flow.bases(seen.node)) and (here := so_far.under(guards)) is not None:
                yield here
                return

    def _match_Equation(self, pattern: Equation, use: Use, so_far: Solution, exact: bool) -> Found:
        for seen, guards in self.ways.views(use, exact):
            inner = self.solution_at(pattern.concept, seen.node)
            if inner is None or any(name not in inner.bindings for name, _ in pattern.where):
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
            yield from self._all(tuple((one, inner.bindings[name].use) for name, one in pattern.where), here)

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
        for seen, guards in self.ways.views(use, exact):
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
        for seen, guards in self.ways.views(use, exact):
            if (here := so_far.under(guards)) is not None:
                yield from self._match(pattern.pattern, self.flow.use_of(seen.node), here, True)

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

    def _match_Returned(self, pattern: Returned, use: Use, so_far: Solution, exact: bool) -> Found:
        return self._match(pattern.pattern, use, so_far, exact)

    def _match_DerivedFrom(self, pattern: DerivedFrom, use: Use, so_far: Solution, exact: bool) -> Found:
        if derives(self.flow, use.node, pattern):
            yield so_far

    def _match_Branch(self, pattern: Branch, use: Use, so_far: Solution, exact: bool) -> Found:
        for source, here in self.branches.sources(pattern, use.node, so_far):
            for found in islice(self._match(pattern.source, self.flow.use_of(source), here, True), 1):
                if (way := self.branches.inside(pattern, use.node, source, found, self.solution_at)) is not None:
                    yield found._replace(inside=found.inside | way)
                    return
