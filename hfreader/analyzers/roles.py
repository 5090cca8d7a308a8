"""Which roles the classes of a file play, told from what they are and from the concepts of what they call."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from functools import partial

from hfreader.analyzers.dataflow import dataflow
from hfreader.analyzers.library import Library
from hfreader.analyzers.matching import Matcher
from hfreader.analyzers.roles_calls import ChildCall, Composition, composition
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

    def __init__(self, library: Library, concepts: Mapping[str, Concept]) -> None:
        self._library = library
        self._concepts = concepts
        self._compositions: dict[str, list[Composition]] = {}
        self._matched: dict[str, dict[str, None]] = {}
        self._known: dict[str, tuple[str, ...]] = {}

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
        return tuple(Role(slug, facts.qualified, place, parts, wiring) for slug in self._slugs(facts, made))

    def concepts_of(self, qualified: str) -> tuple[str, ...]:
        """Everything that a class implements or is, its own before what it inherits; empty for what is not known."""
        qualified = self._library.definition(qualified)
        if qualified not in self._known:
            self._known[qualified] = ()  # a class that contains itself adds nothing to what it is
            self._known[qualified] = tuple(dict.fromkeys(self._look(qualified)))
        return self._known[qualified]

    def _look(self, qualified: str) -> list[str]:
        found = None if qualified.startswith("torch.") else self._library.find_class(qualified)
        if found is None:
            return []
        facts = found[1]
        if facts.qualified not in self._compositions and facts.kind in ("module", "model"):
            self._read(facts.qualified)
        own = [*self._matched.get(facts.qualified, ()), *self._slugs(facts, self._compositions[facts.qualified])]
        if own:
            return own
        inherited = (self.concepts_of(base) for base in self._library.ancestors(facts.qualified)[1:])
        return list(next(filter(None, inherited), ()))

    def _read(self, qualified: str) -> None:
        """Look at a class of another file."""
        self._compositions.setdefault(qualified, [])
        if self._library.method(qualified, "forward") is None:
            return
        try:
            matcher = Matcher(dataflow(self._library, qualified), self._concepts)
            self.add(composition(matcher.flow), matcher.matches())
        except (HfreaderError, RecursionError, AssertionError, LookupError, TypeError, ValueError):
            return  # the analysis of its own file says what is wrong with it

    def _slugs(self, facts: ClassFacts, made: list[Composition]) -> tuple[str, ...]:
        """The concepts whose class patterns fit, and those compositions whose equation was found."""
        if not made and facts.kind in ("module", "model") and self._has(facts.qualified, "forward"):
            return ()  # it has its forward, and with it its roles, from another file
        matched = self._matched.get(facts.qualified, {})
        subject = Subject(
            facts,
            self._library.ancestors(facts.qualified),
            partial(self._has, facts.qualified),
            frozenset(matched),
            tuple(made),
            self._concepts_of_call,
        )
        composed = [slug for slug in matched if self._concepts[slug].kind == "composition"]
        fitting = [
            slug
            for slug, concept in self._concepts.items()
            if any(fits(pattern, subject) for pattern in concept.class_patterns)
        ]
        return tuple(dict.fromkeys((*composed, *fitting)))

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
