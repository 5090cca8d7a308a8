"""Families in memory, as a book and as the shelf that holds their facts."""

from dataclasses import dataclass
from functools import cached_property

from hfreader.analyzers.surveying import surveyed
from hfreader.facts.analysis import Analysis
from hfreader.facts.codec import to_json
from hfreader.facts.comparison import Comparison
from hfreader.facts.snapshot import Snapshot
from hfreader.pages.book import Book, Chapter, Family, Site
from hfreader.store import digest


@dataclass(frozen=True)
class Families:
    """A `Shelf`, and the `Book` and the `Site` that go with it."""

    snapshot: Snapshot
    families: tuple[Family, ...] = ()
    comparisons: tuple[Comparison, ...] = ()

    @cached_property
    def book(self) -> Book:
        return Book(self.snapshot, tuple(self._chapter(one) for one in self.families), self.comparisons)

    @property
    def site(self) -> Site:
        return self.book.site

    def family(self, name: str) -> Family:
        return next(one for one in self.families if one.name == name)

    def analysis(self, file: str) -> Analysis:
        return next(one for family in self.families for one in family.analyses if one.code.file == file)

    def _chapter(self, family: Family) -> Chapter:
        run = family.run.summary(content=digest(to_json(family.run))) if family.run else None
        parts = tuple(surveyed(one, self._read) for one in family.analyses)
        return Chapter(family.name, parts, run, family.shared)

    def _read(self, file: str) -> str:
        return self.snapshot.path(file).read_text(encoding="utf-8")
