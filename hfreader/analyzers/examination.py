"""One class or function looked at once: its equations, its diagram, what it composes. Identical ones share the look."""

from dataclasses import dataclass, replace

from hfreader.analyzers.dataflow import TO_MATCH, dataflow, dispatch_sites
from hfreader.analyzers.folding import fold
from hfreader.analyzers.identity import Closure, Identities
from hfreader.analyzers.library import Library
from hfreader.analyzers.matching import Matcher
from hfreader.analyzers.matching_needs import Needs
from hfreader.analyzers.roles_calls import Composition, composition
from hfreader.analyzers.transplant import Transplant
from hfreader.concepts import catalogue
from hfreader.facts.analysis import Diagram, DispatchSite
from hfreader.facts.matches import Binding, Match


@dataclass(frozen=True)
class Examined:
    """What a method or function is made of. The diagram, of a `forward` alone, shows every match."""

    matches: tuple[Match, ...]
    dispatches: tuple[DispatchSite, ...]
    composition: Composition
    diagram: Diagram | None


class Examiner:
    """Examines the methods and functions of a library; those that are identical but for names are examined once.

    looks  how many were examined, what is shared left out.
    """

    def __init__(self, library: Library) -> None:
        self.looks = 0
        self._library = library
        self._identities = Identities(library)
        self._needs = Needs(catalogue())
        self._known: dict[tuple[str, str, str], tuple[Closure, Examined]] = {}

    def examine(self, owner: str, function: str) -> Examined:
        """A method of a class, or a module-level function; HfreaderError where there is none."""
        closure = self._identities.closure(owner)
        if closure is None:
            return self._look(owner, function)
        key = (closure.digest, owner.removeprefix(closure.definitions[0].qualified), function)
        known = self._known.get(key)
        if known is not None:
            try:
                return carried(known[1], Transplant(known[0], closure))
            except LookupError:
                pass  # a place outside of what the two have in common: looked at on its own
        found = self._look(owner, function)
        if known is None:
            self._known[key] = closure, found
        return found

    def _look(self, owner: str, function: str) -> Examined:
        self.looks += 1
        graph = dataflow(self._library, owner, function, TO_MATCH)
        matcher = Matcher(graph, catalogue(), self._needs)
        found = matcher.matches()
        diagram = fold(graph, found) if function == "forward" else None
        return Examined(found, dispatch_sites(graph), composition(matcher.flow), diagram)

    def body(self, qualified: str) -> str | None:
        """The same for all definitions that are identical, together with what they lead to; None for no definition."""
        closure = self._identities.closure(qualified)
        return None if closure is None else closure.digest + qualified.removeprefix(closure.definitions[0].qualified)


def carried(examined: Examined, transplant: Transplant) -> Examined:
    """The same of an identical definition, in the order of its own places."""
    found: Examined = transplant.record(examined)
    matches = (replace(one, bindings=tuple(_sorted(binding) for binding in one.bindings)) for one in found.matches)
    return replace(found, matches=tuple(sorted(matches, key=lambda match: (match.place, match.concept))))


def _sorted(binding: Binding) -> Binding:
    return Binding(binding.symbol, tuple(sorted(binding.tokens)))
