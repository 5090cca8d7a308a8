"""Runs the stages one after the other and owns what is remembered between builds."""

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.metadata import version
from itertools import combinations
from pathlib import Path

from filelock import FileLock

from hfreader.analyses import analyses_of, code_digest, snapshot_digest
from hfreader.analyzers.analysis import UNFORESEEN, reason
from hfreader.analyzers.census import census
from hfreader.analyzers.library import Library
from hfreader.compare import compare
from hfreader.concepts import catalogue
from hfreader.errors import HfreaderError
from hfreader.facts.codec import to_json
from hfreader.facts.comparison import Comparison
from hfreader.facts.problems import Problem
from hfreader.facts.runs import FamilyRequest, FamilyRun
from hfreader.facts.snapshot import Snapshot
from hfreader.facts.sweep import Limits
from hfreader.facts.totals import BuildResult, FamilyTotals
from hfreader.jobs import processors
from hfreader.output import check_output, replace_site
from hfreader.pages.book import Book, Family
from hfreader.pages.language import ENGLISH
from hfreader.pages.mkdocs_build import run_mkdocs
from hfreader.pages.site import write_fragments
from hfreader.progress import Report
from hfreader.ran import remember_run
from hfreader.shared import shared_families
from hfreader.source import obtain
from hfreader.store import cache_folder, digest, recall, remember, remembered
from hfreader.trace.pool import run_families

PACKAGE = Path(__file__).parent
LIMITS = Limits(seconds=600, memory=4 << 30)
"""What the runs and proofs of one family may take."""
# Of more families than this, not every pair gets a page unasked.
MOST_COMPARED = 4


@dataclass(frozen=True)
class BuildOptions:
    """What the user asked `hfreader build` for.

    compare    the pairs of families that get a page side by side; None: every pair where there are few families.
    languages  the first at the root of `out`, each other in a folder of its own within it.
    """

    models: tuple[str, ...]
    repository: str | None
    ref: str | None
    out: Path
    offline: bool
    compare: tuple[tuple[str, str], ...] | None = None
    languages: tuple[str, ...] = (ENGLISH,)


def build_site(options: BuildOptions, report: Report) -> BuildResult:
    """Build the site of the chosen families into `options.out`; HfreaderError for what the user can mend."""
    check_output(options.out)
    book = gather(options, report)
    fragments = cache_folder() / "fragments"
    with FileLock(cache_folder() / "pages.lock"):
        write_fragments(book, fragments, report, languages=options.languages)
        report("site", str(options.out))
        prose = replace_site(options.out, lambda folder: run_mkdocs(site_config(), fragments, folder))
    counts = tuple(totals(family) for family in book.families)
    problems = [problem for family in book.families for problem in problems_of(family)]
    problems += [*(problem for one in book.comparisons for problem in one.problems), *prose]
    return BuildResult(book.snapshot, str(options.out), counts, tuple(problems))


def site_config() -> Path:
    """hfreader's own `mkdocs.yml`: in the project, or where the wheel carries it with its `docs`."""
    carried = PACKAGE / "book" / "mkdocs.yml"
    return carried if carried.is_file() else PACKAGE.parent / "mkdocs.yml"


def gather(options: BuildOptions, report: Report) -> Book:
    """Source, analysis, runs and proofs of the chosen families, computed or remembered."""
    snapshot = obtain(options.repository, options.ref, offline=options.offline, report=report)
    library = Library(snapshot)
    families = library.known(options.models)
    if not families:
        raise HfreaderError("no family given: name at least one, such as --models bert,gpt2")
    pairs = pairs_of(families, options.compare)
    source = snapshot_digest(snapshot)
    files = {family: library.modeling_files(family) for family in families}
    analyses = analyses_of(library, source, [file for group in files.values() for file in group], report)
    reached = {family: _shared(library, source, group) for family, group in files.items()}
    shared = analyses_of(library, source, sorted({file for group in reached.values() for file in group}), report)
    requests = [
        FamilyRequest(
            family,
            tuple(match for file in group for match in analyses[file].matches)
            + tuple(match for file in reached[family] for match in shared[file].matches),
        )
        for family, group in files.items()
    ]
    runs = _runs(snapshot, requests, source, report)
    own = [Family(family, tuple(analyses[file] for file in group), runs.get(family)) for family, group in files.items()]
    together = shared_families(shared.values(), [family.run for family in own if family.run])
    compared = tuple(comparison_of(library, source, *pair, report) for pair in pairs)
    return Book(snapshot, (*own, *together), compared)


def pairs_of(families: Sequence[str], wanted: Sequence[tuple[str, str]] | None) -> tuple[tuple[str, str], ...]:
    """The pairs that get a page; HfreaderError for one that the build does not hold."""
    if wanted is None:
        return tuple(combinations(families, 2)) if len(families) <= MOST_COMPARED else ()
    for name in {name for pair in wanted for name in pair}:
        if name not in families:
            raise HfreaderError(f"--compare names {name}, which is not built: add it to --models")
    return tuple(dict.fromkeys(wanted))


def comparison_of(library: Library, source: str, left: str, right: str, report: Report) -> Comparison:
    """Two families side by side; where they cannot be compared, a comparison of nothing but the reason."""
    try:
        return compare(library, source, left, right, report)
    except (HfreaderError, *UNFORESEEN) as error:
        problem = Problem("analyzers", f"{left} and {right}", reason(error))
        return Comparison(left, right, left, right, (), (), (), (), (problem,))


def _shared(library: Library, source: str, files: Sequence[str]) -> tuple[str, ...]:
    """The files outside `models/` that hold modules which these files use."""
    key = digest(source, *files, code_digest("analyzers"))
    return remembered(
        "shared",
        key,
        tuple[str, ...],
        lambda: tuple(sorted({shared for file in files for shared in library.shared_files(file)})),
    )


def _runs(snapshot: Snapshot, requests: Sequence[FamilyRequest], source: str, report: Report) -> dict[str, FamilyRun]:
    """Runs and proofs by family; only what is not remembered starts a worker."""
    code = code_digest("facts", "concepts", "trace")
    keys = {
        request.family: digest(source, code, to_json(request), version("torch"), sys.version) for request in requests
    }
    found = {family: recall("runs", key, FamilyRun) for family, key in keys.items()}
    runs = {family: run for family, run in found.items() if run is not None}
    missing = tuple(request for request in requests if request.family not in runs)
    for run in run_families(missing, snapshot, LIMITS, processors(), report):
        runs[run.family] = run
        if not run.died:
            remember("runs", keys[run.family], run)
    for run in runs.values():
        remember_run(source, run)
    return runs


def totals(family: Family) -> FamilyTotals:
    """The counts of one family, as the last table of a build and the home page show them."""
    matches = [match for part in family.analyses for match in part.matches]
    states = [family.proof(match).state for match in matches]
    mapping = census(family.analyses, catalogue(), counts=lambda _: True)
    files = {part.code.file for part in family.analyses}
    traces = family.run.traces if family.run else ()
    executions = [item for trace in traces for item in trace.executions if item.file in files]
    ran = {(item.file, span) for item in executions for span in item.ran}
    return FamilyTotals(
        family=family.name,
        classes=mapping.count("classes"),
        mapped=mapping.count("mapped"),
        matches=len(matches),
        proven=states.count("proven"),
        disproven=states.count("disproven"),
        unchecked=states.count("matched"),
        settings=len(traces),
        statements=len(ran | {(item.file, span) for item in executions for span in item.idle}),
        statements_ran=len(ran),
        problems=len(problems_of(family)),
    )


def problems_of(family: Family) -> tuple[Problem, ...]:
    """Everything that went wrong on a family, in the order of the stages."""
    found = [problem for part in family.analyses for problem in part.problems]
    if family.run:
        found += [*(problem for trace in family.run.traces for problem in trace.problems), *family.run.problems]
    return tuple(dict.fromkeys(found))
