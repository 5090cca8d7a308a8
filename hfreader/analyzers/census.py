"""What each class of the analysed files is mapped to, and what is mapped to nothing."""

from collections.abc import Callable, Iterable, Mapping

from hfreader.analyzers.library import is_modeling_file
from hfreader.concepts.model import Concept
from hfreader.facts.mapping import Census, ClassMapping
from hfreader.facts.survey import Surveyed


def census(
    classes: Iterable[Surveyed], concepts: Mapping[str, Concept], counts: Callable[[str], bool] = is_modeling_file
) -> Census:
    """The mapping of every class among `classes` whose file `counts` names: by default those of modeling files.

    The classes of shared files (`modeling_layers.py`), where given, are what others inherit from and are not counted.
    """
    known = {one.qualified: one for one in classes}
    return Census(tuple(_mapping(known, concepts, one) for one in known.values() if counts(one.file)))


def _found_in(one: Surveyed) -> tuple[str, ...]:
    """The concepts found in a class itself."""
    return (*dict.fromkeys(match.concept for match in one.matches), *one.roles)


def _lends(known: Mapping[str, Surveyed], one: Surveyed) -> Surveyed | None:
    """The class whose forward a class inherits; without any, the nearest base in which something was found."""
    ancestors = _ancestors(known, one)
    with_forward = [base for base in ancestors if base.forward]
    return next((base for base in with_forward or ancestors if _found_in(base)), None)


def _ancestors(known: Mapping[str, Surveyed], one: Surveyed) -> list[Surveyed]:
    """The bases of a class, nearest first, as far as they are known; safe where bases go round."""
    order: dict[str, Surveyed] = {}
    waiting = list(one.bases)
    for base in waiting:
        if base not in order and base != one.qualified and base in known:
            order[base] = known[base]
            waiting += known[base].bases
    return list(order.values())


def _mapping(known: Mapping[str, Surveyed], concepts: Mapping[str, Concept], one: Surveyed) -> ClassMapping:
    own = _found_in(one)
    lender = None if own or one.forward else _lends(known, one)
    inherited = _found_in(lender) if lender is not None else ()
    computes = one.computes or (lender is not None and lender.computes)
    mapped = tuple(dict.fromkeys((*own, *inherited)))
    return ClassMapping(
        owner=one.qualified,
        file=one.file,
        kind=one.kind,
        matched=tuple(dict.fromkeys(match.concept for match in one.matches)),
        roles=tuple(dict.fromkeys(one.roles)),
        inherited=inherited,
        ancestor=lender.qualified if lender is not None else None,
        computes=computes,
        equation=any(slug in concepts and concepts[slug].reference is not None for slug in mapped),
        reason=None if mapped else one.problems[-1].reason if one.problems else _reason(computes),
    )


def _reason(computes: bool) -> str:
    if computes:
        return "its operations fit no equation of the catalogue"
    return "it computes nothing itself, and what it composes fits no role of the catalogue"
