"""What every class of the library is mapped to: all modeling files analysed, and one compact record of the result."""

import gc
import multiprocessing
import multiprocessing.connection
import os
import threading
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass

from hfreader.analyses import Analyser, analysis_key, snapshot_digest
from hfreader.analyzers.analysis import UNFORESEEN, reason
from hfreader.analyzers.library import Library, modeling_files_of
from hfreader.analyzers.parsing import collection_paused
from hfreader.errors import HfreaderError
from hfreader.facts.analysis import Analysis
from hfreader.facts.matches import Match
from hfreader.facts.places import Place
from hfreader.facts.problems import Problem
from hfreader.facts.snapshot import Snapshot
from hfreader.facts.survey import Found, Survey, Surveyed
from hfreader.jobs import processors
from hfreader.progress import Report
from hfreader.store import recall, remember

# Files of one task: enough to be worth a message, few enough to keep all processes busy to the end.
PART = 6


@dataclass(frozen=True)
class FileSurvey:
    """The part of a survey that one file gives."""

    classes: tuple[Surveyed, ...] = ()
    functions: tuple[Surveyed, ...] = ()
    problems: tuple[Problem, ...] = ()


def survey(snapshot: Snapshot, report: Report, jobs: int | None = None) -> Survey:
    """Every class and function of the modeling files of a snapshot, analysed or remembered.

    `jobs` is the number of processes (as many as there are cores by default). Files that cannot be read and classes
    that cannot be analysed are problems of the survey.
    """
    source = snapshot_digest(snapshot)
    found = known_survey(source)
    if found is None:
        found = _survey(snapshot, source, report, jobs or processors())
        remember("surveys", analysis_key(source), found)
    return found


def known_survey(source: str) -> Survey | None:
    """The survey of a source (its digest) where one was made before with the present code."""
    return recall("surveys", analysis_key(source), Survey)


def _survey(snapshot: Snapshot, source: str, report: Report, jobs: int) -> Survey:
    files = modeling_files_of(snapshot)
    done: dict[str, FileSurvey] = {}
    for part in in_parts(snapshot, source, files, jobs):
        done |= part
        report("analysis", next(reversed(part)), len(done), len(files))
    ordered = [done[file] for file in files]
    return Survey(
        source,
        tuple(one for part in ordered for one in part.classes),
        tuple(one for part in ordered for one in part.functions),
        tuple(one for part in ordered for one in part.problems),
    )


def in_parts(snapshot: Snapshot, source: str, files: Sequence[str], jobs: int) -> Iterator[dict[str, FileSurvey]]:
    """The files surveyed a few at a time, by as many processes as there are jobs; in this process for a single one."""
    parts = [files[start : start + PART] for start in range(0, len(files), PART)]
    if jobs == 1 or len(parts) == 1:
        begin(snapshot, source)
        yield from map(survey_files, parts)
        return
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(min(jobs, len(parts)), context, initializer=begin, initargs=(snapshot, source)) as pool:
        for task in as_completed([pool.submit(survey_files, part) for part in parts]):
            yield task.result()


class _Worker:
    """What a process keeps from one file to the next: what it knows of the library, and what is shared."""

    analyser: Analyser


def begin(snapshot: Snapshot, source: str) -> None:
    """Make a process ready to survey files of a snapshot."""
    _Worker.analyser = Analyser(Library(snapshot), source)
    if (parent := multiprocessing.parent_process()) is not None:
        threading.Thread(target=_end_with, args=(parent.sentinel,), daemon=True).start()


def _end_with(sentinel: int) -> None:
    """End this process when the one that started it has ended, killed even: nobody waits for its results any more."""
    multiprocessing.connection.wait([sentinel])
    os._exit(1)


def survey_files(files: Sequence[str]) -> dict[str, FileSurvey]:
    """Survey some files, whose analyses are kept in the cache, and give up their trees."""
    with collection_paused():
        found = {file: _survey_file(_Worker.analyser, file) for file in files}
        # What is left now is kept to the end: no collection need ever walk it.
        gc.freeze()
    return found


def _survey_file(analyser: Analyser, file: str) -> FileSurvey:
    try:
        return surveyed(analyser.analysis(file))
    except HfreaderError as error:
        return FileSurvey(problems=(Problem("analyzers", file, str(error)),))
    except UNFORESEEN as error:
        return FileSurvey(problems=(Problem("analyzers", file, reason(error)),))
    finally:
        analyser.library.forget(file)


def surveyed(analysis: Analysis) -> FileSurvey:
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
    return FileSurvey(tuple(classes), tuple(functions))


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
