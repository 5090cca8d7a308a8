"""What the pages are made from: one family with all its facts at a time, and of all the others an outline."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Protocol

from hfreader.facts.analysis import Analysis
from hfreader.facts.comparison import Comparison
from hfreader.facts.matches import Match, Proof
from hfreader.facts.phrases import phrase
from hfreader.facts.runs import FamilyRun, RunSummary
from hfreader.facts.snapshot import Snapshot
from hfreader.facts.survey import FileSurvey, Surveyed, by_body

UNRUN, UNREACHED = phrase("the family was not run"), phrase("the proof run did not reach it")
COMPARISONS = "compare/index"
# How many of the families with the same body each of them is told of.
MOST_ALIKE = 3


@dataclass(frozen=True)
class Family:
    """One folder of `transformers/models`: its modeling files and what ran (None: nothing could be run).

    shared  not a family: files that several families use, with the runs of some of these.
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
        return _proof(self.proofs, match.key, self.run is not None)


@dataclass(frozen=True)
class Chapter:
    """A family in outline, as the pages of others know it: no diagrams, bindings and traces."""

    name: str
    files: tuple[FileSurvey, ...]
    run: RunSummary | None = None
    shared: bool = False

    @cached_property
    def _proofs(self) -> dict[str, Proof]:
        return {proof.match: proof for proof in self.run.proofs} if self.run else {}

    def proof(self, key: str) -> Proof:
        """What is known of the match of this key, as in `Family.proof`."""
        return _proof(self._proofs, key, self.run is not None)

    def proofs(self, one: Surveyed, concept: str | None = None) -> list[Proof]:
        """The proofs of what was found in a class or function, or of one concept in it."""
        found = (match for match in one.matches if concept in (None, match.concept))
        return [self.proof(match.key(one.qualified)) for match in found]


def _proof(proofs: Mapping[str, Proof], key: str, ran: bool) -> Proof:
    return proofs.get(key) or Proof(key, "matched", reason=UNREACHED if ran else UNRUN)


class Shelf(Protocol):
    """Where the facts are kept until a page needs them."""

    def family(self, name: str) -> Family:
        """A chapter of the book with all its facts."""

    def analysis(self, file: str) -> Analysis:
        """The facts of a single file."""


@dataclass(frozen=True)
class Declared:
    """What the models of a file read, and the year of its copyright notice, as the file says."""

    modalities: tuple[str, ...]
    year: int | None


@dataclass
class Site:
    """What a page is told of the other pages.

    homes     where things are shown: the page of each file, page and anchor of each class and function by its qualified
              name, of classes in files that families share by their bare name as well. Under `alike_key`, for each body
              that several families have, how many and where the first of them are, its origin first.
    compared  the pairs of families that have a page side by side.
    declared  what each file says of itself.
    asked     every question so far with its answer: a page need not be rendered again while these stay the same.
    """

    snapshot: Snapshot
    homes: Mapping[str, str] = field(default_factory=dict)
    compared: tuple[tuple[str, str], ...] = ()
    declared: Mapping[str, Declared] = field(default_factory=dict)
    asked: dict[str, str | None] = field(default_factory=dict)

    def home(self, name: str) -> str | None:
        """The page (with its `#anchor`) on which a file or class is shown; None where it is on none."""
        self.asked[name] = found = self.homes.get(name)
        return found


@dataclass(frozen=True)
class Book:
    """The whole site in outline: one source snapshot, analysed, run and proven."""

    snapshot: Snapshot
    chapters: tuple[Chapter, ...]
    comparisons: tuple[Comparison, ...] = ()

    @cached_property
    def site(self) -> Site:
        """What pages are told of each other."""
        pairs = tuple((one.left, one.right) for one in self.comparisons)
        parts = (part for chapter in self.chapters for part in chapter.files)
        declared = {part.file: Declared(part.modalities, part.year) for part in parts}
        return Site(self.snapshot, dict(self._homes()), pairs, declared)

    @property
    def has_choice(self) -> bool:
        """Whether there are families to choose two of."""
        return sum(not chapter.shared for chapter in self.chapters) > 1

    def _homes(self) -> Iterator[tuple[str, str]]:
        if self.has_choice:
            yield COMPARISONS, COMPARISONS
        for chapter in self.chapters:
            for part in chapter.files:
                page = page_of(part.file)
                yield part.file, page
                for one in part.definitions:
                    yield one.qualified, f"{page}#{one.name}"
                    if chapter.shared and one.kind != "function":
                        yield one.name, f"{page}#{one.name}"
        yield from self._alike()

    def _alike(self) -> Iterator[tuple[str, str]]:
        pairs = [(chapter.name, one) for chapter in self.chapters for part in chapter.files for one in part.definitions]
        for group in by_body(pairs, lambda pair: pair[1]):
            homes = {name: f"{page_of(one.file)}#{one.name}" for name, one in reversed(group)}
            if len(homes) > 1 and group[0][1].body:
                first = list(dict.fromkeys(name for name, _ in group))[:MOST_ALIKE]
                yield alike_key(group[0][1].body), " ".join([str(len(homes)), *(homes[name] for name in first)])


def alike_key(body: str) -> str:
    """The name under which a site tells who has a body, as `Surveyed` gives it."""
    return f"body {body}"


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


def compare_page_of(left: str, right: str) -> str:
    """Where the page of two families side by side lies on the site, without suffix: `compare/bert-gpt2`."""
    return f"compare/{left}-{right}"


def address(target: str, origin: str) -> str:
    """Relative address from one page to another (both as `page_of` gives them, `target` with its `#fragment`)."""
    page, _, fragment = target.partition("#")
    anchor = f"#{fragment}" if fragment else ""
    if page == origin:
        return anchor or "#"
    return "../" * origin.count("/") + page + ".html" + anchor
