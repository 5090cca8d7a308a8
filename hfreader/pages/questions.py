"""Questions that a reader can answer from what ran, each with its answer; all of it from facts."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

from markupsafe import Markup

from hfreader.facts.traces import ModuleRecord, Trace
from hfreader.pages import equations
from hfreader.pages.book import bare
from hfreader.pages.cost_terms import Terms, own_terms, worth, written
from hfreader.pages.file_context import FileContext
from hfreader.pages.hints import Hint
from hfreader.pages.language import gettext as _
from hfreader.pages.language import own
from hfreader.pages.notes import value_line
from hfreader.pages.sections import Section
from hfreader.pages.symbols import MatchUse

MOST = 3
TOKENS = "T"


@dataclass(frozen=True)
class Question:
    """One question and its answer."""

    text: Markup
    answer: Markup


def questions(context: FileContext, section: Section, uses: Sequence[MatchUse]) -> list[Question]:
    """Up to MOST questions about a class or function that ran."""
    found = (
        *islice(_shapes(context, section), 1),
        *islice(_growth(context, section), 1),
        *islice(_lines(context, section, uses), 1),
        *islice(_weights(context, section), 1),
    )
    return list(found[:MOST])


def _shapes(context: FileContext, section: Section) -> Iterator[Question]:
    """The shape of the variable of the section whose shape has most sizes in symbols."""
    seen: list[tuple[int, Hint]] = []
    for line in range(section.first, section.last + 1):
        hints = context.records.hints(context.file, line, section.name)
        seen += [(line, hint) for hint in hints if hint.text.startswith("(") and hint.numbers != hint.text]
    if seen:
        line, hint = max(seen, key=lambda one: (len(set(one[1].text.split(", "))), -one[0]))
        asked = _('Which shape does what line <a href="#L{}">{}</a> computes have, in the sizes of the model?')
        numbers = hint.numbers.partition("; ")[0]
        yield Question(Markup(asked).format(line, line), Markup("<code>{}</code> = {}").format(hint.text, numbers))


def _default(context: FileContext) -> Trace | None:
    return context.traces[0] if context.traces and not context.family.shared else None


def _record(trace: Trace, name: str) -> ModuleRecord | None:
    return next((record for record in trace.modules if bare(record.class_name) == name), None)


def _growth(context: FileContext, section: Section) -> Iterator[Question]:
    """How often the operations of a class grow with twice the tokens, where its sizes tell."""
    trace = _default(context)
    record = _record(trace, section.name) if trace else None
    if trace is None or record is None or not record.flops:
        return
    inside = [one for one in trace.modules if one.path == record.path or one.path.startswith(f"{record.path}.")]
    terms = sum((found for (_path, kind), found in own_terms(inside).items() if kind == "flops"), Terms())
    text, values = written(terms), {symbol.name: symbol.value for symbol in trace.symbols}
    if not text or TOKENS not in values:
        return
    before, after = worth(text, values), worth(text, values | {TOKENS: 2 * values[TOKENS]})
    if before == record.flops and after is not None and after != before:
        asked = _("How do the floating-point operations of one <code>{}</code> grow when {} tokens become {}?")
        told = _("{} times: from {} to {}, which are <code>{}</code>")
        factor = f"{float(after / before):.3g}"
        yield Question(
            Markup(asked).format(section.name, values[TOKENS], 2 * values[TOKENS]),
            Markup(told).format(factor, f"{int(before):,}", f"{int(after):,}", text.replace("+", " + ")),
        )


def _lines(context: FileContext, section: Section, uses: Sequence[MatchUse]) -> Iterator[Question]:
    """Where a symbol of an equation gets its value: the last one that does so in the section."""
    source = context.source(context.file).lines
    for use in uses:
        for symbol in reversed(use.symbols):
            line = value_line(symbol, context.file, source, section.first, section.last)
            if line is not None:
                printed = equations.render(rf"\sym{{{symbol.symbol.name}}}", use.linked(), display=False)
                asked = _("On which line does {} of the equation <q>{}</q> get its value?")
                link = Markup('<a href="#L{}">{}</a>').format(line, _("line %s") % line)
                yield Question(Markup(asked).format(printed, own(use.concept.name)), link)


def _weights(context: FileContext, section: Section) -> Iterator[Question]:
    """How many weights one of it holds, and in which parts."""
    trace = _default(context)
    record = _record(trace, section.name) if trace else None
    if trace is None or record is None or not record.parameters:
        return
    parts = {one.path: one for one in trace.modules if one.parent == record.path and one.parameters}
    said = [f"{one.path.removeprefix(record.path).lstrip('.')} {one.parameters:,}" for one in parts.values()]
    if len(said) > 1:
        asked = _("How many weights does one <code>{}</code> hold, and which of its parts hold them?")
        yield Question(
            Markup(asked).format(section.name), Markup("{}: {}").format(f"{record.parameters:,}", ", ".join(said))
        )
