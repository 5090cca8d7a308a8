"""What a concept is. Each mechanism is one `Concept` in a file of its own in this package."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from hfreader.concepts.pattern import Pattern


@dataclass(frozen=True)
class Text:
    """The same text in English and Chinese."""

    en: str
    zh: str


@dataclass(frozen=True)
class Citation:
    """A source. `where` is the section and equation; None for what is not certain."""

    title: str
    authors: str
    year: int
    arxiv: str | None = None
    where: str | None = None
    url: str | None = None


@dataclass(frozen=True)
class Symbol:
    """A symbol of the equations: `name` as in patterns and the reference, `latex` as printed, and its meaning."""

    name: str
    latex: str
    meaning: Text


@dataclass(frozen=True)
class Concept:
    r"""One mechanism.

    equations   LaTeX in which each linked symbol stands as `\sym{name}`.
    patterns    alternatives, most specific first; all bind `output`.
    output      the symbol that the reference computes.
    reference   computes `output` from the other symbols, by parameter name, with tensor methods alone. A symbol that
                a match does not bind is left out, so give it a default. A symbol bound to a module arrives as an
                object with its parameters normalised (`weight` of a linear map always (in, out), `bias`, `eps`) and
                can be called. Everything is float64.
    matches     source text of modules in which the concept must be found; `rejects` where it must not.
                Each may use `torch`, `nn`, `F`, and defines one class or function (the last definition is the root).
    """

    slug: str
    name: Text
    explanation: Text
    citations: tuple[Citation, ...]
    equations: tuple[str, ...]
    symbols: tuple[Symbol, ...]
    patterns: tuple[Pattern, ...]
    output: str
    reference: Callable[..., Any]
    matches: tuple[str, ...]
    rejects: tuple[str, ...]
