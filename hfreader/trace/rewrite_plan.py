"""What is put into a source file, and what is put in."""

from dataclasses import dataclass

from hfreader.facts.places import Span

HELPERS = {
    name: f"\0hfreader.{name}"
    for name in ("record", "element", "hit", "inplace", "call", "enter", "forward", "operand", "branch")
}
"""The constants that stand for the helpers in rewritten code, by name (see `hfreader.trace.rewrite`)."""


@dataclass(frozen=True)
class Plan:
    """What to put into a file.

    lines        record every parameter, assignment, loop variable and returned value.
    operations   record the value of every call, operator and subscript.
    statements   mark every statement that runs.
    branches     tell `branch` how every condition comes out, and `operand` the values that it is made of.
    values       record the expressions, targets and parameters at exactly these spans.
    calls        announce the calls at these spans to `call`.
    roots        announce the invocations of the functions that begin here (line and column of the first decorator
                 or of `def`) to `enter`.
    """

    lines: bool = False
    operations: bool = False
    statements: bool = False
    branches: bool = False
    values: frozenset[Span] = frozenset()
    calls: frozenset[Span] = frozenset()
    roots: frozenset[tuple[int, int]] = frozenset()


@dataclass(frozen=True)
class Site:
    """One place that reports to a helper; its number is its index in `Rewritten.sites`."""

    span: Span
    name: str
    kind: str
    function: str
