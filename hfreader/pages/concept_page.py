"""The page of a concept: what it says, its equations, its executable reference, and every place that implements it."""

import inspect
import re
import textwrap
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from markupsafe import Markup

from hfreader.concepts import catalogue
from hfreader.concepts.equations import symbols_in
from hfreader.concepts.model import Concept
from hfreader.facts.matches import Proof
from hfreader.facts.survey import Found
from hfreader.pages import equations
from hfreader.pages.absent import absences
from hfreader.pages.book import Shelf, Site, address, concept_page, page_of
from hfreader.pages.cards import citation_html, proof_badge
from hfreader.pages.concept_body import Body, body
from hfreader.pages.fragment import Fragment, SearchEntry
from hfreader.pages.highlight import Mark, Stretch, code_html, scan
from hfreader.pages.implementers import Implementer, groups, said, signs, totalled
from hfreader.pages.language import gettext as _
from hfreader.pages.language import noted, other, own
from hfreader.pages.naming import KINDS, line_range
from hfreader.pages.rendering import fill

# The bodies of so many groups, the largest, are shown with the symbols of the equation; so many stand in the table,
# with the line that computes the result; the others are named.
MOST_BODIES, MOST_ROWS = 4, 120
_NAME = re.compile(r"[^\W\d]\w*")
_ANCHORS = (
    ("symbols", noted("Symbols")),
    ("places", noted("Where")),
    ("without", noted("Families without it")),
    ("reference", noted("Reference")),
    ("examples", noted("Examples")),
)
_NOT_CODE = frozenset("sc")


@dataclass(frozen=True)
class _Row:
    """One place of the first of a group: who implements the concept, where, under what condition, and how sure we are.
    `code` is the line on which the result is computed; a role has its wiring instead."""

    owner: str
    home: str
    state: str
    badge: Markup
    lines: str = ""
    link: str = ""
    upstream: str | None = None
    code: str = ""
    guards: tuple[str, ...] = ()
    absent: tuple[Markup, ...] = ()
    parts: tuple[str, ...] = ()


@dataclass(frozen=True)
class _Member:
    """One of a group: its name, the line that computes the result, its states in short and in words; `anchor` stands
    at the first of each family."""

    name: str
    link: str
    signs: str
    said: str
    anchor: str | None


@dataclass(frozen=True)
class _Group:
    """Definitions whose source is the same but for names."""

    rows: tuple[_Row, ...]
    members: tuple[_Member, ...]
    states: str
    body: Body | None


@dataclass(frozen=True)
class Totals:
    """The proofs of a concept over the whole site. `error` is the largest among the proven, None without any."""

    found: int
    files: int
    proven: int
    disproven: int
    matched: int
    error: float | None


def render_concept(
    site: Site, concept: Concept, found: Sequence[Implementer], without: Mapping[str, str], shelf: Shelf
) -> Fragment:
    """The fragment of `concepts/<slug>`; a concept that is found nowhere says so.

    found    everything that implements it; `without` the families in which nothing does, with their pages.
    """
    page = concept_page(concept.slug)
    linked = _linked(concept)
    html = fill(
        "concept.html",
        concept=concept,
        equations=[equations.render(latex, linked) for latex in concept.equations],
        citations=[citation_html(citation) for citation in concept.citations],
        akin=[(catalogue()[slug].name, address(concept_page(slug), page)) for slug in concept.akin],
        symbols=[
            (linked[symbol.name].css, equations.render(rf"\sym{{{symbol.name}}}", linked, display=False), symbol)
            for symbol in concept.symbols
        ],
        in_equations={symbol for latex in concept.equations for symbol in symbols_in(latex)},
        reference=_reference(concept),
        totals=totals([proof for one in found for proof in one.proofs], _files(one for one in found if one.proofs)),
        players=sum(not one.proofs for one in found),
        player_files=_files(one for one in found if not one.proofs),
        families=len({one.chapter for one in found if not one.shared}),
        groups=_Groups(site, concept, page, shelf).of(found),
        without=[(name, address(target, page)) for name, target in without.items()],
        matches=[_coloured(source) for source in concept.matches],
        rejects=[_coloured(source) for source in concept.rejects],
    )
    return Fragment(
        page,
        own(concept.name),
        str(html),
        tuple((anchor, _(title)) for anchor, title in _ANCHORS if f'id="{anchor}"' in html),
        tuple(_search(concept, len(found))),
        len(concept.symbols),
        group=KINDS[concept.kind],
    )


def _files(found: Iterable[Implementer]) -> int:
    return len({one.definition.file for one in found})


def totals(proofs: Sequence[Proof], files: int) -> Totals:
    """The totals over all proofs of a concept in `files` files."""
    states = [proof.state for proof in proofs]
    errors = [proof.error for proof in proofs if proof.state == "proven" and proof.error is not None]
    counts = (states.count("proven"), states.count("disproven"), states.count("matched"))
    return Totals(len(proofs), files, *counts, max(errors, default=None))


class _Groups:
    """Makes the groups of one concept's page."""

    def __init__(self, site: Site, concept: Concept, page: str, shelf: Shelf) -> None:
        self.site, self.concept, self.page, self.shelf = site, concept, page, shelf
        self.unlinked = {symbol.name: equations.LinkedSymbol(symbol.latex, "") for symbol in concept.symbols}
        self._absent: dict[tuple[tuple[str, ...], bool], tuple[Markup, ...]] = {}

    def of(self, found: Sequence[Implementer]) -> list[_Group]:
        """The groups, the largest first; of the first few the bodies are shown, of the last only the members."""
        seen: set[str] = set()
        return [self._group(number, group, seen) for number, group in enumerate(groups(found))]

    def _group(self, number: int, group: Sequence[Implementer], seen: set[str]) -> _Group:
        rows: tuple[_Row, ...] = ()
        if number < MOST_ROWS:
            rows = self._rows(group[0]) if group[0].proofs else self._role(group[0])
        members = tuple(self._member(one, seen) for one in group)
        shown = body(self.page, self.concept, group[0], self.site, self.shelf) if number < MOST_BODIES else None
        return _Group(rows, members, said(totalled(group)), shown)

    def _member(self, one: Implementer, seen: set[str]) -> _Member:
        anchor = None if one.chapter in seen else one.chapter
        seen.add(one.chapter)
        return _Member(one.name, address(one.line, self.page), signs(one.states), said(one.states), anchor)

    def _rows(self, one: Implementer) -> tuple[_Row, ...]:
        pairs = zip(one.definition.matches, one.proofs, strict=True)
        return tuple(self._row(one, match, proof) for match, proof in pairs)

    def _row(self, one: Implementer, match: Found, proof: Proof) -> _Row:
        file, span = match.place.file, match.place.span
        home = address(one.home, self.page)
        shown = page_of(file) if file == one.definition.file else self.site.home(file)
        lines = line_range(span.line, span.end_line)
        return _Row(
            one.name,
            home,
            proof.state,
            proof_badge(proof),
            lines if file == one.definition.file else f"{file}, {lines}",
            home if shown is None else address(f"{shown}#L{span.line}", self.page),
            self.site.snapshot.link(file, span),
            match.code,
            match.guards,
            self._absences(match.bound, proof),
        )

    def _absences(self, bound: tuple[str, ...], proof: Proof) -> tuple[Markup, ...]:
        key = bound, proof.state == "matched"
        if key not in self._absent:
            self._absent[key] = tuple(absences(self.concept, bound, proof, self.unlinked))
        return self._absent[key]

    def _role(self, one: Implementer) -> tuple[_Row, ...]:
        name, home = one.name, address(one.home, self.page)
        return tuple(
            _Row(name, home, "role", Markup(), code=role.wiring or "", parts=role.parts)
            for role in one.definition.played
        )


def _linked(concept: Concept) -> dict[str, equations.LinkedSymbol]:
    return {
        symbol.name: equations.LinkedSymbol(symbol.latex, f"t{number}") for number, symbol in enumerate(concept.symbols)
    }


def _coloured(source: str) -> Markup:
    text = textwrap.dedent(source).strip("\n")
    lines = zip(text.split("\n"), scan(text), strict=True)
    return Markup("\n".join(code_html(line, stretches) for line, stretches in lines))


def _reference(concept: Concept) -> Markup | None:
    if concept.reference is None:
        return None
    return _marked(textwrap.dedent(inspect.getsource(concept.reference)), concept)


def _marked(source: str, concept: Concept) -> Markup:
    """Highlighted code in which every use of a symbol's name carries the symbol."""
    numbers = {symbol.name: number for number, symbol in enumerate(concept.symbols)}
    text = source.strip("\n")
    parts = []
    for line, stretches in zip(text.split("\n"), scan(text), strict=True):
        parts.append(code_html(line, stretches, list(_marks(line, stretches, numbers))))
    return Markup("\n".join(parts))


def _marks(line: str, stretches: Sequence[Stretch], numbers: dict[str, int]) -> Iterator[Mark]:
    prose = [stretch for stretch in stretches if stretch.kind in _NOT_CODE]
    for name in _NAME.finditer(line):
        number = numbers.get(name.group())
        if number is None or any(stretch.start <= name.start() < stretch.end for stretch in prose):
            continue
        if line[: name.start()].endswith("."):
            continue
        yield Mark(name.start(), name.end(), f' class="t{number}"')


def _search(concept: Concept, places: int) -> Iterator[SearchEntry]:
    """Found by its name in both languages and the words of its slug (`moe`), by what is said in this language, and by
    its papers and where they have it."""
    name = concept.name.en.lower()
    more = [word for word in concept.slug.split("-") if word not in name]
    meanings = (own(symbol.meaning) for symbol in concept.symbols)
    sources = (
        f"{each.title} {each.authors} {each.year} {each.where or ''} {each.arxiv or ''}" for each in concept.citations
    )
    text = " ".join((own(concept.explanation), *meanings, *sources))
    yield SearchEntry("", " ".join((own(concept.name), other(concept.name), *more)), text, places)
