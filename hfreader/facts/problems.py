"""What went wrong on one class or family, recorded instead of ending the build."""

from dataclasses import dataclass

from hfreader.facts.places import Place


@dataclass(frozen=True)
class Problem:
    """One thing that could not be read, matched, run or proven.

    stage    source, analyzers, trace, proof or pages.
    subject  the file, class or family it concerns.
    reason   one sentence a reader understands.
    place    where, if a place is known.
    """

    stage: str
    subject: str
    reason: str
    place: Place | None = None
