"""Questions that a reader can answer from what ran, each with its answer; all of it from facts."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

from markupsafe import Markup

from hfreader.facts.traces import ModuleRecord, Trace
from hfreader.pages import equations
from hfreader.pages.book import bare
from hfreader.pages.cost_terms import Terms, own_terms, worth, written
from hfreader.pages.file_context import FileContext
from hfreader.pages.language import gettext as _
from hfreader.pages.language import own
from hfreader.pages.notes import is_assigned
from hfreader.pages.sections import Section
from hfreader.pages.shapes import in_numbers, in_symbols, is_unexplained
from hfreader.pages.symbols import MatchUse
from hfreader.pages.what_if import LENGTHS

MOST = 3
TOKENS = "T"
_NAME = re.compile(r"[A-Za-z_]\w*")
_RETURNED = "return"
_COMPUTED = ("assign", _RETURNED)


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
    """The shape of what a line of the section computes in the default run, whose shape has most sizes in symbols."""
    trace = _default(context)
    seen = [
        (symbols, in_numbers(record.value), record)
        for record in (trace.lines if trace else ())
        if record.kind in _COMPUTED
        and record.place.file == context.file
        and section.first <= record.place.span.line <= section.last
        and (symbols := in_symbols(record.value)) is not None
        and symbols.startswith("(")
        and not is_unexplained(record.value)
    ]
    telling = [one for one in seen if one[0] != one[1]]
    if telling:
        text, numbers, record = max(telling, key=lambda one: (len(set(one[0].split(", "))), -one[2].place.span.line))
        line, name = record.place.span.line, record.name
        if record.kind == _RETURNED:
            asked = _('Which shape does what line <a href="#L{0}">{0}</a> returns have, in the sizes of the model?')
        else:
            asked = _('Which shape has <code>{1}</code> of line <a href="#L{0}">{0}</a>, in the sizes of the model?')
        yield Question(Markup(asked).format(line, name), Markup("<code>{}</code> = {}").format(text, numbers))


def _default(context: FileContext) -> Trace | None:
    return context.traces[0] if context.traces and not context.family.shared else None


def _record(trace: Trace, name: str) -> ModuleRecord | None:
    return next((record for record in trace.modules if bare(record.class_name) == name), None)


def _alike(trace: Trace, name: str) -> bool:
    """Whether all modules of a class hold as many weights."""
    return len({record.parameters for record in trace.modules if bare(record.class_name) == name}) == 1


def _growth(context: FileContext, section: Section) -> Iterator[Question]:
    """How often the operations of a class grow with twice the tokens, where its sizes tell."""
    trace = _default(context)
    record = _record(trace, section.name) if trace else None
    if trace is None or record is None or not record.flops:
        return
    inside = [one for one in trace.modules if one.path == record.path or one.path.startswith(f"{record.path}.")]
    terms = sum((found for (_path, kind), found in own_terms(inside).items() if kind == "flops"), Terms())
    text, values = written(terms), {symbol.name: symbol.value for symbol in trace.symbols}
    others = {symbol.name for symbol in trace.symbols if symbol.expression in LENGTHS[2:]}
    if not text or TOKENS not in values or others.intersection(_NAME.findall(text)):
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
    """Where a symbol of an equation gets its value: the last one of which there is no doubt, because of all the places
    that stand for it, in the functions that are called as well, a single one assigns it, in the section."""
    for use in uses:
        for symbol in reversed(use.symbols):
            assigned = {each for each in symbol.tokens if is_assigned(each, context.source(each.file).lines)}
            place = assigned.pop() if len(assigned) == 1 else None
            if place and place.file == context.file and section.first <= place.span.line <= section.last:
                line = place.span.line
                printed = equations.render(rf"\sym{{{symbol.symbol.name}}}", use.linked(), display=False)
                asked = _("On which line does {} of the equation <q>{}</q> get its value?")
                link = Markup('<a href="#L{}">{}</a>').format(line, _("line %s") % line)
                yield Question(Markup(asked).format(printed, own(use.concept.name)), link)


def _weights(context: FileContext, section: Section) -> Iterator[Question]:
    """How many weights one of it holds, and in which parts."""
    trace = _default(context)
    record = _record(trace, section.name) if trace else None
    if trace is None or record is None or not record.parameters or not _alike(trace, section.name):
        return
    parts = {one.path: one for one in trace.modules if one.parent == record.path and one.parameters}
    said = [f"{one.path.removeprefix(record.path).lstrip('.')} {one.parameters:,}" for one in parts.values()]
    over = record.parameters - sum(one.parameters for one in parts.values())
    if over:
        rest = _("%s held by itself, or by parts that are not called") if over > 0 else _("%s of them shared by parts")
        said.append(rest % f"{abs(over):,}")
    if len(parts) > 1:
        asked = _("How many weights does one <code>{}</code> hold, and which of its parts hold them?")
        yield Question(
            Markup(asked).format(section.name), Markup("{}: {}").format(f"{record.parameters:,}", ", ".join(said))
        )
