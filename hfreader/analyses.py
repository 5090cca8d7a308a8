"""Analyses of files, computed or remembered."""

import re
from collections.abc import Iterable, Sequence
from functools import cache, partial
from pathlib import Path

from hfreader.analyzers.analysis import analyse
from hfreader.analyzers.examination import Examiner
from hfreader.analyzers.library import Library
from hfreader.concept_keys import matched_by
from hfreader.concepts import concept_folders
from hfreader.facts.analysis import Analysis
from hfreader.progress import Report
from hfreader.sources import Sources
from hfreader.store import digest, digest_files, remembered

PACKAGE = Path(__file__).parent
_RECORDS = re.compile(r"^from hfreader\.facts\.(\w+) import", re.MULTILINE)


@cache
def code_digest(*rooms: str) -> str:
    """Identifies hfreader's own code in these rooms, the records that it is written in, and the concepts that other
    packages add."""
    files = [file for room in rooms for file in (PACKAGE / room).rglob("*.py")]
    added = [file for folder in concept_folders()[1:] for file in folder.rglob("*.py")]
    return digest_files([*files, *records_of(files), *added])


def records_of(files: Iterable[Path]) -> set[Path]:
    """The modules of `hfreader.facts` that code uses, with those that these use."""
    found: set[Path] = set()
    left = list(files)
    while left:
        names = _RECORDS.findall(left.pop().read_text(encoding="utf-8"))
        further = {PACKAGE / "facts" / f"{name}.py" for name in names} - found
        found |= further
        left += further
    return found


def analysis_key(sources: Sources, file: str) -> str:
    """The cache key of what the present analyzers and patterns say of a file: it stays while the file and all that it
    builds upon do."""
    return digest(sources.of(file), file, _analysed_by())


def library_key(source: str, *parts: str) -> str:
    """The cache key of what they say of a whole source (its digest), or of what `parts` identify in it."""
    return digest(source, *parts, _analysed_by())


def _analysed_by() -> str:
    return digest(code_digest("analyzers"), matched_by())


class Analyser:
    """Analyses of the files of a library, whose files by content are `sources`. Identical definitions are examined
    once, whichever files they are in."""

    def __init__(self, library: Library, sources: Sources) -> None:
        self.library = library
        self.sources = sources
        self._examiner = Examiner(library)

    def analysis(self, file: str) -> Analysis:
        """The analysis of one file, computed or remembered; HfreaderError where the file cannot be read."""
        compute = partial(analyse, self.library, file, self._examiner)
        return remembered("analyses", analysis_key(self.sources, file), Analysis, compute)


def analyses_of(library: Library, sources: Sources, files: Sequence[str], report: Report) -> dict[str, Analysis]:
    """Analyses by file; `sources` are the files of the library by content."""
    analyser = Analyser(library, sources)
    made: dict[str, Analysis] = {}
    for done, file in enumerate(files, start=1):
        report("analysis", file, done, len(files))
        made[file] = analyser.analysis(file)
    return made
