"""What every class of the library is mapped to: files analysed, and one compact record of each."""

from collections.abc import Sequence

from hfreader.alive import hide
from hfreader.analyses import Analyser, analysis_key, library_key
from hfreader.analyzers.analysis import UNFORESEEN, reason
from hfreader.analyzers.library import Library, modeling_files_of
from hfreader.analyzers.parsing import collection_paused
from hfreader.analyzers.surveying import surveyed
from hfreader.errors import HfreaderError
from hfreader.facts.problems import Problem
from hfreader.facts.snapshot import Snapshot
from hfreader.facts.survey import FileSurvey, Survey
from hfreader.jobs import processors, spread
from hfreader.progress import Report
from hfreader.sources import Sources
from hfreader.store import recall, remember

# Files of one task: enough to be worth a message, few enough to keep all processes busy to the end.
PART = 6


def survey(snapshot: Snapshot, report: Report, jobs: int | None = None) -> Survey:
    """Every class and function of the modeling files of a snapshot, analysed or remembered.

    `jobs` is the number of processes (as many as there are cores by default). Files that cannot be read and classes
    that cannot be analysed are problems of the survey.
    """
    sources = Sources(snapshot)
    found = known_survey(sources.whole)
    if found is None:
        files = modeling_files_of(snapshot)
        parts = surveys_of(snapshot, sources, files, report, jobs).values()
        found = Survey(
            sources.whole,
            tuple(one for part in parts for one in part.classes),
            tuple(one for part in parts for one in part.functions),
            tuple(problem for part in parts for problem in part.problems),
        )
        remember("surveys", library_key(sources.whole), found)
    return found


def known_survey(source: str) -> Survey | None:
    """The survey of a source (its digest) where one was made before with the present code."""
    return recall("surveys", library_key(source), Survey)


def surveys_of(
    snapshot: Snapshot, sources: Sources, files: Sequence[str], report: Report, jobs: int | None = None
) -> dict[str, FileSurvey]:
    """The surveys of some files, by file in the order given; `sources` are those of the snapshot. What is not
    remembered is analysed by `jobs` processes, which leave the analyses in the store."""
    known = {file: recall("surveyed", analysis_key(sources, file), FileSurvey) for file in files}
    done = {file: one for file, one in known.items() if one is not None}
    missing = [file for file in files if file not in done]
    report("analysis", f"{len(done)} of {len(files)} known", len(done), len(files))
    parts = [missing[start : start + PART] for start in range(0, len(missing), PART)]
    # The largest first, so that no process waits long for the last one.
    parts.sort(key=lambda part: -sum(snapshot.path(file).lstat().st_size for file in part))
    for part in spread(survey_files, parts, jobs or processors(), begin, (snapshot, sources)):
        done |= part
        report("analysis", next(reversed(part)), len(done), len(files))
    return {file: done[file] for file in files}


class _Worker:
    """What a process keeps from one file to the next: what it knows of the library, and what is shared."""

    analyser: Analyser


def begin(snapshot: Snapshot, sources: Sources) -> None:
    """Make a process ready to survey files of a snapshot."""
    _Worker.analyser = Analyser(Library(snapshot), sources)


def survey_files(files: Sequence[str]) -> dict[str, FileSurvey]:
    """Survey some files, whose analyses are kept in the cache, and give up their trees."""
    with collection_paused():
        found = {file: _survey_file(_Worker.analyser, file) for file in files}
        # What is left now is kept to the end: no collection need ever walk it.
        hide()
    return found


def _survey_file(analyser: Analyser, file: str) -> FileSurvey:
    try:
        library = analyser.library
        found = surveyed(analyser.analysis(file), lambda each: library.tree(each).source, library.shared_files(file))
        remember("surveyed", analysis_key(analyser.sources, file), found)
        return found
    except HfreaderError as error:
        return FileSurvey(file, problems=(Problem("analyzers", file, str(error)),))
    except UNFORESEEN as error:
        return FileSurvey(file, problems=(Problem("analyzers", file, reason(error)),))
    finally:
        analyser.library.forget(file)
