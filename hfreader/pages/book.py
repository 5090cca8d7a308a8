"""Everything the pages are made from, and the look-ups that several kinds of page need."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

from hfreader.facts.analysis import Analysis
from hfreader.facts.code import ClassFacts
from hfreader.facts.comparison import Comparison
from hfreader.facts.matches import Match, Proof
from hfreader.facts.runs import FamilyRun
from hfreader.facts.snapshot import Snapshot

UNRUN = "the family was not run"


@dataclass(frozen=True)
class Family:
    """One folder of `transformers/models`: its modeling files and what ran (None: nothing could be run).

    shared  not a family: files that several families use, with the runs of all of these.
    """

    name: str
    analyses: tuple[Analysis, ...]
    run: FamilyRun | None = None
    shared: bool = False

    @cached_property
    def proofs(self) -> dict[str, Proof]:
        """The proofs of the family by the key of their match."""
        return {proof.match: proof for proof in self.run.proofs} if self.run else {}

    def proof(self, match: Match) -> Proof:
        """What is known of a match: `matched`, with the reason, where the proof run says nothing."""
        reason = "the proof run did not reach it" if self.run else UNRUN
        return self.proofs.get(match.key) or Proof(match.key, "matched", reason=reason)


@dataclass(frozen=True)
class Book:
    """The input of the pages: one source snapshot, analysed, run and proven."""

    snapshot: Snapshot
    families: tuple[Family, ...]
    comparisons: tuple[Comparison, ...] = ()

    def matches(self) -> Iterator[tuple[Family, Analysis, Match]]:
        """Every match of the site, in the order of families, files and places."""
        for family in self.families:
            for analysis in family.analyses:
                for match in analysis.matches:
                    yield family, analysis, match

    def line(self, file: str, number: int) -> str:
        """One line of a file of the snapshot, counted from 1."""
        if file not in self._lines:
            self._lines[file] = tuple(self.snapshot.path(file).read_text(encoding="utf-8").split("\n"))
        return self._lines[file][number - 1]

    @cached_property
    def _lines(self) -> dict[str, tuple[str, ...]]:
        return {}

    @cached_property
    def files(self) -> frozenset[str]:
        """The modeling files that have a page."""
        return frozenset(analysis.code.file for family in self.families for analysis in family.analyses)

    @cached_property
    def classes(self) -> dict[str, tuple[str, ClassFacts]]:
        """File and facts of every class on the site, by qualified name."""
        return {
            item.qualified: (analysis.code.file, item)
            for family in self.families
            for analysis in family.analyses
            for item in analysis.code.classes
        }

    @cached_property
    def library(self) -> dict[str, str]:
        """The page and anchor of every class in a file that families share, by its bare name."""
        return {
            item.name: f"{page_of(analysis.code.file)}#{item.name}"
            for family in self.families
            if family.shared
            for analysis in family.analyses
            for item in analysis.code.classes
        }


def bare(qualified: str) -> str:
    """The last part of a dotted name."""
    return qualified.rpartition(".")[2]


def page_of(file: str) -> str:
    """Where the page of a source file lies on the site, without suffix: `models/bert`, `library/activations`."""
    folder, _, name = file.rpartition("/")
    stem = name.removesuffix(".py")
    return f"models/{stem.removeprefix('modeling_')}" if folder else f"library/{stem}"


def concept_page(slug: str) -> str:
    """Where the page of a concept lies on the site, without suffix: `concepts/layer-norm`."""
    return f"concepts/{slug}"


def compare_page_of(found: Comparison) -> str:
    """Where the page of a comparison lies on the site, without suffix: `compare/bert-gpt2`."""
    return f"compare/{found.left}-{found.right}"


def address(target: str, origin: str) -> str:
    """Relative address from one page to another (both as `page_of` gives them, `target` with its `#fragment`)."""
    page, _, fragment = target.partition("#")
    anchor = f"#{fragment}" if fragment else ""
    if page == origin:
        return anchor or "#"
    return "../" * origin.count("/") + page + ".html" + anchor
