"""What every class of the library is mapped to: all modeling files analysed, and one compact record of the result."""

from collections import defaultdict
from collections.abc import Iterable

from hfreader.analyses import analyses_of, code_digest, snapshot_digest
from hfreader.analyzers.library import Library, modeling_files_of
from hfreader.errors import HfreaderError
from hfreader.facts.analysis import Analysis
from hfreader.facts.matches import Match
from hfreader.facts.places import Place
from hfreader.facts.problems import Problem
from hfreader.facts.snapshot import Snapshot
from hfreader.facts.survey import Found, Survey, Surveyed
from hfreader.progress import Report
from hfreader.store import digest, recall, remember


def survey(snapshot: Snapshot, report: Report, jobs: int | None = None) -> Survey:
    """Every class and function of the modeling files of a snapshot, analysed or remembered.

    `jobs` is the number of processes (as many as there are cores by default). Files that cannot be read and classes
    that cannot be analysed are problems of the survey.
    """
    source = snapshot_digest(snapshot)
    found = known_survey(source)
    if found is None:
        found = _survey(snapshot, source, report)
        remember("surveys", _key(source), found)
    return found


def known_survey(source: str) -> Survey | None:
    """The survey of a source (its digest) where one was made before with the present code."""
    return recall("surveys", _key(source), Survey)


def _key(source: str) -> str:
    return digest(source, code_digest("facts", "concepts", "analyzers"))


def _survey(snapshot: Snapshot, source: str, report: Report) -> Survey:
    library = Library(snapshot)
    classes: list[Surveyed] = []
    functions: list[Surveyed] = []
    problems: list[Problem] = []
    for file in modeling_files_of(snapshot):
        try:
            analysis = analyses_of(library, source, [file], report)[file]
            own_classes, own_functions = surveyed(analysis)
        except HfreaderError as error:
            problems.append(Problem("analyzers", file, str(error)))
            continue
        classes += own_classes
        functions += own_functions
    return Survey(source, tuple(classes), tuple(functions), tuple(problems))


def surveyed(analysis: Analysis) -> tuple[list[Surveyed], list[Surveyed]]:
    """The classes and the functions of one file."""
    code = analysis.code
    roles = _roles_by_owner(analysis)
    matches, problems = _by_owner(analysis.matches), defaultdict[str, list[Problem]](list)
    for problem in analysis.problems:
        problems[problem.subject].append(problem)
    classes = [
        Surveyed(
            one.qualified,
            code.file,
            one.kind,
            Place(code.file, one.span),
            one.name_span.line,
            tuple(matches[one.qualified]),
            tuple(roles[one.qualified]),
            one.bases,
            code.generated_from,
            one.copied_from,
            analysis.bodies.get(one.qualified, ""),
            tuple(problems[one.qualified]),
        )
        for one in code.classes
    ]
    functions = [
        Surveyed(
            f"{code.module}.{one.name}",
            code.file,
            "function",
            Place(code.file, one.span),
            one.name_span.line,
            tuple(matches[f"{code.module}.{one.name}"]),
            (),
            (),
            code.generated_from,
            one.copied_from,
            analysis.bodies.get(f"{code.module}.{one.name}", ""),
            tuple(problems[f"{code.module}.{one.name}"]),
        )
        for one in code.functions
    ]
    return classes, functions


def _roles_by_owner(analysis: Analysis) -> defaultdict[str, list[str]]:
    found: defaultdict[str, list[str]] = defaultdict(list)
    for role in analysis.roles:
        found[role.owner].append(role.concept)
    return found


def _by_owner(matches: Iterable[Match]) -> defaultdict[str, list[Found]]:
    found: defaultdict[str, list[Found]] = defaultdict(list)
    for match in matches:
        found[match.owner].append(Found(match.concept, match.place, match.guards))
    return found
