"""What each class of the analysed files is mapped to, and what is mapped to nothing."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping

from hfreader.analyzers.library import is_modeling_file
from hfreader.concepts.model import Concept
from hfreader.facts.analysis import Analysis
from hfreader.facts.code import ClassFacts
from hfreader.facts.mapping import Census, ClassMapping


def census(
    analyses: Iterable[Analysis], concepts: Mapping[str, Concept], counts: Callable[[str], bool] = is_modeling_file
) -> Census:
    """The mapping of every class of the files among `analyses` that `counts` names: by default the modeling files.

    The analyses of shared files (`modeling_layers.py`), where given, are what classes inherit from and are not counted.
    """
    known = _Known(tuple(analyses))
    counted = [
        (part.code.file, facts) for part in known.analyses if counts(part.code.file) for facts in part.code.classes
    ]
    return Census(tuple(_mapping(known, concepts, file, facts) for file, facts in counted))


class _Known:
    """What the analyses found, by class."""

    def __init__(self, analyses: tuple[Analysis, ...]) -> None:
        self.analyses = analyses
        self.facts = {one.qualified: one for part in analyses for one in part.code.classes}
        self.computing = {one.owner for part in analyses for one in part.computing}
        self.problems = {one.subject: one.reason for part in analyses for one in part.problems}
        self.matched: dict[str, dict[str, None]] = defaultdict(dict)
        self.roles: dict[str, dict[str, None]] = defaultdict(dict)
        for part in analyses:
            for match in part.matches:
                self.matched[match.owner][match.concept] = None
            for role in part.roles:
                self.roles[role.owner][role.concept] = None

    def of(self, owner: str) -> tuple[str, ...]:
        """The concepts found in a class itself."""
        return (*self.matched[owner], *self.roles[owner])

    def lends(self, facts: ClassFacts) -> str | None:
        """The class whose forward a class inherits; without any, the nearest base in which something was found."""
        ancestors = self._ancestors(facts)
        with_forward = [base for base in ancestors if _defines_forward(self.facts[base])]
        return next((base for base in with_forward or ancestors if self.of(base)), None)

    def _ancestors(self, facts: ClassFacts) -> list[str]:
        """The bases of a class, nearest first, as far as they were analysed; safe where bases go round."""
        order: list[str] = []
        waiting = list(facts.bases)
        for base in waiting:
            if base not in order and base != facts.qualified and base in self.facts:
                order.append(base)
                waiting += self.facts[base].bases
        return order


def _defines_forward(facts: ClassFacts) -> bool:
    return any(method.name == "forward" for method in facts.methods)


def _mapping(known: _Known, concepts: Mapping[str, Concept], file: str, facts: ClassFacts) -> ClassMapping:
    own = known.of(facts.qualified)
    lender = None if own or _defines_forward(facts) else known.lends(facts)
    inherited = known.of(lender) if lender is not None else ()
    computes = not known.computing.isdisjoint({facts.qualified, lender})
    mapped = tuple(dict.fromkeys((*own, *inherited)))
    return ClassMapping(
        owner=facts.qualified,
        file=file,
        kind=facts.kind,
        matched=tuple(known.matched[facts.qualified]),
        roles=tuple(known.roles[facts.qualified]),
        inherited=inherited,
        ancestor=lender,
        computes=computes,
        equation=any(slug in concepts and concepts[slug].reference is not None for slug in mapped),
        reason=None if mapped else known.problems.get(facts.qualified) or _reason(computes),
    )


def _reason(computes: bool) -> str:
    if computes:
        return "its operations fit no equation of the catalogue"
    return "it computes nothing itself, and what it composes fits no role of the catalogue"
