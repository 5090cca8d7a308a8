"""What builds have run so far, family by family, remembered for those who ask later."""

from collections.abc import Iterable

from hfreader.analyses import code_digest
from hfreader.facts.codec import to_json
from hfreader.facts.matches import Proof
from hfreader.facts.runs import FamilyRun, RunSummary
from hfreader.store import digest, recall, remember


def remember_run(source: str, run: FamilyRun, stored: str = "") -> RunSummary:
    """Keep what a family's run showed; `source` identifies the source (`hfreader.analyses.snapshot_digest`), `stored`
    the whole run in the store, if it is there."""
    summary = run.summary(stored, digest(to_json(run)))
    remember("ran", _key(source, run.family), summary)
    return summary


def runs_so_far(source: str, families: Iterable[str]) -> dict[str, RunSummary]:
    """The summaries of those families that a build with the present code has run."""
    found = {family: recall("ran", _key(source, family), RunSummary) for family in families}
    return {family: run for family, run in found.items() if run is not None}


def states(runs: Iterable[RunSummary]) -> dict[str, Proof]:
    """The proof of each match by its key; what disproves outweighs what proves."""
    found: dict[str, Proof] = {}
    for run in runs:
        for proof in run.proofs:
            before = found.get(proof.match)
            if before is None or proof.weight > before.weight:
                found[proof.match] = proof
    return found


def _key(source: str, family: str) -> str:
    return digest(source, family, code_digest("facts", "concepts", "analyzers", "trace"))
