"""Assignment targets: what they bind, and how to read it afterwards without running anything twice."""

import ast
from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from hfreader.facts.places import Span
from hfreader.trace.spans import SourceText

TEMPORARY = "_hfreader_"


@dataclass(frozen=True)
class Event:
    """A value that can be recorded once a statement has run.

    spans  the token that holds the value; further spans are other ways to ask for it.
    load   reads the value; safe after the statement.
    """

    spans: tuple[Span, ...]
    name: str
    load: ast.expr


@dataclass
class Rebinding:
    """A target ready for recording: the target to put in its place, stores that follow, and events after them."""

    target: ast.expr
    stores: list[ast.stmt] = field(default_factory=list)
    events: list[Event] = field(default_factory=list)


def rebind(target: ast.expr, source: SourceText) -> Rebinding:
    """Prepare a target (of an assignment, a loop, a `with`) for recording.

    Names are read back. An attribute is not, as that could run a property: its value goes to a temporary first,
    and all targets beside it as well, which keeps the order of the stores. Where an element is stored
    (`x[...] = y`), the event is the updated `x`.
    """
    if not any(isinstance(leaf, ast.Attribute) for leaf in _leaves(target)):
        return Rebinding(target, [], [_event(leaf, source) for leaf in _leaves(target)])
    temporaries = _Temporaries(source)
    target = temporaries.visit(target)
    return Rebinding(target, temporaries.stores, [_event(leaf, source) for leaf in temporaries.leaves])


def augmented(node: ast.AugAssign, source: SourceText) -> Rebinding:
    """The same for `x += y`, whose event is also known under the span of the statement."""
    target = node.target
    if isinstance(target, ast.Attribute):
        span, name = source.span(target), ast.unparse(target)
        event = Event((span,), name, ast.Attribute(_base(target, source), target.attr, ast.Load()))
    else:
        event = _event(target, source)
    return Rebinding(target, [], [replace(event, spans=(*event.spans, source.span(node)))])


def names(target: ast.expr, source: SourceText) -> list[Event]:
    """The plain names in a target, which is left as it is."""
    return [_event(leaf, source) for leaf in _leaves(target) if isinstance(leaf, ast.Name)]


def pattern_names(pattern: ast.pattern, source: SourceText) -> list[Event]:
    """The names that a `match` pattern binds."""
    return [
        Event((source.last_word(node, node.name),), node.name, ast.Name(node.name, ast.Load()))
        for node in ast.walk(pattern)
        if isinstance(node, ast.MatchAs | ast.MatchStar) and node.name
    ]


def _leaves(target: ast.expr) -> Iterator[ast.expr]:
    if isinstance(target, ast.Tuple | ast.List):
        for element in target.elts:
            yield from _leaves(element)
    elif isinstance(target, ast.Starred):
        yield from _leaves(target.value)
    else:
        yield target


def _temporary(span: Span) -> str:
    return f"{TEMPORARY}{span.line}_{span.column}"


def _event(leaf: ast.expr, source: SourceText) -> Event:
    span = source.span(leaf)
    if isinstance(leaf, ast.Name):
        return Event((span,), leaf.id, ast.Name(leaf.id, ast.Load()))
    if isinstance(leaf, ast.Subscript):
        base, name = source.span(leaf.value), ast.unparse(leaf.value)
        return Event((base, span), name, _base(leaf, source))
    return Event((span,), ast.unparse(leaf), ast.Name(_temporary(span), ast.Load()))


def _base(leaf: ast.Subscript | ast.Attribute, source: SourceText) -> ast.expr:
    """Reads the object that a store changes; it is kept in a temporary unless a name holds it already."""
    if isinstance(leaf.value, ast.Name):
        return ast.Name(leaf.value.id, ast.Load())
    name = _temporary(source.span(leaf.value))
    leaf.value = ast.copy_location(ast.NamedExpr(ast.Name(name, ast.Store()), leaf.value), leaf.value)
    return ast.Name(name, ast.Load())


class _Temporaries(ast.NodeTransformer):
    """Replaces every leaf of a target by a temporary, and stores the temporaries in the leaves afterwards."""

    def __init__(self, source: SourceText) -> None:
        self.source = source
        self.leaves: list[ast.expr] = []
        self.stores: list[ast.stmt] = []

    def leaf(self, node: ast.Name | ast.Attribute | ast.Subscript) -> ast.expr:
        name = _temporary(self.source.span(node))
        self.leaves.append(node)
        value = ast.copy_location(ast.Name(name, ast.Load()), node)
        self.stores.append(ast.copy_location(ast.Assign([node], value), node))
        return ast.copy_location(ast.Name(name, ast.Store()), node)

    visit_Name = leaf
    visit_Attribute = leaf
    visit_Subscript = leaf
