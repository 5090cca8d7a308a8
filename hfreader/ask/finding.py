"""Where a concept is implemented."""

from collections import defaultdict
from collections.abc import Iterable

from hfreader.analyses import snapshot_digest
from hfreader.ask.concepts import concept, summary
from hfreader.facts.answers import ImplementationGroup, Implementations, Implementing
from hfreader.facts.snapshot import Snapshot
from hfreader.facts.survey import Survey, Surveyed
from hfreader.progress import Report
from hfreader.ran import runs_so_far, states
from hfreader.survey import survey


def find(snapshot: Snapshot, name: str, report: Report) -> Implementations:
    """Every class and function in which the concept `name` (slug or name) is found, those of one source together."""
    wanted = concept(name)
    known = survey(snapshot, report)
    families = {family_of(one.file) for one in known.classes}
    proven = proof_states(snapshot, families)
    groups: dict[str, list[Surveyed]] = defaultdict(list)
    for one in (*known.classes, *known.functions):
        if any(match.concept == wanted.slug for match in one.matches) or wanted.slug in one.roles:
            groups[one.body or one.qualified].append(one)
    found = [_group(wanted.slug, members, proven) for members in groups.values()]
    found.sort(key=lambda group: (-len(group.members), group.origin))
    members = [one for group in groups.values() for one in group]
    return Implementations(
        summary(wanted),
        tuple(found),
        len({family_of(one.file) for one in members}),
        sum(one.kind != "function" for one in members),
        sum(one.kind == "function" for one in members),
    )


def proof_states(snapshot: Snapshot, families: Iterable[str]) -> dict[tuple[str, str, str], str]:
    """What the builds so far say of a match, by concept, owner and place (`file:line:column`)."""
    found: dict[tuple[str, str, str], str] = {}
    for key, proof in states(runs_so_far(snapshot_digest(snapshot), families).values()).items():
        slug, owner, place = key.split("@")
        found[slug, owner.rpartition(".")[0], place] = proof.state
    return found


def family_of(file: str) -> str:
    """The folder under `models/`."""
    return file.split("/")[1] if file.startswith("models/") else ""


def _group(slug: str, members: list[Surveyed], proven: dict[tuple[str, str, str], str]) -> ImplementationGroup:
    origin = min(members, key=lambda one: (one.generated_from is not None, one.copied_from is not None, one.qualified))
    return ImplementationGroup(origin.qualified, tuple(_member(slug, one, proven) for one in members))


def _member(slug: str, one: Surveyed, proven: dict[tuple[str, str, str], str]) -> Implementing:
    matches = [match for match in one.matches if match.concept == slug]
    keys = [(slug, one.qualified, f"{m.place.file}:{m.place.span.line}:{m.place.span.column}") for m in matches]
    found = {proven.get(key, "matched") for key in keys} or {"role"}
    state = next(each for each in ("disproven", "proven", "matched", "role") if each in found)
    lines = tuple(dict.fromkeys(match.place.span.line for match in matches)) or (one.line,)
    guards = tuple(dict.fromkeys(guard for match in matches for guard in match.guards))
    return Implementing(one.qualified, one.file, lines, state, guards)


def all_matches(known: Survey) -> int:
    """How many places were found in all."""
    return sum(len(one.matches) for one in (*known.classes, *known.functions))
