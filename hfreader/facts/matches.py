"""Where a concept was found, what each symbol of its equation is in the code, and whether it is so."""

from dataclasses import dataclass
from typing import Literal

from hfreader.facts.phrases import Words
from hfreader.facts.places import Place


@dataclass(frozen=True)
class Binding:
    """One symbol of the equation and every token in the source that carries its value."""

    symbol: str
    tokens: tuple[Place, ...]


@dataclass(frozen=True)
class Capture:
    """What the tracer must record so that the equation can be computed.

    kind   value: the value of the expression at `place`; module: the submodule that the callee expression at
           `place` names (its parameters enter the equation). Of what `__init__` writes, made: the module that the
           expression makes, when it is called; result: what that call gives; literal: the constant that stands there.
    sites  the call expressions through which the root function reaches the place, outermost first.
    """

    symbol: str
    kind: Literal["value", "module", "made", "result", "literal"]
    sites: tuple[Place, ...]
    place: Place


@dataclass(frozen=True)
class Match:
    """One place where the structure of a concept was found.

    owner     qualified name of the class (or module-level function) whose `function` was the root of the graph.
    root      file and span of that root function.
    place     the expression that computes the concept's output.
    captures  where several have one symbol, they are in different branches, and the first that runs counts.
    guards    source text of the conditions under which it runs.
    """

    concept: str
    owner: str
    function: str
    root: Place
    place: Place
    bindings: tuple[Binding, ...]
    captures: tuple[Capture, ...]
    guards: tuple[str, ...] = ()

    @property
    def key(self) -> str:
        """Identifies the match within one snapshot."""
        return match_key(self.concept, self.owner, self.function, self.place)


def match_key(concept: str, owner: str, function: str, place: Place) -> str:
    """The key of the match of a concept in `owner.function` whose output is computed at `place`."""
    return f"{concept}@{owner}.{function}@{place.file}:{place.span.line}:{place.span.column}"


@dataclass(frozen=True)
class Proof:
    """What the proof run says of a match (`match` is its key).

    state       proven: executed, and the float64 reference agrees; disproven: executed, and it does not;
                matched: could not be checked, `reason` says why.
    error       maximum over all executions of max|code - equation| / max|equation|; None when unchecked.
    executions  how many times the captured values were compared.
    setting     what was run: class, sizes, weights, seed.
    ran         whether its code ran in the family's runs, checked or not; None where nobody could tell.
    """

    match: str
    state: Literal["proven", "disproven", "matched"]
    error: float | None = None
    executions: int = 0
    setting: str | None = None
    reason: Words | None = None
    ran: bool | None = None

    @property
    def weight(self) -> tuple[int, bool]:
        """How much it says: what one family disproves no other makes good."""
        return ("matched", "proven", "disproven").index(self.state), self.ran is True
