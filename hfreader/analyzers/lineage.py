"""Where a class comes from, and how it differs from its nearest relative."""

from collections.abc import Iterable, Sequence
from functools import cached_property

from hfreader.analyzers.difference import Differ
from hfreader.analyzers.library import Library
from hfreader.errors import HfreaderError
from hfreader.facts.code import ClassFacts, FileFacts
from hfreader.facts.lineage import Lineage, Relation
from hfreader.facts.places import Place
from hfreader.facts.survey import Survey, Surveyed, origin

MODELS = "transformers.models."
# Of how many classes with the same concepts the most alike is looked for.
CANDIDATES = 6


class Genealogy:
    """Answers for the classes of one library. Without a survey, what is identical or alike elsewhere is not known."""

    def __init__(self, library: Library, differ: Differ, survey: Survey | None = None) -> None:
        self.library, self.differ, self.survey = library, differ, survey

    def lineage(self, owner: str) -> Lineage:
        """Where the class `owner` (qualified) comes from; HfreaderError where there is no such class."""
        found = self.library.find_class(owner)
        if found is None:
            raise HfreaderError(f"{owner}: no such class in this transformers source")
        facts, one = found
        identical = self._identical(one.qualified)
        relations = self._relations(facts, one, identical)
        difference = None
        for relation in relations:
            difference = self.differ.difference(relation.relative, one.qualified)
            if difference is not None:
                break
        place = Place(facts.file, one.name_span)
        return Lineage(one.qualified, place, relations, tuple(other.qualified for other in identical), difference)

    def _relations(self, facts: FileFacts, one: ClassFacts, identical: Sequence[Surveyed]) -> tuple[Relation, ...]:
        found = [*self._modular(facts, one), *self._copied(one), *_inherited(one)]
        if not found and identical:
            found += [Relation("identical", origin(identical).qualified)]
        if not found and (alike := self._similar(one.qualified)) is not None:
            found += [Relation("similar", alike)]
        unique = {relation.relative: relation for relation in reversed(found) if relation.relative != one.qualified}
        return tuple(reversed(unique.values()))

    # What the source says

    def _modular(self, facts: FileFacts, one: ClassFacts) -> Iterable[Relation]:
        if facts.generated_from is None:
            return
        try:
            modular = self.library.file(facts.generated_from)
        except HfreaderError:
            return
        written = next((other for other in modular.classes if other.name == one.name), None)
        for base in written.bases if written is not None else ():
            if base.startswith(MODELS):
                # A base in the modular file itself is generated into the modeling file as well.
                relative = base.replace(f"{modular.module}.", f"{facts.module}.")
                yield Relation("modular", relative, f"class {one.name}({base.rpartition('.')[2]}) in {modular.file}")
        if written is None:
            yield from self._taken_along(modular, one)

    def _taken_along(self, modular: FileFacts, one: ClassFacts) -> Iterable[Relation]:
        """What the generator copies because an inherited class needs it: `MixtralDecoderLayer` with
        `MixtralModel(MistralModel)`, renamed as that is."""
        for other in modular.classes:
            for base in other.bases:
                mine, theirs = _prefixes(other.name, base.rpartition(".")[2])
                if not base.startswith(MODELS) or not mine or not one.name.startswith(mine):
                    continue
                relative = f"{base.rpartition('.')[0]}.{theirs}{one.name.removeprefix(mine)}"
                if self.library.find_class(relative) is not None:
                    said = f"comes with {other.name}({base.rpartition('.')[2]}) in {modular.file}"
                    yield Relation("modular", relative, said)
                    return

    def _copied(self, one: ClassFacts) -> Iterable[Relation]:
        if one.copied_from is None:
            return
        named = one.copied_from.split()[0]
        found = self.library.find_class(named)
        if found is not None:
            yield Relation("copied", found[1].qualified, f"Copied from {one.copied_from}")

    # What the library shows

    def _identical(self, owner: str) -> tuple[Surveyed, ...]:
        mine = self._surveyed.get(owner)
        if mine is None or not mine.body or self.survey is None:
            return ()
        return tuple(one for one in self.survey.classes if one.body == mine.body and one.qualified != owner)

    @cached_property
    def _surveyed(self) -> dict[str, Surveyed]:
        return {one.qualified: one for one in self.survey.classes} if self.survey is not None else {}

    def _similar(self, owner: str) -> str | None:
        """The class of another family that shares most operations with `owner`, of those with the same concepts."""
        mine = self._surveyed.get(owner)
        concepts = _concepts(mine)
        if mine is None or not concepts or self.survey is None:
            return None
        others = [one for one in self.survey.classes if one.file != mine.file and _concepts(one) == concepts]
        groups: dict[str, list[Surveyed]] = {}
        for other in others:
            groups.setdefault(other.body, []).append(other)
        largest = sorted(groups.values(), key=len, reverse=True)[:CANDIDATES]
        return max(
            (origin(group).qualified for group in largest), key=lambda one: self._share(one, owner), default=None
        )

    def _share(self, left: str, right: str) -> float:
        found = self.differ.difference(left, right)
        if found is None:
            return -1.0
        return found.shared / max(found.left_steps, found.right_steps, 1) - len(found.changes) / 1000


def _prefixes(name: str, base: str) -> tuple[str, str]:
    """What two names begin with before their common end: `Mixtral` and `Mistral` of `MixtralModel`, `MistralModel`."""
    end = 0
    while end < min(len(name), len(base)) and name[-1 - end] == base[-1 - end]:
        end += 1
    while end and not name[len(name) - end].isupper():
        end -= 1
    return name[: len(name) - end], base[: len(base) - end]


def _inherited(one: ClassFacts) -> Iterable[Relation]:
    for base in one.bases:
        if base.startswith(MODELS):
            yield Relation("inherits", base, f"class {one.name}({base.rpartition('.')[2]})")


def _concepts(one: Surveyed | None) -> frozenset[str]:
    return frozenset(match.concept for match in one.matches) if one is not None else frozenset()
