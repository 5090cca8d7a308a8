"""Where a concept is implemented."""

from hfreader.ask.concepts import concept, summary
from hfreader.facts.answers import ImplementationGroup, Implementations, Implementing
from hfreader.facts.matches import Proof
from hfreader.facts.snapshot import Snapshot
from hfreader.facts.survey import Survey, Surveyed, by_body
from hfreader.progress import Report
from hfreader.ran import runs_so_far, states
from hfreader.sources import Sources
from hfreader.survey import survey


def find(snapshot: Snapshot, name: str, report: Report) -> Implementations:
    """Every class and function in which the concept `name` (slug or name) is found, those of one source together."""
    wanted = concept(name)
    known = survey(snapshot, report)
    families = {family_of(one.file) for one in known.classes}
    proven = states(runs_so_far(Sources(snapshot), families).values())
    members = [one for one in (*known.classes, *known.functions) if one.implements(wanted.slug)]
    return Implementations(
        summary(wanted),
        tuple(_group(wanted.slug, group, proven) for group in by_body(members, lambda one: one)),
        len({family_of(one.file) for one in members}),
        sum(one.kind != "function" for one in members),
        sum(one.kind == "function" for one in members),
    )


def family_of(file: str) -> str:
    """The folder under `models/`."""
    return file.split("/")[1] if file.startswith("models/") else ""


def _group(slug: str, members: list[Surveyed], proven: dict[str, Proof]) -> ImplementationGroup:
    ordered = sorted(members, key=lambda one: one.file)
    return ImplementationGroup(members[0].qualified, tuple(_member(slug, one, proven) for one in ordered))


def _member(slug: str, one: Surveyed, proven: dict[str, Proof]) -> Implementing:
    matches = [match for match in one.matches if match.concept == slug]
    proofs = [proven.get(match.key(one.qualified)) for match in matches]
    found: set[str] = {"matched" if proof is None else proof.state for proof in proofs} or {"role"}
    state = next(each for each in ("disproven", "proven", "matched", "role") if each in found)
    lines = tuple(dict.fromkeys(match.place.span.line for match in matches)) or (one.line,)
    guards = tuple(dict.fromkeys(guard for match in matches for guard in match.guards))
    return Implementing(one.qualified, one.file, lines, state, guards)


def all_matches(known: Survey) -> int:
    """How many places were found in all."""
    return sum(len(one.matches) for one in (*known.classes, *known.functions))
