"""The page of two families side by side: configurations and shapes first, then the classes by what they do."""

from collections.abc import Sequence
from dataclasses import dataclass

from hfreader.facts.comparison import Change, Comparison, FieldPair, ParameterPair, PartPair, product
from hfreader.facts.phrases import Words
from hfreader.facts.places import Place
from hfreader.pages.book import Site, address, bare, compare_page_of
from hfreader.pages.comparisons import differing
from hfreader.pages.fragment import Fragment, SearchEntry
from hfreader.pages.language import gettext as _
from hfreader.pages.language import noted, plain
from hfreader.pages.rendering import fill

_HEADINGS = (
    ("traits", noted("At a glance")),
    ("config", noted("Configurations")),
    ("parameters", noted("Parameters")),
    ("classes", noted("Classes by role")),
    ("alone", noted("Without a counterpart")),
)


@dataclass(frozen=True)
class Side:
    """One of the two: the family, its model and where that is."""

    family: str
    model: str
    home: str | None


@dataclass(frozen=True)
class Cell:
    """A config field or the shape of a parameter in one of the families; None where it has none."""

    text: str | None
    own: str = ""
    numbers: str = ""


@dataclass(frozen=True)
class ChangeRow:
    """One change, with where it is written: what to call the line, and its address where it is on the site."""

    sign: str
    kind: str
    text: Words
    condition: str
    places: tuple[tuple[str, str | None], ...]


@dataclass(frozen=True)
class Pair:
    """Two classes of one role, or one alone: name, address and path in the model of each."""

    anchor: str
    role: Words
    state: str
    left: tuple[str, str | None, str] | None
    right: tuple[str, str | None, str] | None
    sentence: str
    changes: tuple[ChangeRow, ...]
    shared: int = 0


def compare_page(site: Site, found: Comparison) -> Fragment:
    """The fragment of a comparison."""
    page = compare_page_of(found.left, found.right)
    pairs = [_pair(site, page, number, one, told) for number, (one, told) in enumerate(found.told())]
    html = fill(
        "compare.html",
        left=_side(site, page, found.left, found.left_model),
        right=_side(site, page, found.right, found.right_model),
        snapshot=site.snapshot,
        traits=found.traits,
        fields=[(one.name, *_field(one)) for one in found.fields if not one.same],
        same_fields=[(one.name, *_field(one)) for one in found.fields if one.same],
        parameters=[_parameter(one) for one in found.parameters if not one.same],
        same_parameters=[_parameter(one) for one in found.parameters if one.same],
        pairs=[one for one in pairs if one.state != "identical"],
        identical=[one for one in pairs if one.state == "identical"],
        alone=[
            (family, [_pair(site, page, 0, one, ()) for one in parts])
            for family, parts in ((found.left, found.alone("left")), (found.right, found.alone("right")))
        ],
        problems=found.problems,
    )
    title = f"{found.left} {_('and')} {found.right}"
    contents = tuple((anchor, _(text)) for anchor, text in _HEADINGS if f'<h2 id="{anchor}">' in html)
    text = f"compare {found.right} {found.left} difference " + "; ".join(plain(one.subject) for one in differing(found))
    return Fragment(page, _("%s, side by side") % title, html, contents, (SearchEntry("", title, text),), label=title)


def _side(site: Site, page: str, family: str, model: str) -> Side:
    return Side(family, bare(model), _class_address(site, page, model))


def _class_address(site: Site, page: str, qualified: str) -> str | None:
    """Where a class stands on the site; None where its file has no page."""
    home = site.home(qualified)
    return address(home, page) if home is not None else None


def _field(one: FieldPair) -> tuple[Cell, Cell]:
    return _default(one.name, one.left, one.left_name), _default(one.name, one.right, one.right_name)


def _default(name: str, value: str | None, own: str | None) -> Cell:
    return Cell(value, own if own is not None and own != name else "")


def _parameter(one: ParameterPair) -> tuple[str | None, Cell, str | None, Cell]:
    return one.left_name, _shape(one.left, one.left_sizes), one.right_name, _shape(one.right, one.right_sizes)


def _shape(shape: Sequence[str] | None, sizes: Sequence[int | None] | None) -> Cell:
    if shape is None:
        return Cell(None)
    return Cell(", ".join(shape) or _("a number"), numbers=product(sizes))


def _pair(site: Site, page: str, number: int, one: PartPair, changes: Sequence[Change]) -> Pair:
    return Pair(
        f"part-{number}",
        one.role,
        one.state,
        _class(site, page, one.left, one.left_path),
        _class(site, page, one.right, one.right_path),
        one.difference.sentence if one.difference is not None else "",
        tuple(_row(site, page, change) for change in changes),
        one.difference.shared if one.difference is not None else 0,
    )


def _class(site: Site, page: str, owner: str | None, path: str | None) -> tuple[str, str | None, str] | None:
    return None if owner is None else (bare(owner), _class_address(site, page, owner), path or "")


def _row(site: Site, page: str, change: Change) -> ChangeRow:
    places = [_place(site, page, place) for place in (change.left, change.right) if place is not None]
    return ChangeRow(change.sign, change.kind, change.text, change.condition, tuple(places))


def _place(site: Site, page: str, place: Place) -> tuple[str, str | None]:
    """File and line, and the line on the site, else upstream; no address where neither is known."""
    name = f"{place.file.rpartition('/')[2].removeprefix('modeling_').removesuffix('.py')}:{place.span.line}"
    if (home := site.home(place.file)) is not None:
        return name, address(f"{home}#L{place.span.line}", page)
    return name, site.snapshot.link(place.file, place.span)
