"""A trace as one HTML file that needs nothing else: no network, no scripts."""

from collections.abc import Mapping
from itertools import chain
from pathlib import Path

from markupsafe import Markup

from hfreader import __version__
from hfreader.facts.traces import SymbolFact, Trace
from hfreader.pages.highlight import code_html
from hfreader.pages.module_tree import module_tree
from hfreader.pages.rendering import fill
from hfreader.views.generation import length_rows, symbol_value
from hfreader.views.generation_view import in_bytes
from hfreader.views.listing import AnnotatedLine, class_listings, module_listing
from hfreader.views.plots import attention_plots, statistics_plot
from hfreader.views.statistics import summary
from hfreader.views.terminal import short_count


def render_html(trace: Trace, sources: Mapping[str, str], at: str | None = None, values: Path | None = None) -> str:
    """Header, tokens, module tree and annotated lines of every class (or of the module `at` alone).

    `values` is the file of values that the run has written, whose attention maps are shown. All text of the trace is
    escaped; the page follows the reader's light or dark setting.
    """
    listings = [module_listing(trace, sources, at)] if at is not None else class_listings(trace, sources)
    root = module_tree(trace.modules)
    anchors = {listing.class_name: _anchor(listing.path) for listing in listings}
    return str(
        fill(
            "trace_file.html",
            trace=trace,
            facts=_facts(trace),
            rows=list(root.walk()) if root else [],
            listings=[(_anchor(listing.path), listing) for listing in listings],
            anchors=anchors,
            count=short_count,
            code=_code,
            plot=statistics_plot(trace),
            maps=() if values is None else attention_plots(values),
            lengths=length_rows(trace) if trace.generation else (),
            in_bytes=in_bytes,
            version=__version__,
        )
    )


def _facts(trace: Trace) -> list[tuple[str, str]]:
    commit = f" at {trace.commit}" if trace.commit else ""
    facts = [
        ("family", f"{trace.family}, transformers {trace.transformers}{commit}"),
        ("weights", trace.weights),
        ("tokenizer", trace.tokenizer or trace.no_tokenizer),
        ("ran on", f"{trace.device}, {trace.dtype}, attention {trace.attention}"),
        ("parameters", f"{trace.parameters:,}"),
        ("FLOPs", "" if trace.flops is None else f"{trace.flops:,}"),
        *summary(trace),
        ("changed", ", ".join(f"{name}={value}" for name, value in trace.changed.items())),
        ("symbols", ", ".join(_symbol(symbol, trace) for symbol in trace.symbols)),
    ]
    notes = chain(trace.notes, (f"{problem.subject}: {problem.reason}" for problem in trace.problems))
    return [(label, text) for label, text in (*facts, *(("note", note) for note in notes)) if text]


def _symbol(symbol: SymbolFact, trace: Trace) -> str:
    meaning = f" = {symbol.expression}" if symbol.expression != symbol.name else ""
    return f"{symbol.name}{meaning} = {symbol_value(symbol, trace)}"


def _anchor(path: str) -> str:
    return f"at-{path or 'model'}"


def _code(line: AnnotatedLine) -> Markup:
    return Markup(code_html(line.text, line.colours))
