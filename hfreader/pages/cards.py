"""A concept as it stands above code that implements it: name, citation, equations, glossary, and how sure we are."""

from markupsafe import Markup

from hfreader.concepts.equations import equations_here
from hfreader.concepts.model import Citation
from hfreader.facts.matches import Proof
from hfreader.facts.places import Span
from hfreader.pages import equations
from hfreader.pages.absent import absences
from hfreader.pages.book import address, bare, concept_page
from hfreader.pages.file_context import FileContext
from hfreader.pages.language import gettext as _
from hfreader.pages.language import own
from hfreader.pages.rendering import fill
from hfreader.pages.symbols import MatchUse


def concept_card(context: FileContext, use: MatchUse, again: bool = False) -> Markup:
    """The card of one match, its symbols linked to the block around it. Symbols are explained once on a page, in the
    first block with the concept; `again` says that this block has the equations already."""
    linked, plain = use.linked(), use.plain()
    explained = context.explained.get(use.concept.slug)
    elsewhere = explained if explained != bare(use.match.owner) else None
    proof = context.family.proof(use.match)
    bound = {binding.symbol for binding in use.match.bindings if binding.tokens}
    here = equations_here(use.concept, bound)
    return fill(
        "card.html",
        name=use.concept.name,
        home=address(f"{concept_page(use.concept.slug)}#in-{context.family.name}", context.page),
        explained=elsewhere,
        citations=[] if again or elsewhere else [citation_html(citation) for citation in use.concept.citations],
        equations=[] if again else [equations.render(latex, linked, alternative=False) for latex in here],
        badge=proof_badge(proof),
        absent=list(absences(use.concept, bound, proof, linked)),
        guards=use.match.guards,
        at=_match_lines(use, context),
        symbols=[
            {
                "css": symbol.css,
                "printed": equations.render(rf"\sym{{{symbol.symbol.name}}}", plain, display=False),
                "meaning": "" if again else own(symbol.symbol.meaning),
            }
            for symbol in (use.symbols if again or not elsewhere else ())
            if symbol.tokens or any(rf"\sym{{{symbol.symbol.name}}}" in latex for latex in here)
        ],
    )


def proof_badge(proof: Proof) -> Markup:
    """How sure we are, in words and never by colour alone."""
    return fill("proof.html", proof=proof, agreement=_agreement(proof.error))


def _agreement(error: float | None) -> str:
    if error is None:
        return _("not compared")
    return _("exactly equal") if error == 0 else _("max rel. error %.0e") % error


def citation_html(citation: Citation) -> Markup:
    """A citation, linked to arXiv or its own address where it has one."""
    return fill("citation.html", citation=citation)


def _match_lines(use: MatchUse, context: FileContext) -> tuple[str, str | None]:
    """Where the output of the match is computed: text and address."""
    place = use.match.place
    return _line_name(place.file, place.span.line, context), _line_link(place.file, place.span.line, context)


def _line_name(file: str, line: int, context: FileContext) -> str:
    return f"{line}" if file == context.file else f"{file.rpartition('/')[2]}:{line}"


def _line_link(file: str, line: int, context: FileContext) -> str | None:
    """The line on this page, on its own page, or upstream; None where it can be seen nowhere."""
    page = context.page if file == context.file else context.site.home(file)
    if page is not None:
        return address(f"{page}#L{line}", context.page)
    return context.site.snapshot.link(file, Span(line, 0, line, 0))
