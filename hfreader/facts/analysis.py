"""What the analyzers say of one modeling file, and the diagrams of its classes."""

from dataclasses import dataclass, field
from typing import Literal

from hfreader.facts.code import FileFacts
from hfreader.facts.mapping import Computing, Role
from hfreader.facts.matches import Match
from hfreader.facts.places import Place, Span
from hfreader.facts.problems import Problem


@dataclass(frozen=True)
class DiagramNode:
    """One box: what it is called, what it is, where it is written.

    kind    input, module, operation, function or output.
    target  qualified class or function a click opens, None for plain operations.
    values  the places at which the tracer records the box's value (its output), for the shape label.
    symbols symbols of matched concepts whose tokens lie in this box, as `concept-slug:symbol`.
    """

    id: int
    label: str
    kind: str
    place: Place
    target: str | None = None
    values: tuple[Place, ...] = ()
    symbols: tuple[str, ...] = ()


@dataclass(frozen=True)
class DiagramEdge:
    """A value flowing from one box to another; `repeat` marks the way back of a loop over layers."""

    source: int
    target: int
    repeat: bool = False


@dataclass(frozen=True)
class Diagram:
    """The dataflow graph of one class folded to what a reader wants to see."""

    owner: str
    function: str
    nodes: tuple[DiagramNode, ...]
    edges: tuple[DiagramEdge, ...]


@dataclass(frozen=True)
class DispatchSite:
    """A call in `owner` that jumps through the attention registry, and the default function it opens on. `registry`
    is the qualified name of the registry."""

    owner: str
    site: Place
    function: str
    target: Place
    registry: str = ""


@dataclass(frozen=True)
class Implementation:
    """A function that a registry holds.

    names  the keys under which it is found.
    place  the whole function.
    core   the statement that hands on all that the function is given first (queries, keys and values), most of its
           parameters of all such; None where none does: then it computes with them itself.
    calls  what that statement calls, qualified.
    """

    names: tuple[str, ...]
    function: str
    place: Place
    core: Place | None = None
    calls: str | None = None


@dataclass(frozen=True)
class Refusal:
    """A kind of attention that no model of a file supports, by what its classes declare.

    kind      what its names in a registry begin with (`flash_attention`).
    declared  the first of the declarations, and its place.
    """

    kind: str
    declared: str
    place: Place


@dataclass(frozen=True)
class Exchange:
    """A class whose decorator puts what a registry holds in the place of its forward pass, where the configuration
    asks for that. Both are qualified names; `place` is the name of the decorator where it is defined."""

    owner: str
    decorator: str
    registry: str
    place: Place


@dataclass(frozen=True)
class Imported:
    """What an imported name stands for: its qualified name where it is defined, and the place of that name there, if
    that is in the library."""

    qualified: str
    place: Place | None = None


@dataclass(frozen=True)
class Aside:
    """Statements of a function that belong to no equation.

    kind  check: they only raise or warn; cache: they only keep, or take up, what a cache holds.
    span  whole statements of one block that follow each other.
    """

    kind: Literal["check", "cache"]
    span: Span


@dataclass(frozen=True)
class Analysis:
    """One modeling file, analysed.

    computing  the methods with tensor operations of their own.
    bodies     for each class and function, by qualified name, what is the same for all that are identical to it once
               names are exchanged, with everything in their files that they lead to.
    registries  what the registries hold that `dispatches` and `exchanges` jump through, by their qualified names.
    asides      in the order of the file, none within another.
    imported    by local name; without names that also stand for something else somewhere in the file.
    """

    code: FileFacts
    matches: tuple[Match, ...]
    diagrams: tuple[Diagram, ...]
    dispatches: tuple[DispatchSite, ...]
    problems: tuple[Problem, ...] = ()
    roles: tuple[Role, ...] = ()
    computing: tuple[Computing, ...] = ()
    bodies: dict[str, str] = field(default_factory=dict)
    registries: dict[str, tuple[Implementation, ...]] = field(default_factory=dict)
    asides: tuple[Aside, ...] = ()
    imported: dict[str, Imported] = field(default_factory=dict)
    exchanges: tuple[Exchange, ...] = ()
    refused: tuple[Refusal, ...] = ()
