"""The facts of families as the store keeps them: taken out for one page at a time."""

from collections.abc import Mapping
from dataclasses import dataclass

from hfreader.facts.analysis import Analysis
from hfreader.facts.code import FileFacts
from hfreader.facts.matches import Proof
from hfreader.facts.problems import Problem
from hfreader.facts.runs import FamilyRun
from hfreader.facts.traces import Trace
from hfreader.pages.book import Family
from hfreader.store import recall


@dataclass(frozen=True)
class Kept:
    """Where a chapter's facts are: its files, and the keys of the runs that show them.

    proofs  of a file that families share: what all of these say of it.
    """

    files: tuple[str, ...]
    runs: tuple[str, ...]
    shared: bool = False
    proofs: tuple[Proof, ...] = ()


@dataclass(frozen=True)
class StoreShelf:
    """A `hfreader.pages.book.Shelf` over the store.

    analyses  the key of each file's analysis; `problems` say why there is none.
    """

    chapters: Mapping[str, Kept]
    analyses: Mapping[str, str]
    problems: Mapping[str, tuple[Problem, ...]]

    def family(self, name: str) -> Family:
        """A chapter with all its facts."""
        kept = self.chapters[name]
        analyses = tuple(self.analysis(file) for file in kept.files)
        runs = [run for key in kept.runs if (run := recall("runs", key, FamilyRun)) is not None]
        if not kept.shared:
            return Family(name, analyses, runs[0] if runs else None)
        traces = tuple(trace for run in runs for trace in run.traces if _reaches(trace, kept.files))
        return Family(name, analyses, FamilyRun(name, traces, kept.proofs) if runs else None, shared=True)

    def analysis(self, file: str) -> Analysis:
        """The analysis of a file; of one that could not be read an empty one, with the reason."""
        found = recall("analyses", self.analyses[file], Analysis)
        module = "transformers." + file.removesuffix(".py").replace("/", ".")
        return found or Analysis(FileFacts(file, module, ""), (), (), (), self.problems.get(file, ()))


def _reaches(trace: Trace, files: tuple[str, ...]) -> bool:
    return any(execution.file in files and execution.ran for execution in trace.executions)
