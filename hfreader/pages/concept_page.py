"""The page of a concept: what it says, its equations, its executable reference, and every place that implements it."""

import inspect
import re
import textwrap
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from markupsafe import Markup

from hfreader.concepts.model import Concept
from hfreader.facts.analysis import Analysis
from hfreader.facts.matches import Match, Proof
from hfreader.pages import equations
from hfreader.pages.absent import absences
from hfreader.pages.book import Book, address, bare, concept_page, page_of
from hfreader.pages.cards import citation_html, proof_badge
from hfreader.pages.fragment import Fragment, SearchEntry
from hfreader.pages.highlight import Mark, Stretch, code_html, scan
from hfreader.pages.language import gettext as _
from hfreader.pages.language import noted, own
from hfreader.pages.naming import KINDS, line_range, source_name
from hfreader.pages.rendering import fill

_NAME = re.compile(r"[^\W\d]\w*")
_ANCHORS = (
    ("symbols", noted("Symbols")),
    ("places", noted("Where")),
    ("reference", noted("Reference")),
    ("examples", noted("Examples")),
)
_NOT_CODE = frozenset("sc")


@dataclass(frozen=True)
class _Place:
    """One match as a row: who implements the concept, where, under what condition, and how sure we are. `code` is the
    line on which the result is computed."""

    owner: str
    home: str
    lines: str
    link: str
    upstream: str | None
    code: str
    guards: tuple[str, ...]
    absent: tuple[Markup, ...]
    state: str
    badge: Markup


@dataclass(frozen=True)
class Totals:
    """The proofs of a concept over the whole site. `error` is the largest among the proven, None without any."""

    found: int
    files: int
    proven: int
    disproven: int
    matched: int
    error: float | None


def render_concept(book: Book, concept: Concept) -> Fragment:
    """The fragment of `concepts/<slug>`; a concept that is found nowhere says so."""
    page = concept_page(concept.slug)
    found = [item for item in book.matches() if item[2].concept == concept.slug]
    proofs = [family.proof(match) for family, _, match in found]
    places: dict[str, list[_Place]] = {}
    for (family, analysis, match), proof in zip(found, proofs, strict=True):
        places.setdefault(_("%s, shared by families") % family.name if family.shared else family.name, []).append(
            _place(book, concept, analysis, match, proof, page)
        )
    linked = _linked(concept)
    html = fill(
        "concept.html",
        concept=concept,
        equations=[equations.render(latex, linked) for latex in concept.equations],
        citations=[citation_html(citation) for citation in concept.citations],
        symbols=[
            (linked[symbol.name].css, equations.render(rf"\sym{{{symbol.name}}}", linked, display=False), symbol)
            for symbol in concept.symbols
        ],
        in_equations={symbol for latex in concept.equations for symbol in equations.symbols_in(latex)},
        reference=_reference(concept),
        totals=totals(proofs, len({analysis.code.file for _, analysis, _ in found})),
        places=places,
        roles=_roles(book, concept, page),
        matches=[_coloured(source) for source in concept.matches],
        rejects=[_coloured(source) for source in concept.rejects],
        snapshot=book.snapshot,
    )
    return Fragment(
        page,
        own(concept.name),
        str(html),
        tuple((anchor, _(title)) for anchor, title in _ANCHORS if f'id="{anchor}"' in html),
        tuple(_search(concept)),
        len(concept.symbols),
        group=KINDS[concept.kind],
    )


@dataclass(frozen=True)
class _Player:
    """One class that plays a role: where it is, what it calls, and how these are connected where that is known."""

    owner: str
    home: str
    parts: tuple[str, ...]
    wiring: str | None


def _roles(book: Book, concept: Concept, page: str) -> dict[str, list[_Player]]:
    """The classes that play the concept's role, by the name of their file."""
    players: dict[str, list[_Player]] = {}
    for analysis in (analysis for family in book.families for analysis in family.analyses):
        for role in (role for role in analysis.roles if role.concept == concept.slug):
            owner = bare(role.owner)
            home = address(f"{page_of(analysis.code.file)}#{owner}", page)
            parts = tuple(part.attribute for part in role.parts)
            players.setdefault(source_name(analysis), []).append(_Player(owner, home, parts, role.wiring))
    return players


def totals(proofs: Sequence[Proof], files: int) -> Totals:
    """The totals over all proofs of a concept in `files` files."""
    states = [proof.state for proof in proofs]
    errors = [proof.error for proof in proofs if proof.state == "proven" and proof.error is not None]
    counts = (states.count("proven"), states.count("disproven"), states.count("matched"))
    return Totals(len(proofs), files, *counts, max(errors, default=None))


def _place(book: Book, concept: Concept, analysis: Analysis, match: Match, proof: Proof, page: str) -> _Place:
    owner, file, span = bare(match.owner), match.place.file, match.place.span
    home = address(f"{page_of(analysis.code.file)}#{owner}", page)
    on_site = file in book.files
    link = address(f"{page_of(file)}#L{span.line}", page) if on_site else home
    lines = line_range(span.line, span.end_line)
    if file != analysis.code.file:
        lines = f"{file}, {lines}"
    upstream = book.snapshot.link(file, span)
    unlinked = {symbol.name: equations.LinkedSymbol(symbol.latex, "") for symbol in concept.symbols}
    absent = tuple(absences(concept, match, proof, unlinked))
    code = book.line(file, span.line).strip()
    return _Place(owner, home, lines, link, upstream, code, match.guards, absent, proof.state, proof_badge(proof))


def _linked(concept: Concept) -> dict[str, equations.LinkedSymbol]:
    return {
        symbol.name: equations.LinkedSymbol(symbol.latex, f"t{number} s{number}")
        for number, symbol in enumerate(concept.symbols)
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
        yield Mark(name.start(), name.end(), f' class="t{number} s{number}"')


def _search(concept: Concept) -> Iterator[SearchEntry]:
    meanings = " ".join(f"{symbol.meaning.en} {symbol.meaning.zh}" for symbol in concept.symbols)
    titles = " ".join(f"{citation.title} {citation.authors}" for citation in concept.citations)
    text = f"{concept.name.en} {concept.name.zh} {concept.explanation.en} {concept.explanation.zh} {meanings} {titles}"
    yield SearchEntry("", own(concept.name), text)
