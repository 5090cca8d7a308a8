"""A call that jumps through a registry, opened in place: what it reached, and beside it what else it could reach."""

from collections.abc import Callable
from dataclasses import dataclass

from markupsafe import Markup

from hfreader.facts.analysis import DispatchSite, Implementation
from hfreader.facts.places import Place
from hfreader.pages.book import address, bare
from hfreader.pages.file_context import FileContext
from hfreader.pages.language import gettext as _
from hfreader.pages.naming import line_range
from hfreader.pages.outside import documentation
from hfreader.pages.rendering import fill

Show = Callable[[Place, str | None], Markup]


@dataclass(frozen=True)
class Tab:
    """One function that a call can reach.

    label   its name in the registry; `others` are the further ones.
    state   whether it ran here.
    home    where the whole of it is shown, if anywhere; `where` says that in words.
    lines   the address of its file upstream ("" for none), None where that is the file of the page.
    calls   what the statement that is shown hands on to, and the address of its documentation.
    code    all of it, or the statement that hands on.
    refused  what the models of the file declare of it, and the address of that, where they do not support it.
    """

    label: str
    state: str
    function: str
    home: str | None
    where: str
    lines: str | None
    code: Markup
    others: tuple[str, ...] = ()
    calls: tuple[str, str | None] | None = None
    refused: tuple[str, str] | None = None


def opened_html(context: FileContext, site: DispatchSite, show: Show) -> Markup:
    """What stands below a call: the function that ran, or else the default one, as a whole. The others, which all
    files share, follow at the first such call of a page, each with the statement that does its work; the other calls
    lead there. `show` gives the code of a place, with anchors of its own."""
    reached = _reached(context, site, show)
    function = _function(context, site)
    others = [one for one in context.registry(site) if one.core is not None and one.function != function]
    # What hands on to a documented function is read first.
    others.sort(key=lambda one: documentation(one.calls or "") is None)
    first = context.first_dispatch(site)
    is_first = first.site == site.site
    tabs = [reached, *(_tab(context, site, one, show) for one in others)] if is_first else [reached]
    return fill(
        "opened.html",
        tabs=tabs,
        group=f"{bare(site.owner)}-{site.site.span.line}",
        more=[] if is_first else [(min(one.names), f"#{_anchor(one)}") for one in others],
        first=bare(first.owner),
    )


@dataclass(frozen=True)
class Exchanged:
    """What can run in the place of a class's forward pass: the decorator that sees to it, the registry, the names and
    addresses of what that holds, and whether the forward pass of the class itself ran."""

    decorator: str
    home: str | None
    registry: str
    entries: tuple[tuple[str, str | None], ...]
    own_ran: bool


def exchange_of(context: FileContext, owner: str) -> Exchanged | None:
    """What a decorator of a class puts in the place of its forward pass, if the configuration asks for it."""
    found = context.exchange(owner)
    if found is None:
        return None
    held = context.analysis.registries.get(found.registry, ())
    link = context.site.snapshot.link
    methods = next(one.methods for one in context.analysis.code.classes if one.qualified == owner)
    forward = (Place(context.file, one.body_span) for one in methods if one.name == "forward")
    return Exchanged(
        bare(found.decorator),
        link(found.place.file, found.place.span),
        bare(found.registry),
        tuple((name, link(one.place.file, one.place.span)) for one in held for name in one.names),
        any(context.has_run(place) for place in forward),
    )


def _function(context: FileContext, site: DispatchSite) -> str:
    jump = context.ran_at(site.site)
    return jump.function if jump else site.function


def _reached(context: FileContext, site: DispatchSite, show: Show) -> Tab:
    jump = context.ran_at(site.site)
    place = jump.place if jump and jump.place else site.target
    if jump is None:
        state = _("by default") if context.has_run(place) else _("by default; not run")
    else:
        state = _("ran here")
    return Tab(
        jump.implementation if jump else bare(site.function),
        state,
        bare(_function(context, site)),
        *_home(context, place, bare(_function(context, site))),
        show(place, None),
    )


def _tab(context: FileContext, site: DispatchSite, one: Implementation, show: Show) -> Tab:
    assert one.core is not None
    refusal = context.refusal(min(one.names))
    not_run = _("not run") if refusal is None else _("not supported here")
    return Tab(
        min(one.names),
        _("ran here") if one.function in context.reached(site.site) else not_run,
        bare(one.function),
        *_home(context, one.place, bare(one.function)),
        show(one.core, bare(one.function)),
        tuple(sorted(set(one.names) - {min(one.names)})),
        (one.calls, documentation(one.calls)) if one.calls else None,
        None if refusal is None else (refusal.declared, f"#L{refusal.place.span.line}"),
    )


def _anchor(one: Implementation) -> str:
    """The anchor of the first line that is shown of an implementation."""
    assert one.core is not None
    return f"{bare(one.function)}-L{one.core.span.line}"


def _home(context: FileContext, place: Place, function: str) -> tuple[str | None, str, str | None]:
    """Where a function is shown as a whole, in words, and the address of its file upstream."""
    span = place.span
    if place.file == context.file:
        anchor = function if function in context.linked_names else f"L{span.line}"  # a method has no block of its own
        return f"#{anchor}", line_range(span.line, span.end_line), None
    snapshot = context.site.snapshot
    shown = context.site.home(place.file)
    home = address(f"{shown}#L{span.line}", context.page) if shown else snapshot.link(place.file, span)
    return home, f"{place.file}, {line_range(span.line, span.end_line)}", snapshot.link(place.file) or ""
