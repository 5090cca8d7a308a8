"""What a concept is. Each mechanism is one `Concept` in a file of its own in this package."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from hfreader.concepts.class_pattern import ClassPattern
from hfreader.concepts.pattern import Pattern
from hfreader.facts.phrases import Phrase

SYMBOL = re.compile(r"\\sym\{([^{}]*)\}")
COMMAND = re.compile(r"\\[A-Za-z]+$")

Kind = Literal["mechanism", "facet", "composition", "structure"]


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

    @property
    def short_authors(self) -> str:
        """`Vaswani et al.` for many authors, all names for two or fewer."""
        names = [name.strip() for name in self.authors.replace(" and ", ",").split(",") if name.strip()]
        return f"{names[0].removesuffix(' et al.')} et al." if len(names) > 2 else " and ".join(names)


@dataclass(frozen=True)
class Symbol:
    """A symbol of the equations: `name` as in patterns and the reference, `latex` as it is set, and its meaning.
    `within` names symbols that hold it where code does not have it on its own (W^Q in one matrix for Q, K and V)."""

    name: str
    latex: str
    meaning: Text
    within: tuple[str, ...] = ()


@dataclass(frozen=True)
class Concept:
    r"""One mechanism, or one role that a class plays.

    kind        mechanism: a computation; facet: a property of one (grouped queries, a sink); composition: how a class
                puts others together (a block, a head, a model); structure: what a class is (a shell, a record).
    equations   LaTeX in which each linked symbol stands as `\sym{name}`.
    patterns    alternatives, most specific first; all bind `output`.
    output      the symbol that the reference computes.
    reference   computes `output` from the other symbols, see below. None: a role without an equation to execute; it
                has no patterns either.
    class_patterns  alternatives over a whole class: what it is, which children it calls and in which order. Where there
                are any, the equation counts in classes that fit one of them alone.
    otherwise   a role only of classes that play no other one.
    hints       symbols that only tell the reference which form or size it meets: its result need not change with
                their values (attention derives its scale from d_k, whatever scale the code uses).
    akin        slugs of concepts that do the same with something more or less, which a reader may mean instead.
    matches     source text of modules in which the concept must be found; `rejects` where it must not.
                Each may use `torch`, `nn`, `F`, `math`, and defines classes or functions (the last one is the root).

    How the proof calls the reference. Parameters are filled by symbol name from one execution of the root function:
    - A symbol captured as a value arrives as it was in the code at its place: a floating-point tensor in float64, an
      integer or boolean tensor unchanged, anything else (None, a float, a string) as it is.
    - A symbol captured as a module arrives as a callable object: calling it runs the module itself (in float64, a
      black box), and `weight` (of a linear map always (in, out), of an embedding (rows, features)), `bias` and `eps`
      are its parameters, None where it has none. Where the code calls a plain function at that place
      (`nn.functional.relu`), the object is that function, without parameters.
    - A number that a scale of the configuration sets arrives as `Chosen`: a reference may take it for its own, and
      the proof then says so where the equation has another.
    - A symbol that was not bound or not executed is left out, so what is optional has a default. Where a parameter
      without default cannot be filled, that execution is not compared.
    - A parameter named `like` receives the captured output: a reference may read its shape and nothing else.
    - A reference raises `NotCovered` for an execution that the equation does not speak of (it is not compared), and
      `SwitchedOff` where the mechanism is not in use.
    It returns `output`, or a dict from symbol to value where the equations define several symbols that the match
    captures: each is compared with what was captured, and the largest relative error counts.
    """

    slug: str
    name: Text
    explanation: Text
    citations: tuple[Citation, ...]
    matches: tuple[str, ...]
    rejects: tuple[str, ...]
    kind: Kind = "mechanism"
    equations: tuple[str, ...] = ()
    symbols: tuple[Symbol, ...] = ()
    patterns: tuple[Pattern, ...] = ()
    class_patterns: tuple[ClassPattern, ...] = ()
    otherwise: bool = False
    output: str = ""
    reference: Callable[..., Any] | None = None
    hints: frozenset[str] = frozenset()
    akin: tuple[str, ...] = ()

    @property
    def printed(self) -> tuple[str, ...]:
        """The equations in LaTeX as a paper prints them."""
        return tuple(printed(one, {symbol.name: symbol.latex for symbol in self.symbols}) for one in self.equations)

    @property
    def computation(self) -> Callable[..., Any]:
        """The reference; NotCovered where there is none."""
        if self.reference is None:
            raise NotCovered("a role, no equation to execute")
        return self.reference


def printed(equation: str, latex: Mapping[str, str]) -> str:
    r"""An equation with each `\sym{name}` replaced by the symbol's own LaTeX."""

    def own(found: re.Match[str]) -> str:
        text = latex[found[1]]
        before = " " if COMMAND.search(equation[: found.start()]) and text[:1].isalpha() else ""
        after = " " if COMMAND.search(text) and equation[found.end() :][:1].isalpha() else ""
        return f"{before}{text}{after}"

    return SYMBOL.sub(own, equation)


class NotCovered(Exception):
    """Raised by a reference: the equation says nothing of this execution. The message says why; one with places is a
    `Phrase`."""

    @property
    def why(self) -> Phrase:
        """The message."""
        (said,) = self.args
        return said if isinstance(said, Phrase) else Phrase(said)


class SwitchedOff(NotCovered):
    """Raised by a reference: what the equation describes is not in this execution at all. The message says why."""


class Chosen(float):
    """A number that a field of the configuration sets by itself, in a place where the equation may have another."""
