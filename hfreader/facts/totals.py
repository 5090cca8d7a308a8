"""What a build counted, per family."""

from dataclasses import dataclass

from hfreader.facts.problems import Problem
from hfreader.facts.snapshot import Snapshot


@dataclass(frozen=True)
class FamilyTotals:
    """Counts of one family.

    classes        classes in its modeling files; `mapped` those that are mapped to a concept: an equation found in
                   them, a role that they play, or what they inherit.
    matches        concepts found, counted per place; of these `proven`, `disproven`, and `unchecked`.
    settings       runs made for coverage; `statements` in its modeling files, of which `statements_ran` ran in any.
    """

    family: str
    classes: int
    mapped: int
    matches: int
    proven: int
    disproven: int
    unchecked: int
    settings: int
    statements: int
    statements_ran: int
    problems: int


@dataclass(frozen=True)
class BuildResult:
    """What a build made: from which source, the counts per family, and what went wrong."""

    snapshot: Snapshot
    folder: str
    families: tuple[FamilyTotals, ...]
    problems: tuple[Problem, ...]

    @property
    def clean(self) -> bool:
        """Nothing was disproven and nothing failed."""
        return not self.problems and not any(family.disproven for family in self.families)
