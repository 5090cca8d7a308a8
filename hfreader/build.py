"""Runs the stages one after the other and owns what is remembered between builds."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path

from filelock import FileLock

from hfreader.analyses import analysis_key
from hfreader.analyzers.analysis import UNFORESEEN, reason
from hfreader.analyzers.census import census
from hfreader.analyzers.library import Library, modeling_files_of
from hfreader.compare import compare
from hfreader.concepts import catalogue
from hfreader.errors import HfreaderError
from hfreader.facts.comparison import Comparison
from hfreader.facts.problems import Problem
from hfreader.facts.runs import RunSummary
from hfreader.facts.snapshot import Snapshot
from hfreader.facts.sweep import Limits
from hfreader.facts.totals import BuildResult, FamilyTotals
from hfreader.jobs import processors
from hfreader.output import check_output, replace_site
from hfreader.pages.book import Book, Chapter
from hfreader.pages.language import ENGLISH
from hfreader.pages.mkdocs_build import run_mkdocs
from hfreader.pages.site import write_fragments
from hfreader.progress import Report
from hfreader.reach import Reach
from hfreader.shared import reaching, shared_chapter
from hfreader.shelf import Kept, StoreShelf
from hfreader.source import obtain
from hfreader.sources import Sources
from hfreader.store import cache_folder
from hfreader.survey import surveys_of
from hfreader.trace.pool import run_families

PACKAGE = Path(__file__).parent
LIMITS = Limits(seconds=600, memory=4 << 30)
"""What the runs and proofs of one family may take."""
# Of more families than this, not every pair gets a page unasked.
MOST_COMPARED = 4
ASKED_FOR = (
    ("bert", "gpt2"),
    ("bert", "roberta"),
    ("vit", "clip"),
    ("t5", "bart"),
    ("llama", "mistral"),
    ("llama", "qwen3"),
    ("mamba", "llama"),
)
"""The pairs that readers ask for: of many families these get a page, where both are there."""


@dataclass(frozen=True)
class BuildOptions:
    """What the user asked `hfreader build` for.

    models   the families; none named: all of them.
    compare  the pairs of families that get a page side by side; None: every pair where there are few families.
    jobs     how many processes work at a time; None: one for each processor.
    static   run no model: pages show what ran in earlier builds, if anything.
    languages  the first at the root of `out`, each other in a folder of its own within it.
    """

    models: tuple[str, ...]
    repository: str | None
    ref: str | None
    out: Path
    offline: bool
    compare: tuple[tuple[str, str], ...] | None = None
    languages: tuple[str, ...] = (ENGLISH,)
    jobs: int | None = None
    static: bool = False

    def words(self) -> tuple[str, ...]:
        """These options as the command line has them, without the folder."""
        given = {
            "--models": ",".join(self.models),
            "--repo": self.repository,
            "--ref": self.ref,
            "--lang": ",".join(self.languages),
            "--jobs": self.jobs and str(self.jobs),
        }
        pairs = [word for name, value in given.items() if value for word in (name, value)]
        pairs += [word for pair in self.compare or () for word in ("--compare", ",".join(pair))]
        flags = {"--offline": self.offline, "--static": self.static}
        return (*pairs, *(name for name, set_so in flags.items() if set_so))


def build_site(options: BuildOptions, report: Report) -> BuildResult:
    """Build the site of the chosen families into `options.out`; HfreaderError for what the user can mend."""
    check_output(options.out)
    book, shelf = gather(options, report)
    fragments = cache_folder() / "fragments"
    with FileLock(cache_folder() / "pages.lock"):
        jobs, partial = options.jobs or processors(), bool(options.models)
        manifest = write_fragments(
            book, shelf, fragments, report, languages=options.languages, jobs=jobs, partial=partial
        )
        report("site", str(options.out))
        prose = replace_site(options.out, lambda folder: run_mkdocs(site_config(), fragments, folder), options.words())
    counts = tuple(totals(chapter) for chapter in book.chapters)
    problems = [problem for chapter in book.chapters for problem in problems_of(chapter)]
    problems += [*(problem for one in book.comparisons for problem in one.problems), *prose]
    problems += [Problem("pages", record.page, record.problem) for record in manifest.pages if record.problem]
    return BuildResult(book.snapshot, str(options.out), counts, tuple(problems))


def site_config() -> Path:
    """hfreader's own `mkdocs.yml`: in the project, or where the wheel carries it with its `docs`."""
    carried = PACKAGE / "book" / "mkdocs.yml"
    return carried if carried.is_file() else PACKAGE.parent / "mkdocs.yml"


def gather(options: BuildOptions, report: Report) -> tuple[Book, StoreShelf]:
    """Source, analysis, runs and proofs of the chosen families in outline, computed or remembered; and where their
    facts are."""
    snapshot = obtain(options.repository, options.ref, offline=options.offline, report=report)
    library = Library(snapshot)
    families = library.known(options.models) or library.families()
    pairs = pairs_of(families, options.compare)
    sources = Sources(snapshot)
    files: dict[str, list[str]] = defaultdict(list)
    for file in modeling_files_of(snapshot):
        files[file.split("/")[1]].append(file)
    surveys = surveys_of(snapshot, sources, [file for name in families for file in files[name]], report, options.jobs)
    shared = sorted({file for one in surveys.values() for file in one.shared})
    surveys |= surveys_of(snapshot, sources, shared, report, options.jobs)
    own = {name: tuple(surveys[file] for file in files[name]) for name in families}
    runs = _runs(snapshot, Reach(sources, own, surveys), options, report)
    chapters = [Chapter(name, parts, runs.get(name)) for name, parts in own.items()]
    summaries = [run for chapter in chapters if (run := chapter.run) is not None]
    chapters += [found for file in shared if (found := shared_chapter(surveys[file], summaries)) is not None]
    compared = tuple(comparison_of(library, sources, *pair, report) for pair in pairs)
    return Book(snapshot, tuple(chapters), compared), _shelf(sources, chapters, summaries)


def pairs_of(families: Sequence[str], wanted: Sequence[tuple[str, str]] | None) -> tuple[tuple[str, str], ...]:
    """The pairs that get a page; HfreaderError for one that the build does not hold."""
    if wanted is None:
        few = len(families) <= MOST_COMPARED
        return tuple(combinations(families, 2)) if few else tuple(pair for pair in ASKED_FOR if {*pair} <= {*families})
    for name in {name for pair in wanted for name in pair}:
        if name not in families:
            raise HfreaderError(f"--compare names {name}, which is not built: add it to --models")
    return tuple(dict.fromkeys(wanted))


def comparison_of(library: Library, sources: Sources, left: str, right: str, report: Report) -> Comparison:
    """Two families side by side; where they cannot be compared, a comparison of nothing but the reason."""
    try:
        return compare(library, sources, left, right, report)
    except (HfreaderError, *UNFORESEEN) as error:
        problem = Problem("analyzers", f"{left} and {right}", reason(error))
        return Comparison(left, right, left, right, (), (), (), (), (problem,))


def _shelf(sources: Sources, chapters: Sequence[Chapter], runs: Sequence[RunSummary]) -> StoreShelf:
    parts = [part for chapter in chapters for part in chapter.files]
    return StoreShelf(
        {chapter.name: _kept(chapter, runs) for chapter in chapters},
        {part.file: analysis_key(sources, part.file) for part in parts},
        {part.file: part.problems for part in parts if part.problems},
    )


def _kept(chapter: Chapter, runs: Sequence[RunSummary]) -> Kept:
    files = tuple(part.file for part in chapter.files)
    if chapter.shared:
        shown = reaching(files[0], runs)
        return Kept(files, tuple(run.stored for run in shown), True, chapter.run.proofs if chapter.run else ())
    return Kept(files, (chapter.run.stored,) if chapter.run else ())


def _runs(snapshot: Snapshot, reach: Reach, options: BuildOptions, report: Report) -> dict[str, RunSummary]:
    """What runs and proofs showed, by family; only what is not remembered starts a worker. That a process died is no
    lasting fact about its family, which is tried again the next time."""
    runs = {family: known for family in reach.own if (known := reach.remembered(family)) is not None}
    missing = [] if options.static else [name for name in reach.own if name not in runs or runs[name].died]
    if not missing:
        return runs
    requests = [reach.request(name) for name in missing]
    for run in run_families(requests, snapshot, LIMITS, options.jobs or processors(), report):
        runs[run.family] = reach.remember(run)
    return runs


def totals(chapter: Chapter) -> FamilyTotals:
    """The counts of one chapter, as the last table of a build and the home page show them."""
    definitions = [one for part in chapter.files for one in part.definitions]
    states = [proof.state for one in definitions for proof in chapter.proofs(one)]
    mapping = census((one for part in chapter.files for one in part.classes), catalogue(), counts=lambda _: True)
    files = {part.file for part in chapter.files}
    reached = [one for one in chapter.run.reached if one.file in files] if chapter.run else []
    return FamilyTotals(
        family=chapter.name,
        classes=mapping.count("classes"),
        mapped=mapping.count("mapped"),
        matches=len(states),
        proven=states.count("proven"),
        disproven=states.count("disproven"),
        unchecked=states.count("matched"),
        settings=chapter.run.runs if chapter.run else 0,
        statements=sum(one.statements for one in reached),
        statements_ran=sum(one.executed for one in reached),
        problems=len(problems_of(chapter)),
    )


def problems_of(chapter: Chapter) -> tuple[Problem, ...]:
    """Everything that went wrong on a chapter, in the order of the stages."""
    found = [problem for part in chapter.files for problem in part.all_problems]
    return tuple(dict.fromkeys([*found, *(chapter.run.problems if chapter.run else ())]))
