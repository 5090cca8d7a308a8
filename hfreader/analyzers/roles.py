"""Which roles the classes of a file play, told from what they are and from the concepts of what they call."""

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import replace
from functools import partial

from hfreader.analyzers.examination import Examiner
from hfreader.analyzers.library import Library
from hfreader.analyzers.roles_calls import ChildCall, Composition
from hfreader.analyzers.roles_match import Subject, fits
from hfreader.concepts.model import Concept
from hfreader.errors import HfreaderError
from hfreader.facts.code import ClassFacts
from hfreader.facts.mapping import Part, Role
from hfreader.facts.matches import Match
from hfreader.facts.places import Place


class Roles:
    """The roles of classes. `add` what is known of the methods of a file first; classes of other files are looked at
    when a class asks for them."""

    def __init__(self, library: Library, concepts: Mapping[str, Concept], examiner: Examiner) -> None:
        self._examiner = examiner
        self._library = library
        self._concepts = concepts
        self._compositions: dict[str, list[Composition]] = {}
        self._matched: dict[str, dict[str, None]] = {}
        self._known: dict[str, tuple[str, ...]] = {}
        self._roles: dict[str, tuple[str, ...]] = {}
        self._rest = {slug for slug, one in concepts.items() if one.otherwise}

    def add(self, made: Composition, matches: Iterable[Match]) -> None:
        """Remember what a method of a class composes, and the concepts whose equations are in it."""
        self._compositions.setdefault(made.owner, []).append(made)
        self._matched.setdefault(made.owner, {}).update(dict.fromkeys(match.concept for match in matches))

    def of(self, facts: ClassFacts, file: str) -> tuple[Role, ...]:
        """The roles that a class plays."""
        made = self._compositions.get(facts.qualified, [])
        place = made[0].place if made else Place(file, facts.name_span)
        parts = self._parts([call for one in made for call in one.calls])
        wiring = "; ".join(one.wiring for one in made if one.wiring) or None
        return tuple(Role(slug, facts.qualified, place, parts, wiring) for slug in self._slugs(facts.qualified))

    def keeps(self, match: Match) -> bool:
        """Whether a match counts: that of a concept with class patterns does in a class that plays the role."""
        return not self._concepts[match.concept].class_patterns or match.concept in self._slugs(match.owner)

    def concepts_of(self, qualified: str) -> tuple[str, ...]:
        """Everything that a class implements or is, its own before what it inherits; empty for what is not known."""
        qualified = self._library.definition(qualified)
        if qualified not in self._known:
            self._known[qualified] = ()  # a class that contains itself adds nothing to what it is
            self._known[qualified] = tuple(dict.fromkeys(self._look(qualified)))
        return self._known[qualified]

    def _look(self, qualified: str) -> Iterable[str]:
        if self._facts(qualified) is None:
            return ()
        slugs = self._slugs(qualified)
        patterns = {slug: self._concepts[slug].class_patterns for slug in self._matched.get(qualified, ())}
        own = (*(slug for slug, needed in patterns.items() if not needed), *slugs)
        inherited = (self.concepts_of(base) for base in self._library.ancestors(qualified)[1:] if not own)
        return own or next(filter(None, inherited), ())

    def _facts(self, qualified: str) -> ClassFacts | None:
        found = None if qualified.startswith("torch.") else self._library.find_class(qualified)
        return None if found is None else found[1]

    def _read(self, qualified: str) -> None:
        """Look at a class of another file."""
        self._compositions.setdefault(qualified, [])
        if self._library.method(qualified, "forward") is None:
            return
        try:
            found = self._examiner.examine(qualified, "forward")
            self.add(found.composition, found.matches)
        except (HfreaderError, RecursionError, AssertionError, LookupError, TypeError, ValueError):
            return  # the analysis of its own file says what is wrong with it

    def _slugs(self, qualified: str) -> tuple[str, ...]:
        """The concepts whose class patterns fit, and those compositions whose equation was found."""
        if qualified not in self._roles:
            self._roles[qualified] = ()
            subject = self._subject(qualified)
            self._roles[qualified] = () if subject is None else self._fitting(subject)
        return self._roles[qualified]

    def _fitting(self, subject: Subject) -> tuple[str, ...]:
        has_forward = subject.facts.kind in ("module", "model") and subject.has("forward")
        if has_forward and not subject.compositions:
            return ()  # it has its forward, and with it its roles, from another file
        found = [slug for slug in sorted(subject.matched) if self._is_composition(slug)]
        found += self._fit(set(self._concepts) - self._rest, subject)
        if found:
            return tuple(dict.fromkeys(found))
        left = tuple(self._fit(self._rest, subject))
        return tuple(slug for slug in left if self._concepts[slug].reference is not None) or left

    def _fit(self, slugs: Collection[str], subject: Subject) -> Iterator[str]:
        for slug, concept in self._concepts.items():
            if slug in slugs and any(fits(pattern, subject) for pattern in concept.class_patterns):
                yield slug

    def _is_composition(self, slug: str) -> bool:
        return self._concepts[slug].kind == "composition" and not self._concepts[slug].class_patterns

    def _subject(self, qualified: str) -> Subject | None:
        facts = self._facts(qualified)
        if facts is None:
            return None
        if qualified not in self._compositions and facts.kind in ("module", "model"):
            self._read(qualified)
        return Subject(
            facts,
            self._library.ancestors(qualified),
            partial(self._has, qualified),
            tuple(self._compositions.get(qualified, ())),
            frozenset(self._matched.get(qualified, ())),
            self._concepts_of_call,
            self._children,
        )

    def _children(self, call: ChildCall) -> list[Subject]:
        found = (self._subject(self._library.definition(name)) for name in call.classes)
        return [one for one in found if one is not None]

    def _has(self, qualified: str, method: str) -> bool:
        found = self._library.method(qualified, method)
        return found is not None and not found[0].startswith("transformers.modeling_utils.")

    def _concepts_of_call(self, call: ChildCall) -> frozenset[str]:
        return frozenset(slug for name in call.classes for slug in self.concepts_of(name))

    def _parts(self, calls: Iterable[ChildCall]) -> tuple[Part, ...]:
        """The parts by what is called, in the order of the first calls."""
        parts: dict[tuple[str, tuple[str, ...]], Part] = {}
        for call in calls:
            concepts = tuple(dict.fromkeys(slug for name in call.classes for slug in self.concepts_of(name)))
            part = Part(call.attribute, call.classes, concepts, call.place, call.repeated)
            known = parts.setdefault((call.attribute, call.classes), part)
            if call.repeated and not known.repeated:
                parts[call.attribute, call.classes] = replace(known, repeated=True)
        return tuple(parts.values())
