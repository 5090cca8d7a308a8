"""Which way the conditions of a run went, and why."""

from dataclasses import dataclass

from hfreader.facts.places import Place


@dataclass(frozen=True)
class Outcome:
    """One way in which a condition came out.

    holds   whether it was true; `count` how often it came out so, `module` where first (a path, "" for the model).
    values  what its operands were then, (text, value): `("attention_mask", "None")`. Operands that Python did not
            look at (what follows a false `and`) are left out.
    """

    holds: bool
    count: int
    module: str
    values: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Branch:
    """An `if` that ran: where its condition stands, what it says, in which function, and how it came out.

    kind  `statement` (`if a:`), or `expression` (`x if a else y`).
    """

    place: Place
    condition: str
    function: str
    kind: str
    outcomes: tuple[Outcome, ...]
