"""The page of one modeling file: what it is, how to read it, and every class as a block."""

from collections.abc import Mapping
from dataclasses import dataclass

from markupsafe import Markup

from hfreader.concepts.model import Concept
from hfreader.facts.analysis import Analysis
from hfreader.facts.code import ClassFacts
from hfreader.facts.matches import Match
from hfreader.facts.problems import Problem
from hfreader.pages.book import COMPARISONS, Family, Site, address, bare, compare_page_of, concept_page
from hfreader.pages.cards import citation_html
from hfreader.pages.class_block import ClassBlock
from hfreader.pages.family_data import family_data
from hfreader.pages.file_context import FileContext
from hfreader.pages.fragment import Fragment, SearchEntry
from hfreader.pages.implementers import SIGNS
from hfreader.pages.language import gettext as _
from hfreader.pages.language import noted, own
from hfreader.pages.module_tree import module_tree
from hfreader.pages.reading_order import base_model, reading_order
from hfreader.pages.rendering import fill
from hfreader.pages.run_names import remarks, run_name
from hfreader.pages.sections import Section, sections
from hfreader.pages.summary import summary
from hfreader.pages.what_if import what_if

# Characters of a docstring that the search is given.
MOST_FOUND = 90
_HEADINGS = (
    ("reading-order", noted("Suggested reading order")),
    ("dataflow", noted("Dataflow")),
    ("papers", noted("From the papers to the classes")),
    ("shapes", noted("Modules and shapes")),
    ("problems", noted("Problems")),
)


def model_page(site: Site, family: Family, analysis: Analysis, concepts: Mapping[str, Concept]) -> Fragment:
    """The fragment of a modeling file."""
    context = FileContext(site, family, analysis, concepts)
    parts = sections(analysis.code, context.source(context.file).lines)
    base = base_model(analysis.code, context.traces)
    default = context.traces[0] if context.traces and not family.shared else None
    root = module_tree(default.modules) if default else None
    blocks = [ClassBlock(context, part) for part in parts]
    html = fill(
        "model.html",
        file=context.file,
        snapshot=site.snapshot,
        upstream=site.snapshot.link(context.file),
        generated_from=analysis.code.generated_from,
        comparisons=[
            (f" {_('and')} ".join(pair), address(compare_page_of(*pair), context.page))
            for pair in site.compared
            if family.name in pair
        ],
        choose=_choice(context),
        summary=summary(context, base, root),
        default=default,
        settings=[run_name(trace) for trace in context.traces],
        notes=list(dict.fromkeys(note for trace in context.traces for note in remarks(trace))),
        symbols=default.symbols if default else (),
        order=reading_order(analysis, context.traces),
        diagram=_model_diagram(context, base),
        base=base,
        concepts=_concept_rows(context),
        rows=list(root.walk()) if root else (),
        what_if=what_if(root, context.traces) if root else None,
        class_address=context.class_address,
        problems=_problems(context),
        blocks=[block.html() for block in blocks],
    )
    contents = [(anchor, _(title)) for anchor, title in _HEADINGS if f'<h2 id="{anchor}">' in html]
    contents += [(part.name, part.name) for part in parts if part.item is not None]
    most = max((block.symbol_count for block in blocks), default=0)
    title = _("%s: annotated source") % context.name
    told = "" if family.shared else family_data(context, root)
    entries = _search(context, parts)
    return Fragment(context.page, title, html, tuple(contents), entries, most, label=context.name, data=told)


def _choice(context: FileContext) -> str | None:
    """The page on which another family is chosen to stand beside this one."""
    home = None if context.family.shared else context.site.home(COMPARISONS)
    return f"{address(home, context.page)}#{context.page}+" if home else None


def _model_diagram(context: FileContext, base: ClassFacts | None) -> Markup | None:
    """The diagram of the base model without symbols: those light within its own block."""
    if base is None or context.diagram(base.qualified) is None:
        return None
    block = ClassBlock(context, Section(base.name, base.span.line, base.span.end_line, base))
    return block.diagram()


@dataclass(frozen=True)
class ConceptRow:
    """One concept of the paper-to-class table, with its places: owner, address and the sign of the proof."""

    concept: Concept
    home: str
    citation: Markup | None
    places: tuple[tuple[str, str, str], ...]


def _concept_rows(context: FileContext) -> list[ConceptRow]:
    """The concepts of the file in the order in which they first appear."""
    by_concept: dict[str, list[Match]] = {}
    for match in sorted(context.analysis.matches, key=lambda match: match.place):
        if match.concept in context.concepts:
            by_concept.setdefault(match.concept, []).append(match)
    rows: list[ConceptRow] = []
    for slug, matches in by_concept.items():
        concept = context.concepts[slug]
        places = [_table_place(context, match) for match in matches]
        home = address(concept_page(slug), context.page)
        citation = citation_html(concept.citations[0]) if concept.citations else None
        rows.append(ConceptRow(concept, home, citation, tuple(dict.fromkeys(places))))
    return rows


def _table_place(context: FileContext, match: Match) -> tuple[str, str, str]:
    """The owner of a match with its line, which may be that of a function it calls, the address of its block, and how
    sure we are."""
    owner = bare(match.owner)
    anchor = owner if owner in context.linked_names else f"L{match.root.span.line}"
    number, root = match.place.span.line, match.root.span
    said = _(", line %s") if root.line <= number <= root.end_line else _(", through line %s")
    line = said % number if match.place.file == context.file else ""
    return f"{owner}{line}", f"#{anchor}", SIGNS[context.family.proof(match).state]


def _problems(context: FileContext) -> tuple[Problem, ...]:
    run = context.family.run
    traced = [problem for trace in context.traces for problem in trace.problems]
    return tuple(dict.fromkeys([*context.analysis.problems, *(run.problems if run else ()), *traced]))


def _search(context: FileContext, parts: tuple[Section, ...]) -> tuple[SearchEntry, ...]:
    """The page itself, and each class and function with the names of its concepts, or else what it says of itself."""
    module = context.analysis.code.module
    entries = [
        SearchEntry(
            "",
            context.name,
            f"{context.file} {module}",
        )
    ]
    for part in parts:
        if part.item is None:
            continue
        owner = part.item.qualified if isinstance(part.item, ClassFacts) else f"{module}.{part.name}"
        slugs = dict.fromkeys(match.concept for match in context.matches(owner))
        names = "; ".join(own(context.concepts[slug].name) for slug in slugs)
        summary = (part.item.docstring or "").strip().split("\n")[0]
        entries.append(SearchEntry(part.name, part.name, names or summary[:MOST_FOUND]))
    return tuple(entries)
