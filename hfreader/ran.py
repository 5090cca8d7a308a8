"""What builds have run so far, family by family, remembered for those who ask later."""

from collections.abc import Iterable

from hfreader.analyses import code_digest
from hfreader.concept_keys import matched_by, proven_by
from hfreader.concepts import catalogue
from hfreader.facts.codec import to_json
from hfreader.facts.matches import Proof
from hfreader.facts.runs import FamilyRun, RunSummary
from hfreader.sources import Sources
from hfreader.store import digest, holds, recall, remember


def remember_run(sources: Sources, run: FamilyRun, stored: str = "") -> RunSummary:
    """Keep what a family's run showed; `sources` are the files that it ran, `stored` is the whole run in the
    store, if it is there."""
    summary = run.summary(stored, digest(to_json(run)))
    remember("ran", _key(sources, run.family), summary)
    return summary


def still_holds(sources: Sources, summary: RunSummary) -> None:
    """Keep what a run of earlier code showed that the present code need not run again."""
    if not holds("ran", _key(sources, summary.family)):
        remember("ran", _key(sources, summary.family), summary)


def runs_so_far(sources: Sources, families: Iterable[str]) -> dict[str, RunSummary]:
    """The summaries of those families that a build with the present code has run."""
    found = {family: recall("ran", _key(sources, family), RunSummary) for family in families}
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


def _key(sources: Sources, family: str) -> str:
    code = digest(code_digest("analyzers", "trace"), matched_by(), proven_by(catalogue()))
    return digest(sources.family(family), family, code)
