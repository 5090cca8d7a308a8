"""What a class computes in outline, what it comes from, and how it differs from its nearest relative."""

from dataclasses import dataclass
from typing import Literal

from hfreader.facts.comparison import Difference
from hfreader.facts.places import Place

Origin = Literal["modular", "copied", "inherits", "identical", "similar"]


@dataclass(frozen=True)
class Relation:
    """One class that another comes from.

    origin    modular: its base in the `modular_*.py` that the file is generated from; copied: a `# Copied from` mark;
              inherits: a base class; identical: the same computation under other names; similar: the most alike.
    relative  the other class, qualified.
    said      the words of the source that say so (`Copied from ... with Bert->Roberta`), None where none do.
    """

    origin: Origin
    relative: str
    said: str | None = None


@dataclass(frozen=True)
class Lineage:
    """Where a class comes from.

    relations   nearest first.
    identical   every other class of the library that was compared and computes the same.
    difference  to the first of the relations, None where there is none or the two cannot be compared.
    place       where the class is written.
    """

    owner: str
    place: Place
    relations: tuple[Relation, ...] = ()
    identical: tuple[str, ...] = ()
    difference: Difference | None = None
