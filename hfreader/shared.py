"""Files that several families use, such as `activations.py`, shown as they ran in some of these."""

from collections.abc import Iterable, Sequence
from dataclasses import replace

from hfreader.facts.matches import Proof
from hfreader.facts.places import Span
from hfreader.facts.runs import Reached, RunSummary
from hfreader.facts.survey import FileSurvey
from hfreader.pages.book import Chapter
from hfreader.store import digest


def shared_chapter(survey: FileSurvey, runs: Sequence[RunSummary]) -> Chapter | None:
    """A file outside `models/` with the verdicts of all families; None where no concept in it was executed, though
    models ran."""
    keys = [match.key(one.qualified) for one in survey.definitions for match in one.matches]
    proofs = merged(keys, (proof for run in runs for proof in run.proofs))
    if not keys or (runs and not any(proof.executions for proof in proofs)):
        return None
    name = survey.file.removesuffix(".py")
    shown = reaching(survey.file, runs)
    content = digest(*(run.content for run in shown), *(f"{proof}" for proof in proofs))
    spans = {span for run in runs for reached in run.reached if reached.file == survey.file for span in reached.ran}
    statements = max((one.statements for run in runs for one in run.reached if one.file == survey.file), default=0)
    reached = (Reached(survey.file, statements, len(spans)),)
    summary = RunSummary(name, (), proofs, (), sum(run.runs for run in shown), reached, content=content)
    return Chapter(name, (survey,), summary if shown else None, shared=True)


def reaching(file: str, runs: Sequence[RunSummary]) -> list[RunSummary]:
    """The runs that show a file: each executed a statement of it that those before did not."""
    seen: set[Span] = set()
    chosen = []
    for run in runs:
        ran = {span for reached in run.reached if reached.file == file for span in reached.ran}
        if not ran <= seen:
            chosen.append(run)
            seen |= ran
    return chosen


def merged(keys: Sequence[str], proofs: Iterable[Proof]) -> tuple[Proof, ...]:
    """One proof for each match: the one that says most, with the largest error and all executions of its kind."""
    found: dict[str, list[Proof]] = {key: [] for key in keys}
    for proof in proofs:
        if proof.match in found:
            found[proof.match].append(proof)
    return tuple(_merge(group) for group in found.values() if group)


def _merge(group: Sequence[Proof]) -> Proof:
    strongest = max(group, key=lambda proof: proof.weight)
    same = [proof for proof in group if proof.state == strongest.state]
    errors = [proof.error for proof in same if proof.error is not None]
    executions = sum(proof.executions for proof in same)
    return replace(strongest, error=max(errors, default=None), executions=executions)
