"""What is folded in the code of a class: statements that only check, or only handle a cache, all but their first line.

What is folded stays where it is, in its own bytes: a link to one of its lines opens it.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass

from hfreader.facts.analysis import Aside
from hfreader.pages.language import gettext as _
from hfreader.pages.language import ngettext, noted

WORDS = {"check": noted("only checks"), "cache": noted("only the cache")}


@dataclass(frozen=True)
class Fold:
    """Lines `first` to `last`, of which the first is always shown, with what is said of the others."""

    first: int
    last: int
    said: str


def folds(asides: Iterable[Aside], first: int, last: int, shown: Collection[int] = ()) -> tuple[Fold, ...]:
    """The folds within the lines `first` to `last`; what holds a line of `shown` is none, nor is a single line."""
    return tuple(
        Fold(span.line, span.end_line, _said(one.kind, span.end_line - span.line))
        for one in asides
        for span in [one.span]
        if first <= span.line < span.end_line <= last and not any(span.line <= line <= span.end_line for line in shown)
    )


def _said(kind: str, lines: int) -> str:
    more = ngettext("%(num)s more line", "%(num)s more lines", lines) % {"num": lines}
    return f"⋯ {more}: {_(WORDS[kind])}"
