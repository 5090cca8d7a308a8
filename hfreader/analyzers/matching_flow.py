"""What the matcher asks of a dataflow graph: what a value is seen through views, branches and calls."""

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from math import inf
from typing import NamedTuple

from hfreader.analyzers.guards import NO_GUARDS, Guards, common, condition_of, consistent, scoped
from hfreader.analyzers.matching_features import features, reach
from hfreader.analyzers.operations import SHAPES, is_transparent
from hfreader.analyzers.values import AGGREGATES, element
from hfreader.facts.dataflow import ROOT, Dataflow, Node, Token
from hfreader.facts.places import Span

LIMIT = 256


class Use(NamedTuple):
    """A value where it is used: the node, and the expression at the place of use with the scope it is written in."""

    node: int
    span: Span | None
    scope: int


@dataclass
class Flow:
    """A dataflow graph with the answers that are asked for many times. Ids are those of the graph."""

    graph: Dataflow
    several: defaultdict[int, set[int]] = field(default_factory=lambda: defaultdict(set))
    _seen_as: dict[int, tuple[tuple[Use, Guards], ...]] = field(default_factory=dict)
    _stepped: dict[int, list[tuple[Use, Guards]]] = field(default_factory=dict)
    _bases: dict[int, frozenset[int]] = field(default_factory=dict)
    _paths: dict[int, tuple[int, ...] | None] = field(default_factory=lambda: {ROOT: ()})
    _sources: dict[int, tuple[int, ...]] = field(default_factory=dict)
    _bodies: dict[int, frozenset[int]] = field(default_factory=dict)
    _written_under: dict[tuple[int, tuple[str, ...]], Guards] = field(default_factory=dict)

    def node(self, node: int) -> Node:
        """A node by id."""
        return self.graph.nodes[node]

    def use_of(self, node: int) -> Use:
        """A node as its own expression."""
        value = self.node(node)
        return Use(node, value.span, value.scope)

    @cached_property
    def features(self) -> list[int]:
        """What each node is, as `hfreader.analyzers.matching_features` has it."""
        return [features(node) for node in self.graph.nodes]

    @cached_property
    def reach(self) -> list[int]:
        """The features of all that each value is computed from."""
        return reach(self.graph.nodes, self.features)

    @cached_property
    def by_op(self) -> Mapping[str, tuple[int, ...]]:
        """Node ids by operation."""
        index: dict[str, list[int]] = defaultdict(list)
        for number, node in enumerate(self.graph.nodes):
            index[node.op].append(number)
        return {op: tuple(nodes) for op, nodes in index.items()}

    def seen_as(self, use: Use) -> Iterator[tuple[Use, Guards]]:
        """The value itself, then everything it is when views, branches and calls are looked through, nearest first."""
        yield use, NO_GUARDS
        yield from self.seen_through(use.node)

    def seen_through(self, node: int) -> tuple[tuple[Use, Guards], ...]:
        """Everything that a value is when views, branches and calls are looked through, itself left out."""
        if node not in self._seen_as:
            self._seen_as[node] = self._look_through(node)
        return self._seen_as[node]

    def _look_through(self, start: int) -> tuple[tuple[Use, Guards], ...]:
        found: dict[int, tuple[Use, Guards]] = {}
        stack: list[tuple[Use, Guards]] = [(self.use_of(start), {})]
        while stack and len(found) < LIMIT:
            use, guards = stack.pop()
            if use.node in found:
                # Reached in a second way: what one way asks for and the other does not is no condition.
                use, before = found[use.node]
                guards = common(before, guards)
                if guards == before:
                    continue
                self.several[start].add(use.node)
            found[use.node] = (use, guards)
            for inner, condition in reversed(self.steps(use.node)):
                if (together := consistent(guards, condition)) is not None:
                    stack.append((inner, together))
        del found[start]
        return tuple(found.values())

    def steps(self, number: int) -> list[tuple[Use, Guards]]:
        """One step of looking through a node: what it also is, with the conditions for that."""
        if number not in self._stepped:
            self._stepped[number] = self._step(number)
        return self._stepped[number]

    def _step(self, number: int) -> list[tuple[Use, Guards]]:
        node = self.node(number)
        if node.op in ("module", "function", "attribute") and node.body is not None:
            return [(self.use_of(node.body), {})]
        if node.operands and node.op != "cache_update" and is_transparent(node):
            return [(Use(node.operands[0].node, node.operands[0].span, node.scope), {})]
        if node.op == "phi":
            return [
                (
                    Use(one.node, one.span, node.scope),
                    self.condition(node.guards[index] if node.guards else "", node.scope),
                )
                for index, one in enumerate(node.operands)
            ]
        if node.op == "inline" and node.operands:
            return [(Use(node.operands[0].node, node.operands[0].span, number), {})]
        if node.op == "loop" and len(node.operands) == 1:
            return [(Use(node.operands[0].node, node.operands[0].span, node.scope), {})]
        if node.op == "item" and self._keeps_all(node):
            return [(Use(node.operands[0].node, node.operands[0].span, node.scope), {})]
        if node.op == "unpack":
            wholes = self.seen_as(self.use_of(node.operands[0].node))
            return [
                (part, guards)
                for whole, guards in wholes
                if (part := self._element(whole.node, node.label)) is not None
            ]
        return []

    def _keeps_all(self, item: Node) -> bool:
        """Whether a subscript is a view of the whole tensor: full slices, `...` and None (a dimension of size 1)."""
        index = self.node(item.operands[1].node) if len(item.operands) == 2 else None
        if index is None:
            return False
        parts = [self.node(one.node) for one in index.operands] if index.op == "tuple" else [index]
        return all(part.label in ("...", "None") or (part.op == "slice" and not part.operands) for part in parts)

    def _element(self, whole: int, label: str) -> Use | None:
        """The element of a known tuple; of what a cache gives back, the keys or values that were put in."""
        node = self.node(whole)
        if node.op == "cache_update":
            operand = node.operands[int(label)] if label in ("0", "1") else None
            return None if operand is None else Use(operand.node, operand.span, node.scope)
        part = element(self.graph.nodes, whole, label)
        return None if part is None else self.use_of(part)

    def bases(self, node: int) -> frozenset[int]:
        """The values that a node can be, once everything is looked through: two nodes are the same value when these
        are the same."""
        if node not in self._bases:
            found = {use.node for use, _ in self.seen_as(self.use_of(node)) if self._is_base(use.node)}
            self._bases[node] = frozenset(found) or frozenset((node,))
        return self._bases[node]

    def _is_base(self, number: int) -> bool:
        node = self.node(number)
        if node.op in AGGREGATES:
            return False
        if node.op == "unpack":
            wholes = [use.node for use, _ in self.seen_as(self.use_of(node.operands[0].node))]
            return any(not self.steps(whole) and self._element(whole, node.label) is None for whole in wholes)
        return not self.steps(number)

    def carries(self, node: int, value: int) -> bool:
        """Whether `node` can be the value of `value` in another form or under some condition."""
        return not self.bases(node).isdisjoint(self.bases(value))

    @cached_property
    def tokens(self) -> Mapping[int, tuple[Token, ...]]:
        """The tokens that carry each base value."""
        index: dict[int, list[Token]] = defaultdict(list)
        for token in self.graph.tokens:
            for base in self.bases(token.node):
                index[base].append(token)
        return {base: tuple(tokens) for base, tokens in index.items()}

    def condition(self, guard: str, scope: int) -> Guards:
        """A guard that is written in a scope, with the names of the root function as they are."""
        found = condition_of(guard)
        return found if scope == ROOT or not found else scoped(tuple(found.items()), scope)

    def written_under(self, token: Token) -> Guards:
        """The conditions under which a token is reached: of its function, and of the call that leads there."""
        key = (token.scope, token.conditions)
        if key not in self._written_under:
            own = {text: truth for one in token.conditions for text, truth in self.condition(one, token.scope).items()}
            call = None if token.scope == ROOT else self.node(token.scope).call
            self._written_under[key] = own if call is None else {**self.conditions.get(call, NO_GUARDS), **own}
        return self._written_under[key]

    def callee(self, call: int) -> int | None:
        """The attribute node of the submodule that a `module` node calls; of an element of a Sequential, the node that
        makes it."""
        node = self.node(call)
        return node.made if node.token is None else self._written.get((node.scope, node.token))

    @cached_property
    def _written(self) -> Mapping[tuple[int, Span], int]:
        read = {
            (node.scope, node.span): number
            for number, node in enumerate(self.graph.nodes)
            if node.op in ("attribute", "activation_table") and node.span is not None
        }
        return {**read, **{(token.scope, token.span): token.node for token in self.graph.tokens}}

    def path(self, scope: int) -> tuple[int, ...] | None:
        """The submodule calls through which a scope is reached from the root, outermost first; functions and methods
        count as part of the class that calls them. None for the body of an `__init__`."""
        if scope not in self._paths:
            call = self.node(scope).call
            outer = None if call is None else self.path(self.node(call).scope)
            if call is not None and outer is not None and self.node(call).op == "module":
                outer = (*outer, call)
            self._paths[scope] = outer
        return self._paths[scope]

    @cached_property
    def depths(self) -> list[float]:
        """How many submodules deep each node lies; infinitely deep in an `__init__`."""
        paths = (self.path(node.scope) for node in self.graph.nodes)
        return [inf if path is None else len(path) for path in paths]

    def sources(self, number: int) -> tuple[int, ...]:
        """The nodes from whose numbers a node is directly computed. Shapes and types carry no numbers."""
        if number not in self._sources:
            self._sources[number] = self._find_sources(number)
        return self._sources[number]

    def _find_sources(self, number: int) -> tuple[int, ...]:
        node = self.node(number)
        if node.op in SHAPES or node.op == "attribute":
            return ()
        steps = self.steps(number)
        if node.op == "unpack" and self._is_base(number):
            return (*(use.node for use, _ in steps), node.operands[0].node)
        if steps:
            return tuple(use.node for use, _ in steps)
        if node.op == "item":
            return (node.operands[0].node,)
        return tuple(operand.node for operand in node.operands)

    @cached_property
    def users(self) -> Mapping[int, tuple[int, ...]]:
        """The nodes that compute something from each node. Calls that are followed count by what they do inside."""
        index: dict[int, set[int]] = defaultdict(set)
        for number, node in enumerate(self.graph.nodes):
            if (
                node.op in SHAPES
                or node.op == "attribute"
                or (node.op in ("module", "function") and node.body is not None)
            ):
                continue
            for operand in node.operands:
                index[operand.node].add(number)
        return {node: tuple(sorted(users)) for node, users in index.items()}

    @cached_property
    def _carriers(self) -> Mapping[int, tuple[int, ...]]:
        """The nodes that are a node in another form, one step further."""
        index: dict[int, list[int]] = defaultdict(list)
        for number in range(len(self.graph.nodes)):
            for use, _ in self.steps(number):
                index[use.node].append(number)
        return {node: tuple(carriers) for node, carriers in index.items()}

    def used_in(self, node: int) -> tuple[int, ...]:
        """The operations whose operand a node is, in whatever form it reaches them."""
        forms, found = [node], dict[int, None]()
        for form in forms:
            carriers = self._carriers.get(form, ())
            forms += [one for one in carriers if one not in forms]
            found |= dict.fromkeys(user for user in self.users.get(form, ()) if user not in carriers)
        return tuple(found)

    def reached_from(
        self,
        start: int,
        stop: frozenset[int] = frozenset(),
        users: frozenset[int] = frozenset(),
        guards: Guards = NO_GUARDS,
    ) -> list[int]:
        """What a value is computed from under `guards`, itself first, nearest first; nothing beyond the nodes in
        `stop`. Inside a loop, where the value or its `users` may stand, nothing comes from the pass before."""
        order, done, here = [start], {start}, users | {start}
        for current in order:
            if current in stop:
                continue
            sources = self.sources(current)
            op = self.node(current).op
            if op == "loop" and not here.isdisjoint(self.body_of(current)):
                sources = sources[:1]
            elif op == "phi" and guards:
                sources = self.choices(current, guards)
            for source in sources:
                if source not in done:
                    done.add(source)
                    order.append(source)
        return order

    def choices(self, phi: int, guards: Guards) -> tuple[int, ...]:
        """The values that a phi node can be under `guards`."""
        return tuple(use.node for use, own in self.steps(phi) if consistent(guards, own) is not None)

    def body_of(self, loop: int) -> frozenset[int]:
        """What changes from one pass of a loop to the next: the nodes between its value and its value after a pass."""
        if loop not in self._bodies:
            cone, stack = {loop}, list(self.sources(loop)[1:])
            while stack:
                if (current := stack.pop()) not in cone:
                    cone.add(current)
                    stack += self.sources(current)
            self._bodies[loop] = self.computed_from(frozenset((loop,)), cone - {loop})
        return self._bodies[loop]

    def computed_from(self, starts: frozenset[int], among: Collection[int]) -> frozenset[int]:
        """Those of some nodes that are computed from `starts`."""
        users: dict[int, list[int]] = defaultdict(list)
        for node in among:
            if node not in starts:
                for used in self.sources(node):
                    users[used].append(node)
        found, stack = set(starts), list(starts)
        while stack:
            for user in users.get(stack.pop(), ()):
                if user not in found:
                    found.add(user)
                    stack.append(user)
        return frozenset(found - starts)

    @cached_property
    def returned(self) -> tuple[int, ...]:
        """What the root function returns, and the elements of it, of a list that a loop fills, too."""
        if self.graph.result is None:
            return ()
        seen = [use.node for use, _ in self.seen_as(self.use_of(self.graph.result))]
        loops = [one for node in seen if (one := self.node(node)).op == "loop" and len(one.operands) == 2]
        lists = [last for one in loops if (last := self.node(one.operands[1].node)).label == "append"]
        return (
            *seen,
            *(one.node for node in seen if self.node(node).op in AGGREGATES for one in self.node(node).operands),
            *(one.node for last in lists for one in last.operands[1:]),
        )

    @cached_property
    def _returned_bases(self) -> frozenset[int]:
        return frozenset[int]().union(*map(self.bases, self.returned))

    def is_returned(self, node: int) -> bool:
        """Whether a value is what is returned, or an element of it."""
        return node in self.returned or not self._returned_bases.isdisjoint(self.bases(node))

    @cached_property
    def conditions(self) -> Mapping[int, Guards]:
        """For each node that the result needs, the conditions common to all ways in which it is needed."""
        if self.graph.result is None:
            return {}
        needs = self._users_first(self.graph.result)
        position = {node: index for index, node in enumerate(needs)}
        known: dict[int, Guards] = {self.graph.result: {}}
        for current, needed in needs.items():
            for used, guards in needed:
                if position[used] <= position[current]:
                    continue
                together = {**known[current], **guards} if guards else known[current]
                before = known.get(used)
                known[used] = together if before is None else common(before, together)
        return known

    def _needs(self, number: int) -> list[tuple[int, Guards]]:
        node = self.node(number)
        needed: list[tuple[int, Guards]] = [] if node.body is None else [(node.body, NO_GUARDS)]
        if node.op != "phi" or not node.guards:
            return [*needed, *((operand.node, NO_GUARDS) for operand in node.operands)]
        together = zip(node.operands, node.guards, strict=True)
        return [*needed, *((operand.node, self.condition(guard, node.scope)) for operand, guard in together)]

    def _users_first(self, result: int) -> dict[int, list[tuple[int, Guards]]]:
        """What each node needs that the result needs, users before what they use."""
        order: list[int] = []
        needs = {result: self._needs(result)}
        stack = [(result, iter(needs[result]))]
        while stack:
            current, rest = stack[-1]
            following = next((one for one, _ in rest if one not in needs), None)
            if following is None:
                order.append(current)
                stack.pop()
            else:
                needs[following] = self._needs(following)
                stack.append((following, iter(needs[following])))
        return {node: needs[node] for node in reversed(order)}
