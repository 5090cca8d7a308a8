"""The honest totals of the whole library."""

from hfreader.analyses import library_key
from hfreader.analyzers.census import census
from hfreader.ask.finding import all_matches, family_of
from hfreader.concepts import catalogue
from hfreader.facts.answers import Coverage, Unmapped
from hfreader.facts.mapping import Census
from hfreader.facts.runs import RunSummary
from hfreader.facts.snapshot import Snapshot
from hfreader.facts.survey import Survey
from hfreader.facts.sweep import Sweep
from hfreader.progress import Report
from hfreader.ran import runs_so_far, states
from hfreader.sources import Sources
from hfreader.store import remembered
from hfreader.survey import survey
from hfreader.sweep import sweep_so_far


def coverage(snapshot: Snapshot, report: Report) -> Coverage:
    """What is mapped, what has run, what is proven; what nothing has run so far is None."""
    known = survey(snapshot, report)
    sources = Sources(snapshot)
    counted = remembered("census", library_key(sources.whole), Census, lambda: census(known.classes, catalogue()))
    families = sorted({family_of(one.file) for one in known.classes})
    runs = runs_so_far(sources, families)
    models = {one.qualified.rpartition(".")[2] for one in known.classes if one.kind == "model"}
    return _coverage(snapshot, known, counted, families, models, runs, sweep_so_far(sources.whole))


def _coverage(
    snapshot: Snapshot,
    known: Survey,
    counted: Census,
    families: list[str],
    models: set[str],
    runs: dict[str, RunSummary],
    swept: Sweep | None,
) -> Coverage:
    proofs = list(states(runs.values()).values())
    executed = [proof for proof in proofs if proof.ran]
    proven, disproven = (sum(proof.state == state for proof in executed) for state in ("proven", "disproven"))
    whole = [run for run in swept.types if run.complete] if swept is not None else []
    traced = {*runs, *(run.family for run in whole)} & {*families}
    ran = {*(name for run in runs.values() for name in run.architectures), *(run.class_name for run in whole)}
    ran &= models
    parts = ((known,), known.classes, known.functions, runs.values())
    problems = tuple(problem for part in parts for one in part for problem in one.problems)
    computing, modules, with_equation = (counted.count(what) for what in ("computing", "modules", "equations"))
    unmapped = [one for one in counted.unmapped if one.kind in ("module", "model")]
    return Coverage(
        transformers=snapshot.version,
        commit=snapshot.commit,
        families=len(families),
        families_traced=len(traced) or None,
        architectures=None if swept is None else len(swept.types),
        architectures_traced=None if swept is None else len(whole),
        traced_share=None if swept is None else len(whole) / max(len(swept.types), 1),
        model_classes=len(models),
        model_classes_traced=len(ran) if traced else None,
        classes=counted.count("classes"),
        module_classes=modules,
        mapped=modules - len(unmapped),
        mapped_share=(modules - len(unmapped)) / max(modules, 1),
        computing=computing,
        with_equation=with_equation,
        equation_share=with_equation / max(computing, 1),
        matches=all_matches(known),
        matches_executed=len(executed) if runs else None,
        proven=proven if runs else None,
        proven_share=proven / len(executed) if executed else None,
        disproven=disproven if runs else None,
        problems=len(problems),
        problems_found=problems,
        unmapped=tuple(Unmapped(one.owner, one.file, one.reason or "nothing was found") for one in unmapped),
    )
