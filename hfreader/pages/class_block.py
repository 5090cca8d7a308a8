"""One class or function of a modeling file: the band with its equations and diagram, and its annotated code."""

from collections.abc import Iterable
from dataclasses import replace

from markupsafe import Markup

from hfreader.facts.analysis import Diagram, DiagramNode
from hfreader.facts.code import ClassFacts
from hfreader.facts.places import Place
from hfreader.pages.book import address, bare
from hfreader.pages.cards import concept_card
from hfreader.pages.diagrams import draw
from hfreader.pages.dispatch import exchange_of, opened_html
from hfreader.pages.execution import stretches
from hfreader.pages.file_context import FileContext
from hfreader.pages.folds import folds
from hfreader.pages.language import gettext as _
from hfreader.pages.language import own
from hfreader.pages.listing import Listing, listing_html
from hfreader.pages.module_notes import weight_notes
from hfreader.pages.notes import Note, idle_notes, joined, symbol_notes
from hfreader.pages.questions import questions
from hfreader.pages.rendering import fill
from hfreader.pages.sections import Section
from hfreader.pages.symbols import Overlay, SymbolUse, number_symbols

# Pixels, for the room that a block takes before it is first shown.
_LINE_HEIGHT = 21
_HEAD_HEIGHT = 110
_CARD_HEIGHT = 100
_FOLDED_HEIGHT = 56
_OPEN_CARDS = 3
SIDE_WIDTH = 660


class ClassBlock:
    """Renders one section of a file's page."""

    def __init__(self, context: FileContext, section: Section) -> None:
        self.context = context
        self.section = section
        item = section.item
        module = context.analysis.code.module
        self.owner = item.qualified if isinstance(item, ClassFacts) else f"{module}.{section.name}"
        self.uses = number_symbols(context.matches(self.owner), context.concepts)
        self.overlay = Overlay(self.uses)

    @property
    def symbol_count(self) -> int:
        """How many symbols the block has."""
        return sum(len(use.symbols) for use in self.uses)

    def html(self) -> Markup:
        """The block, as one `<section class="hf">`."""
        cards, listing = self._cards(), self._own_listing()
        code = listing_html(listing)
        folded = sum(fold.last - fold.first for fold in listing.folds)
        opened = sum(title is None for title, _ in cards)
        return fill(
            "block.html",
            section=self.section,
            is_class=isinstance(self.section.item, ClassFacts),
            facts=self.section.item,
            base_names=[bare(base) for base in getattr(self.section.item, "bases", ())],
            upstream=self.context.upstream(self.section),
            unrun=self._nothing_ran(),
            users=self.context.users(self.owner),
            alike=self.context.alike(self.owner),
            roles=self.context.roles(self.owner, {use.concept.slug for use in self.uses}),
            wiring=self.context.wiring(self.owner),
            exchange=exchange_of(self.context, self.owner),
            cards=cards,
            diagram=self.diagram(),
            side=self._side_by_side(),
            code=code,
            height=self._height(opened, code.count("\n") - folded),
            questions=questions(self.context, self.section, self.uses) if self.section.item else (),
        )

    def _height(self, cards: int, lines: int) -> int:
        """Roughly how high the block will be, in pixels."""
        if self.section.item is None:
            return _FOLDED_HEIGHT
        found = self.context.diagram(self.owner)
        picture = 0 if found is None else round(self.context.layouts[found.owner, found.function].height)
        band = max(picture, _CARD_HEIGHT * cards) if self._side_by_side() else picture + _CARD_HEIGHT * (cards + 1)
        return _HEAD_HEIGHT + lines * _LINE_HEIGHT + (band if cards or picture else 0)

    def _cards(self) -> list[tuple[str | None, Markup]]:
        """The card of each match; with a title to fold it under where its concept has a card already, or where others
        say more. Of the matches of one concept, those that were executed come first."""
        uses = sorted(self.uses, key=lambda use: self.context.family.proof(use.match).state == "matched")
        first = {use.concept.slug: use for use in reversed(uses)}
        fullest = sorted(first.values(), key=lambda use: -len(use.match.bindings))[:_OPEN_CARDS]
        cards: list[tuple[str | None, Markup]] = []
        for use in uses:
            again = first[use.concept.slug] is not use
            title = (
                own(use.concept.name) + (_(" again") if again else "") + _(", at line %s") % use.match.place.span.line
            )
            cards.append((None if use in fullest else title, concept_card(self.context, use, again)))
        return sorted(cards, key=lambda card: card[0] is not None)

    def _nothing_ran(self) -> bool:
        """Whether the section holds code inside functions and the family was run, but not a line of this ran."""
        firsts = self.context.first_runs(self.context.file)
        known = [line for line in range(self.section.first, self.section.last + 1) if line in firsts]
        return bool(known) and all(firsts[line] is None for line in known)

    def _own_listing(self) -> Listing:
        item = self.section.item
        notes = (
            list(weight_notes(item, self.context.modules, self.context.class_address))
            if isinstance(item, ClassFacts)
            else []
        )
        opened: dict[int, Markup] = {}
        for site in self.context.dispatches(self.owner):
            line = self._statement_end(site.site)
            opened[line] = opened.get(line, Markup("")) + opened_html(self.context, site, self._elsewhere)
        return self._listing(self.context.file, self.section.first, self.section.last, notes, opened, "L")

    def _listing(
        self, file: str, first: int, last: int, notes: Iterable[Note], opened: dict[int, Markup], anchor: str
    ) -> Listing:
        """The lines of a file with all that is known of them for this block."""
        context = self.context
        source, reading, firsts = context.source(file), context.reading(file), context.first_runs(file)
        code_lines = [line for line in reading.code_lines if first <= line <= last]
        idle = stretches(firsts, reading.conditions, code_lines)
        beside = [*notes, *symbol_notes(self.uses, file, source.lines, first, last)]
        asides = context.analysis.asides if file == context.file else ()
        return Listing(
            source,
            first,
            last,
            self.overlay,
            notes=joined([*beside, *idle_notes(idle, context.traces)]),
            hints={line: context.records.hints(file, line, self.section.name) for line in range(first, last + 1)},
            idle=frozenset(line for line in code_lines for stretch in idle if stretch.first <= line <= stretch.last),
            opened=opened,
            anchor=anchor,
            folds=folds(asides, first, last, {*(note.line for note in beside), *opened}),
        )

    def _statement_end(self, site: Place) -> int:
        """The last line of the statement around a call: what is opened there must not split it."""
        starts = [line for line in self.context.reading(site.file).code_lines if line > site.span.end_line]
        lines = self.context.source(site.file).lines
        last = site.span.end_line
        following = min(starts, default=last + 1)
        while last + 1 < following and lines[last].strip() and not lines[last].lstrip().startswith("#"):
            last += 1
        return last

    def _elsewhere(self, place: Place, anchor: str | None = None) -> Markup:
        """Other lines, with this block's symbols; their anchors begin with `anchor`, else with the block's name."""
        span = place.span
        return listing_html(
            self._listing(place.file, span.line, span.end_line, (), {}, f"{anchor or self.section.name}-L")
        )

    def diagram(self) -> Markup | None:
        """The dataflow diagram, linked to the symbols of the block; None where there is nothing to draw."""
        found = self.context.diagram(self.owner)
        if found is None:
            return None
        diagram, css = self._with_symbols(found)
        labels = self.context.labels_of(found)
        return draw(diagram, labels, self._links(diagram), css, self.context.layouts[found.owner, found.function])

    def _side_by_side(self) -> bool:
        """Whether the cards and the diagram are small enough to stand beside each other."""
        found = self.context.diagram(self.owner)
        return (
            found is not None
            and len(self.uses) == 1
            and self.context.layouts[found.owner, found.function].width <= SIDE_WIDTH
        )

    def _with_symbols(self, diagram: Diagram) -> tuple[Diagram, dict[str, str]]:
        """The diagram with its symbols replaced by this block's CSS classes (a concept can be matched twice)."""
        nodes = tuple(replace(node, symbols=self._node_symbols(node)) for node in diagram.nodes)
        css = {symbol: symbol for node in nodes for symbol in node.symbols}
        return replace(diagram, nodes=nodes), css

    def _node_symbols(self, node: DiagramNode) -> tuple[str, ...]:
        inside = {number for place in (node.place, *node.values) for number in self.overlay.within(place)}
        named = [
            use
            for match in self.uses
            for use in match.symbols
            if f"{match.concept.slug}:{use.symbol.name}" in node.symbols
        ]
        exact = [use for use in named if use.number in inside]
        return tuple(dict.fromkeys(use.css for use in exact or named or self._called(node)))

    def _called(self, node: DiagramNode) -> list[SymbolUse]:
        """The symbols that stand for the module of a box, such as a weight matrix."""
        if node.kind != "module":
            return []
        symbols = [use for match in self.uses for use in match.symbols]
        return [use for use in symbols if any(_starts_with(node.place, token) for token in use.tokens)]

    def _links(self, diagram: Diagram) -> dict[int, str]:
        """Where a click on each box leads: to its class or function on the site, otherwise to its line."""
        links: dict[int, str] = {}
        for node in diagram.nodes:
            line, file = node.place.span.line, node.place.file
            target = self.context.site.home(node.target) if node.target else None
            if target:
                links[node.id] = address(target, self.context.page)
            elif file == self.context.file:
                links[node.id] = f"#L{line}"
        return links


def _starts_with(whole: Place, part: Place) -> bool:
    return (whole.file, whole.span.line, whole.span.column) == (part.file, part.span.line, part.span.column)
