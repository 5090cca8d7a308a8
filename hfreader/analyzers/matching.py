"""Where the equations of the concepts are in a dataflow graph."""

from collections.abc import Iterable, Mapping

from hfreader.analyzers.guards import Guards, consistent, implied, plain
from hfreader.analyzers.matching_flow import Flow, Use
from hfreader.analyzers.matching_needs import Needs
from hfreader.analyzers.matching_solutions import Bound, Solution
from hfreader.analyzers.matching_solver import Solver
from hfreader.concepts.model import Concept
from hfreader.facts.dataflow import ROOT, Dataflow, Token
from hfreader.facts.matches import Binding, Capture, Match
from hfreader.facts.places import Place


def find(graph: Dataflow, concepts: Iterable[Concept]) -> tuple[Match, ...]:
    """The matches that belong to the root of `graph`: those whose operations lie in no one submodule of it.

    Several matches with one output are one match, the one that binds most symbols; a match that is part of another
    match of the same concept is left out.
    """
    return Matcher(graph, {concept.slug: concept for concept in concepts}).matches()


class Matcher:
    """All concepts in one graph; `needs` are those of their patterns, where they are known from other graphs."""

    def __init__(self, graph: Dataflow, concepts: Mapping[str, Concept], needs: Needs | None = None) -> None:
        self.flow = Flow(graph)
        self.concepts = concepts
        self.needs = needs or Needs(concepts)
        self.solver = Solver(self.flow, concepts, self.needs)

    def matches(self) -> tuple[Match, ...]:
        """The matches of every concept, in the order of their places."""
        possible = self.needs.possible(self.solver.ways.all)
        found = [self._match(self.concepts[slug], one) for slug in possible for one in self._own(slug)]
        unique = {match.key: match for match in reversed(found)}
        return tuple(sorted(unique.values(), key=lambda match: (match.place, match.concept)))

    def _own(self, slug: str) -> list[Solution]:
        """The solutions that belong to the root, the largest of those that overlap."""
        own = [one for one in self.solver.solutions_of(slug) if self._belongs(one)]
        return [one for one in own if not any(self._is_part(slug, one, other) for other in own)]

    def _is_part(self, slug: str, one: Solution, other: Solution) -> bool:
        """Whether a solution says nothing that another one does not: they share all operations but the outermost."""
        core = one.nodes - {one.bindings[self.concepts[slug].output].use.node}
        fewer = len(one.bindings) < len(other.bindings)
        return one.nodes < other.nodes or (fewer and bool(core) and core < other.nodes)

    def _belongs(self, solution: Solution) -> bool:
        """Whether no submodule contains all operations: then the root is the lowest class that does."""
        paths = [self.flow.path(self.flow.node(node).scope) for node in solution.nodes | solution.inside]
        inside = [path for path in paths if path is not None]
        return bool(inside) and (any(not path for path in inside) or len({path[0] for path in inside}) > 1)

    def _match(self, concept: Concept, solution: Solution) -> Match:
        output = solution.bindings[concept.output].use
        graph = self.flow.graph
        guards = {**self.flow.conditions.get(output.node, {}), **solution.guards}
        return Match(
            concept.slug,
            graph.owner,
            graph.function,
            graph.place,
            self._place(output) or graph.place,
            tuple(Binding(symbol, self._tokens(one, solution, guards)) for symbol, one in solution.bindings.items()),
            self._captures(solution),
            tuple(dict.fromkeys(plain(text) if truth else f"not ({plain(text)})" for text, truth in guards.items())),
        )

    def _place(self, use: Use) -> Place | None:
        """The expression at the place of use; the value's own expression where the use is written nowhere; that of
        the module where the value is written nowhere either, inside a Sequential."""
        if use.span is not None:
            return Place(self.flow.graph.file_of(use.scope), use.span)
        node = self.flow.node(use.node)
        return self._written(node.made if node.span is None and node.made is not None else use.node)

    def _captures(self, solution: Solution) -> tuple[Capture, ...]:
        """Where the values of all symbols are, in this solution before its `others`. What stands for one symbol here
        stands for no other one there: with a bias and no mask, the bias is no mask."""
        own, *others = (
            [one for item in each.bindings.items() if (one := self._capture(*item)) is not None]
            for each in (solution, *solution.others)
        )
        taken = {(one.kind, one.sites, one.place) for one in own}
        more = [one for each in others for one in each if (one.kind, one.sites, one.place) not in taken]
        return tuple(dict.fromkeys((*own, *more)))

    def _capture(self, symbol: str, bound: Bound) -> Capture | None:
        place, node = self._place(bound.use), self.flow.node(bound.use.node)
        if node.made is not None and bound.use.span is None and (bound.kind == "module" or node.span is None):
            return self._made(symbol, bound)
        if place is None or self.flow.path(self._scope(bound.use)) is None:
            literal = place is not None and node.op == "constant"
            return Capture(symbol, "literal", (), place) if place is not None and literal else None
        return Capture(symbol, bound.kind, self.flow.graph.call_sites(self._scope(bound.use)), place)

    def _made(self, symbol: str, bound: Bound) -> Capture | None:
        """An element of a Sequential or its result: torch calls it, so it is known by the expression that makes it."""
        node = self.flow.node(bound.use.node)
        place = None if node.made is None else self._written(node.made)
        if place is None:
            return None
        sites = self.flow.graph.call_sites(node.scope)
        if node.site is not None:
            sites = (*sites, Place(self.flow.graph.file_of(node.scope), node.site))
        return Capture(symbol, "made" if bound.kind == "module" else "result", sites, place)

    def _scope(self, use: Use) -> int:
        return use.scope if use.span is not None else self.flow.node(use.node).scope

    def _tokens(self, bound: Bound, solution: Solution, guards: Guards) -> tuple[Place, ...]:
        """Everything that is written for a symbol: the names of its value, the operation that computes it; nothing in
        branches that are not taken under `guards`."""
        computed = (node for node in bound.computed if self._can_be(bound.use.node, node, guards))
        places = {place for node in computed if (place := self._operation(node)) is not None}
        if bound.kind == "module":
            places |= set(self._module_tokens(bound.use.node, guards))
            return tuple(sorted(places))
        visible, bodies = self._visible(solution), self._chosen_bodies(solution.nodes)
        for base in self._values(bound.use, guards):
            for token in self.flow.tokens.get(base, ()):
                seen = self.flow.path(token.scope) in visible and self._chosen(token.scope) <= bodies
                seen = seen and self._in_pass(token, base, solution)
                if seen and self._stands_for(token, bound.use.node, base, guards):
                    places.add(Place(self.flow.graph.file_of(token.scope), token.span))
            if self.flow.path(self.flow.node(base).scope) is None and (place := self._written(base)) is not None:
                places.add(place)
        return tuple(sorted(places)) or tuple(place for place in (self._place(bound.use),) if place is not None)

    def _in_pass(self, token: Token, loop: int, solution: Solution) -> bool:
        """Whether a token stands where a value that a loop carries is what it is before a pass, if that is what the
        equation speaks of: after the loop the same name has the value after the last pass."""
        if self.flow.node(loop).op != "loop":
            return True
        body = self.flow.body_of(loop)
        if solution.nodes.isdisjoint(body):
            return True
        places = [node.span for node in map(self.flow.node, body) if node.scope == token.scope and node.span]
        return any(token.span.line <= span.end_line for span in places)

    def _visible(self, solution: Solution) -> frozenset[tuple[int, ...] | None]:
        """The submodules in which a symbol's tokens are of interest: the root, `__init__`s, and wherever an operation
        of the equation stands."""
        paths = {self.flow.path(self.flow.node(node).scope) for node in solution.nodes}
        return frozenset(paths | {(), None})

    def _operation(self, node: int) -> Place | None:
        value = self.flow.node(node)
        return None if value.token is None else Place(self.flow.graph.file_of(value.scope), value.token)

    def _written(self, node: int) -> Place | None:
        value = self.flow.node(node)
        return None if value.span is None else Place(self.flow.graph.file_of(value.scope), value.span)

    def _values(self, use: Use, guards: Guards) -> frozenset[int]:
        """What a value can be under `guards`; where there is a choice, without None and the factor 1, which stand for
        the absence of a value."""
        bases = self.flow.bases(use.node)
        seen = self.flow.seen_as(self.flow.use_of(use.node))
        possible = {one.node for one, own in seen if consistent(implied(guards), implied(own)) is not None} & bases
        present = {base for base in possible if not self._is_absence(base)}
        return frozenset(present or possible) or bases

    def _is_absence(self, number: int) -> bool:
        node = self.flow.node(number)
        return node.op == "constant" and (node.label == "None" or node.number == 1)

    def _chosen_bodies(self, nodes: Iterable[int]) -> frozenset[int]:
        return frozenset[int]().union(*(self._chosen(self.flow.node(node).scope) for node in nodes))

    def _chosen(self, scope: int) -> frozenset[int]:
        """The bodies around a scope that are each one of several: of a submodule that can be of different classes."""
        chosen = set()
        while scope != ROOT and (call := self.flow.node(scope).call) is not None:
            if self.flow.node(call).body not in (None, scope):
                chosen.add(scope)
            scope = self.flow.node(call).scope
        return frozenset(chosen)

    def _reached(self, token: Token, guards: Guards) -> Guards | None:
        """What holds where a token is reached under `guards`; None where it is not reached."""
        return consistent(implied(guards), implied(self.flow.written_under(token)))

    def _stands_for(self, token: Token, node: int, base: int, guards: Guards) -> bool:
        """Whether, where a token is reached under `guards`, both it and `node` have the value of `base`."""
        here = self._reached(token, guards)
        if here is None:
            return False
        both = (consistent(here, way) for way in self._ways(token.node, base))
        return any(
            consistent(one, way) is not None for one in both if one is not None for way in self._ways(node, base)
        )

    def _can_be(self, node: int, base: int, guards: Guards) -> bool:
        return any(consistent(implied(guards), way) is not None for way in self._ways(node, base))

    def _ways(self, node: int, base: int) -> list[Guards]:
        """The conditions under which a node has the value of `base`."""
        ways = [implied(own) for use, own in self.flow.seen_as(self.flow.use_of(node)) if use.node == base]
        return ways or [{}]

    def _module_tokens(self, call: int, guards: Guards) -> Iterable[Place]:
        """Where a submodule is named: at this call, and in `__init__`."""
        callee = self.flow.callee(call)
        named = {callee, None if callee is None else self.flow.node(callee).body} - {None}
        for token in self.flow.graph.tokens:
            if token.node in named and self._reached(token, guards) is not None:
                yield Place(self.flow.graph.file_of(token.scope), token.span)
        if (made := self.flow.node(call).made) is not None and (place := self._operation(made)) is not None:
            yield place
