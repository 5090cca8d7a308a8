"""Files that several families use, such as `activations.py`, shown as they ran in all of these."""

from collections.abc import Iterable, Sequence
from dataclasses import replace

from hfreader.facts.analysis import Analysis
from hfreader.facts.matches import Proof
from hfreader.facts.runs import FamilyRun
from hfreader.pages.book import Family


def shared_families(analyses: Iterable[Analysis], runs: Sequence[FamilyRun]) -> tuple[Family, ...]:
    """One `Family` for each file in which a concept was found and executed, with the runs that reached the file."""
    made = (_shared_family(analysis, runs) for analysis in analyses)
    return tuple(family for family in made if any(proof.executions for proof in family.proofs.values()))


def _shared_family(analysis: Analysis, runs: Sequence[FamilyRun]) -> Family:
    file = analysis.code.file
    traces = tuple(
        trace
        for run in runs
        for trace in run.traces
        if any(execution.file == file and execution.ran for execution in trace.executions)
    )
    keys = [match.key for match in analysis.matches]
    proofs = merged(keys, (proof for run in runs for proof in run.proofs))
    name = file.removesuffix(".py")
    return Family(name, (analysis,), FamilyRun(name, traces, proofs), shared=True)


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
