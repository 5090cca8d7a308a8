"""Analyses of files, computed or remembered."""

from collections.abc import Sequence
from functools import cache, partial
from pathlib import Path

from hfreader.analyzers.analysis import analyse
from hfreader.analyzers.examination import Examiner
from hfreader.analyzers.library import Library
from hfreader.concepts import added_folders
from hfreader.facts.analysis import Analysis
from hfreader.facts.snapshot import Snapshot
from hfreader.progress import Report
from hfreader.store import digest, digest_files, remembered

PACKAGE = Path(__file__).parent


def snapshot_digest(snapshot: Snapshot) -> str:
    """Identifies the source: its commit, or for the installed package names, sizes and times of its files."""
    if snapshot.commit is not None:
        return digest(snapshot.package, snapshot.commit)
    files = sorted(Path(snapshot.package).rglob("*.py"))
    states = (f"{file}:{state.st_size}:{state.st_mtime_ns}" for file in files for state in [file.stat()])
    return digest(snapshot.version, *states)


@cache
def code_digest(*rooms: str) -> str:
    """Identifies hfreader's own code in these rooms, and the concepts that other packages add."""
    files = [file for room in rooms for file in (PACKAGE / room).rglob("*.py")]
    added = [file for folder in added_folders() for file in folder.rglob("*.py")]
    return digest_files([*files, *added])


def analysis_key(source: str, *parts: str) -> str:
    """The cache key of something that the present analyzers say of a source (its digest)."""
    return digest(source, *parts, code_digest("facts", "concepts", "analyzers"))


class Analyser:
    """Analyses of the files of a library; `source` is the digest of its snapshot. Identical definitions are examined
    once, whichever files they are in."""

    def __init__(self, library: Library, source: str) -> None:
        self.library = library
        self.source = source
        self._examiner = Examiner(library)

    def analysis(self, file: str) -> Analysis:
        """The analysis of one file, computed or remembered; HfreaderError where the file cannot be read."""
        compute = partial(analyse, self.library, file, self._examiner)
        return remembered("analyses", analysis_key(self.source, file), Analysis, compute)


def analyses_of(library: Library, source: str, files: Sequence[str], report: Report) -> dict[str, Analysis]:
    """Analyses by file; `source` is the digest of the library's snapshot."""
    analyser = Analyser(library, source)
    made: dict[str, Analysis] = {}
    for done, file in enumerate(files, start=1):
        report("analysis", file, done, len(files))
        made[file] = analyser.analysis(file)
    return made
