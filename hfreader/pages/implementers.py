"""Who implements a concept, over the whole site."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

from hfreader.facts.matches import Proof
from hfreader.facts.survey import Surveyed, by_body
from hfreader.pages.book import Book, Chapter, page_of
from hfreader.pages.language import gettext as _
from hfreader.pages.language import noted

# In the order in which they are told.
STATES = ("disproven", "proven", "matched", "role")
WORDS = {
    "proven": noted("proven"),
    "disproven": noted("DISPROVEN"),
    "matched": noted("matched without proof"),
    "role": noted("by role"),
}
SIGNS = {"proven": "✓", "disproven": "✗", "matched": "≈", "role": "·"}


@dataclass(frozen=True)
class Implementer:
    """A class or function in which a concept was found, or which plays its role.

    definition  with nothing but this concept.
    proofs      of each of its matches; `shared` says that its chapter is a file that families share.
    """

    chapter: str
    definition: Surveyed
    proofs: tuple[Proof, ...]
    shared: bool = False

    @property
    def name(self) -> str:
        """The class; of functions many have the same name, so with its family (`bert: eager_attention_forward`)."""
        name = self.definition.name
        return f"{self.chapter}: {name}" if self.definition.kind == "function" else name

    @property
    def home(self) -> str:
        """Page and anchor of its block."""
        return f"{page_of(self.definition.file)}#{self.definition.name}"

    @property
    def line(self) -> str:
        """Page and anchor of the line that computes the result, where that is in its own file; else its block."""
        places = [match.place for match in self.definition.matches if match.place.file == self.definition.file]
        return f"{page_of(self.definition.file)}#L{places[0].span.line}" if places else self.home

    @cached_property
    def states(self) -> Counter[str]:
        """How many of its places are in which of the `STATES`."""
        states: list[str] = [proof.state for proof in self.proofs]
        return Counter(states or ["role"])


def implementers(book: Book) -> dict[str, list[Implementer]]:
    """Everything that implements each concept, by its slug, in the order of the book."""
    found: dict[str, list[Implementer]] = {}
    for chapter in book.chapters:
        for one in (one for part in chapter.files for one in part.definitions):
            for slug in concepts_of(one):
                found.setdefault(slug, []).append(_implementer(chapter, one, slug))
    return found


def concepts_of(one: Surveyed) -> tuple[str, ...]:
    """The concepts that were found in a class or function, and the roles that it plays."""
    return tuple(dict.fromkeys((*(match.concept for match in one.matches), *one.roles)))


def _implementer(chapter: Chapter, one: Surveyed, slug: str) -> Implementer:
    only = replace(
        one,
        matches=tuple(match for match in one.matches if match.concept == slug),
        played=tuple(role for role in one.played if role.concept == slug),
        bases=(),
        problems=(),
    )
    return Implementer(chapter.name, only, tuple(chapter.proofs(only)), chapter.shared)


def groups(found: Sequence[Implementer]) -> list[list[Implementer]]:
    """Those whose source is the same but for names together, as `by_body` orders them."""
    return by_body(found, lambda one: one.definition)


def totalled(found: Sequence[Implementer]) -> Counter[str]:
    """The states of all their places."""
    return sum((one.states for one in found), Counter())


def said(states: Mapping[str, int]) -> str:
    """States in words: `2 proven, 1 matched`."""
    return _(", ").join(f"{states[state]} {_(WORDS[state])}" for state in STATES if states.get(state))


def signs(states: Mapping[str, int]) -> str:
    """States in signs: `✓`, or where they differ `✓2 ≈1`."""
    if len(states) == 1:
        return SIGNS[next(iter(states))]
    return " ".join(f"{SIGNS[state]}{states[state]}" for state in STATES if states.get(state))


def without(book: Book, found: Sequence[Implementer]) -> Mapping[str, str]:
    """The families in which nobody implements a concept, each with the page of its first file."""
    having = {one.chapter for one in found}
    return {
        chapter.name: page_of(chapter.files[0].file)
        for chapter in book.chapters
        if not chapter.shared and chapter.name not in having
    }
