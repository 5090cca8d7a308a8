"""A dataflow graph folded to what a reader wants to see: inputs, submodules, the mathematics, outputs."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cached_property

from hfreader.analyzers.flow_sources import Loop, Sources, is_shown_operation
from hfreader.analyzers.values import AGGREGATES, same_value
from hfreader.facts.analysis import Diagram, DiagramEdge, DiagramNode
from hfreader.facts.dataflow import ROOT, Dataflow, Node, Token
from hfreader.facts.matches import Match
from hfreader.facts.places import Place

MAX_BOXES = 30
# Stands for what is outside of every loop.
OUTSIDE = -1
SYMBOLS = {"add": "+", "sub": "−", "mul": "×", "div": "÷", "neg": "−", "pow": "power"}


def fold(graph: Dataflow, matches: tuple[Match, ...] = ()) -> Diagram:
    """The diagram of the graph's own class: submodules are one box each, functions are opened where they hold the
    mathematics, and layers that repeat are drawn once. Details are left out until at most `MAX_BOXES` remain."""
    for detail in ("functions", "operations", "modules"):
        folding = _Folding(graph, Sources(graph, detail), matches)
        folding.outputs()
        if len(folding.boxes) <= MAX_BOXES:
            break
    return folding.diagram()


@dataclass(frozen=True)
class _Result:
    """One value that the function returns."""

    label: str
    node: int
    place: Place | None


@dataclass
class _Folding:
    """One attempt at a diagram. `boxes` are graph nodes in the order in which they were reached, `entered` the loops
    looked into for a target."""

    graph: Dataflow
    sources: Sources
    matches: tuple[Match, ...]
    boxes: dict[int, None] = field(default_factory=dict)
    edges: dict[tuple[int, int, bool], None] = field(default_factory=dict)
    results: list[_Result] = field(default_factory=list)
    entered: set[tuple[int, int, bool]] = field(default_factory=set)

    def outputs(self) -> None:
        """Walk back from what is returned."""
        if self.graph.result is None:
            return
        found = [(one, self.sources.of(one.node)) for one in _returned(self.graph, self.graph.result)]
        computed = [pair for pair in found if not all(self._is_input(source) for source in pair[1])]
        seen: set[tuple[str, int]] = set()
        for result, sources in computed or found:
            key = (result.label, same_value(self.graph.nodes, result.node))
            if key in seen:
                continue
            seen.add(key)
            self.results.append(result)
            self._connect(sources, -len(self.results), OUTSIDE)

    def _is_input(self, source: int | Loop) -> bool:
        return isinstance(source, int) and self.graph.nodes[source].op == "parameter"

    def _connect(self, found: Iterable[int | Loop], target: int, consumer: int, repeat: bool = False) -> None:
        for source in found:
            if isinstance(source, Loop):
                # Of two loops in each other, each brings back the other.
                if (source.node, target, repeat) in self.entered:
                    continue
                self.entered.add((source.node, target, repeat))
                inside = self.sources.inside(source.node, consumer)
                first, again = self.sources.of_loop(source.node)
                carried = [one for one in again if one != source]
                if inside:
                    self._connect(() if repeat else first, target, consumer)
                    self._connect(carried, target, consumer, True)
                else:
                    self._connect(carried or first, target, consumer, repeat)
                continue
            self.edges[source, target, repeat] = None
            if source not in self.boxes:
                self.boxes[source] = None
                self._connect(self.sources.into(source), source, source)

    def diagram(self) -> Diagram:
        """The boxes in order of the source, inputs first and outputs last."""
        order = sorted(self.boxes, key=self._rank)
        ids = {node: index for index, node in enumerate(order)}
        nodes = [self._box(ids[node], node) for node in order]
        for index, result in enumerate(self.results):
            ids[-(index + 1)] = len(nodes)
            values = self._written(same_value(self.graph.nodes, result.node))
            place = result.place or self._place(result.node)
            nodes.append(DiagramNode(len(nodes), result.label, "output", place, None, values))
        edges = [DiagramEdge(ids[a], ids[b], again) for a, b, again in self.edges if a in ids and b in ids]
        unique = tuple(sorted(set(edges), key=lambda edge: (edge.source, edge.target)))
        return Diagram(self.graph.owner, self.graph.function, tuple(nodes), unique)

    def _rank(self, node: int) -> tuple[int, int]:
        return (0 if self.graph.nodes[node].op == "parameter" else 1, node)

    def _box(self, number: int, node: int) -> DiagramNode:
        value, place = self.graph.nodes[node], self._place(node)
        own = self._written(same_value(self.graph.nodes, node))
        values = own or tuple(one for after in self.sources.plumbing(node) for one in self._written(after))
        if place not in values and value.span is not None:
            values = (*values, place) if own else (place, *values)
        kind = self._kind(value)
        return DiagramNode(
            number, self._label(value), kind, place, self._target(value), values, self._symbols(place, values)
        )

    def _written(self, value: int) -> tuple[Place, ...]:
        """Where a value is written, in the root function first."""
        tokens = sorted(self._carriers.get(value, ()), key=lambda token: token.scope != ROOT)
        return tuple(dict.fromkeys(Place(self.graph.file_of(token.scope), token.span) for token in tokens))

    @cached_property
    def _carriers(self) -> dict[int, list[Token]]:
        """The tokens of each value."""
        values = {node: same_value(self.graph.nodes, node) for node in {token.node for token in self.graph.tokens}}
        found: dict[int, list[Token]] = {}
        for token in self.graph.tokens:
            found.setdefault(values[token.node], []).append(token)
        return found

    def _kind(self, value: Node) -> str:
        if value.op in ("parameter", "attribute"):
            return "input"
        if value.op in ("module", "function"):
            return value.op
        return "function" if value.op == "call" else "operation"

    def _label(self, value: Node) -> str:
        if not is_shown_operation(value):
            return value.label
        others = [self.graph.nodes[one.node] for one in value.operands if one.keyword is None]
        constants = [one for one in others if one.number is not None or (one.op == "attribute" and not one.operands)]
        name = SYMBOLS.get(value.op, value.op)
        plain = value.op in ("add", "sub", "mul", "div", "pow") and len(constants) == 1
        return f"{name} {_constant(constants[0])}" if plain else name

    def _target(self, value: Node) -> str | None:
        if value.op == "module":
            followed = [name for name in value.classes if name.startswith("transformers.")]
            return followed[0] if len(followed) == 1 else None
        return None

    def _place(self, node: int) -> Place:
        value = self.graph.nodes[node]
        while value.span is None:
            inner = value.scope if value.op != "inline" else node
            call = self.graph.nodes[inner].call if inner != ROOT else None
            if call is None:
                return self.graph.place
            value = self.graph.nodes[call]
        return Place(self.graph.file_of(value.scope), value.span)

    def _symbols(self, place: Place, values: tuple[Place, ...]) -> tuple[str, ...]:
        wanted = {place, *values}
        found = (
            f"{match.concept}:{binding.symbol}"
            for match in self.matches
            for binding in match.bindings
            if wanted.intersection(binding.tokens)
        )
        return tuple(dict.fromkeys(found))


def _constant(node: Node) -> str:
    return node.label if node.number is None else f"{node.number:g}"


def _returned(graph: Dataflow, result: int, place: Place | None = None) -> list[_Result]:
    """Each value returned, with a name for it and the expression that returns it."""
    aggregate = same_value(graph.nodes, result)
    inner = graph.nodes[aggregate]
    if inner.op == "phi":
        found = [one for operand in inner.operands for one in _returned(graph, operand.node)]
        return list(dict.fromkeys(found))
    if inner.op not in AGGREGATES:
        return [_Result("output", result, place)]
    file = graph.file_of(inner.scope)
    return [
        _Result(
            operand.keyword or ("output" if index == 0 else f"output[{index}]"),
            operand.node,
            None if operand.span is None else Place(file, operand.span),
        )
        for index, operand in enumerate(inner.operands)
        if operand.keyword != "**"
    ]
