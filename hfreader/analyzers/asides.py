"""Statements that belong to no equation: what only checks, and what only keeps or takes up what a cache holds.

Told by structure: by `raise`, `assert` and warnings, and by the library's own cache classes, which annotations,
`isinstance` and constructors name; from there along assignments.
"""

import re
from collections.abc import Iterator, Sequence
from typing import Literal

import libcst as cst

from hfreader.analyzers.library import Library
from hfreader.analyzers.parsing import ParsedFile, dotted_name, statements
from hfreader.facts.analysis import Aside
from hfreader.facts.places import Span

CACHES = "transformers.cache_utils."
CHECKS = frozenset(
    {
        "torch._assert",
        "torch._check",
        "torch._check_is_size",
        "transformers.utils.import_utils.torch_compilable_check",
        "warnings.warn",
    }
)
LOGGERS = frozenset({"logging.getLogger", "transformers.utils.logging.get_logger"})
_NAME = re.compile(r"[^\W\d]\w*")
# An `elif` is an If of its own.
_BRANCHES = (cst.If, cst.Else, cst.ExceptHandler, cst.ExceptStarHandler, cst.Finally, cst.MatchCase)
Kinds = frozenset[str]
CHECK: Kinds = frozenset({"check"})
CACHE: Kinds = frozenset({"cache"})
OTHER: Kinds = frozenset({"other"})


def asides(library: Library, parsed: ParsedFile) -> tuple[Aside, ...]:
    """The asides of every function and method of a file, those that follow each other as one."""
    classes = frozenset(name for name, meaning in parsed.imports.items() if meaning.startswith(CACHES))
    found = [one for node in parsed.functions.values() for one in _Reader(library, parsed, node, classes).asides()]
    return tuple(sorted(set(found), key=lambda one: one.span))


class _Reader:
    """Reads one function; `classes` are the cache classes of the file, `caches` the local names that hold a cache."""

    def __init__(self, library: Library, parsed: ParsedFile, node: cst.FunctionDef, classes: frozenset[str]) -> None:
        self.library = library
        self.parsed = parsed
        self.node = node
        self.classes = classes
        body = list(statements(node.body.body))
        self.caches = {*self._declared(), *(name for one in body for name in self._tested(one))} if classes else set()
        # A name is assigned before it is used, but for loops: in one pass all are found.
        for statement in body if classes else ():
            if isinstance(statement, cst.Assign | cst.AnnAssign) and statement.value is not None:
                self._assigned(statement)

    def asides(self) -> Iterator[Aside]:
        """The asides of the function."""
        if isinstance(self.node.body, cst.IndentedBlock):
            yield from self._block(self.node.body.body)

    def _block(self, body: Sequence[cst.CSTNode]) -> Iterator[Aside]:
        """The asides directly in a block, then those within its other statements."""
        last: Aside | None = None
        for statement in body:
            kind = _one_of(self.kinds(statement))
            if kind is None:
                yield from (one for inner in _blocks(statement) for one in self._block(inner))
                continue
            span = self.parsed.positions[statement]
            if last is not None and last.kind == kind and last.span.end_line + 1 == span.line:
                last = Aside(kind, Span(last.span.line, last.span.column, span.end_line, span.end_column))
                continue
            if last is not None:
                yield last
            last = Aside(kind, span)
        if last is not None:
            yield last

    # What a statement does

    def kinds(self, statement: cst.CSTNode) -> Kinds:
        """What a statement is made of: `check`, `cache`, and `other` for all that does something else."""
        match statement:
            case cst.SimpleStatementLine():
                return frozenset().union(*map(self.kinds, statement.body))
            case cst.If():
                inside = [self.kinds(one) for block in _blocks(statement) for one in block]
                return frozenset().union(*inside)
            case cst.Raise() | cst.Assert():
                return CHECK
            case cst.Expr(value=cst.Call() as call):
                return CHECK if self._warns(call) else CACHE if self._from_cache(call) else OTHER
            case cst.Assign():
                targets = [one.target for one in statement.targets]
                written = all(self._from_cache(one) for one in targets if not isinstance(one, cst.Name))
                stored = written and not any(isinstance(one, cst.Name | cst.Tuple) for one in targets)
                return CACHE if stored or self._from_cache(statement.value) else OTHER
            case cst.AnnAssign(value=cst.BaseExpression() as value):
                return CACHE if self._from_cache(value) else OTHER
            case cst.Del():
                return CACHE if self._from_cache(statement.target) else OTHER
            case _:
                return OTHER

    def _warns(self, call: cst.Call) -> bool:
        """Whether a call checks something or speaks to a log."""
        name = dotted_name(call.func)
        if name is None:
            return False
        front = self.parsed.assignments.get(name.rpartition(".")[0])
        if isinstance(front, cst.Call) and self._meaning(front.func) in LOGGERS:
            return True
        return self._meaning(call.func) in CHECKS

    def _from_cache(self, value: cst.BaseExpression) -> bool:
        """Whether an expression is nothing but a cache, what it holds or tells, or a new one."""
        match value:
            case cst.Name():
                return value.value in self.caches
            case cst.Attribute() | cst.Subscript():
                return self._from_cache(value.value)
            case cst.Call():
                return self._makes_cache(value) or (
                    isinstance(value.func, cst.Attribute) and self._from_cache(value.func.value)
                )
            case cst.IfExp():
                branches = (value.body, value.orelse)
                told = [self._from_cache(one) for one in branches]
                return any(told) and all(yes or _is_constant(one) for yes, one in zip(told, branches, strict=True))
            case _:
                return False

    def _makes_cache(self, call: cst.Call) -> bool:
        return isinstance(call.func, cst.Name) and call.func.value in self.classes

    # Which names hold a cache

    def _declared(self) -> Iterator[str]:
        """The parameters whose annotation names a cache class."""
        parameters = self.node.params
        for one in (*parameters.posonly_params, *parameters.params, *parameters.kwonly_params):
            if one.annotation is not None and self._names_cache_class(one.annotation.annotation):
                yield one.name.value

    def _tested(self, node: cst.CSTNode) -> Iterator[str]:
        """The names of which a condition asks whether they are an instance of a cache class."""
        match node:
            case cst.If() | cst.IfExp() | cst.Assert():
                yield from self._tested(node.test)
            case cst.Assign() | cst.AnnAssign():
                yield from self._tested(node.value) if node.value is not None else ()
            case cst.BooleanOperation():
                yield from self._tested(node.left)
                yield from self._tested(node.right)
            case cst.UnaryOperation():
                yield from self._tested(node.expression)
            case cst.Call(func=cst.Name("isinstance"), args=[cst.Arg(value=cst.Name() as asked), cst.Arg() as classes]):
                if self._names_cache_class(classes.value):
                    yield asked.value

    def _assigned(self, statement: cst.Assign | cst.AnnAssign) -> None:
        """Remember a name that is given a cache, or a part of one: what a method or an index gives is a value."""
        targets = [one.target for one in statement.targets] if isinstance(statement, cst.Assign) else [statement.target]
        value = statement.value
        holds = isinstance(value, cst.Call) and self._makes_cache(value)
        while isinstance(value, cst.Attribute):
            value = value.value
        if holds or (isinstance(value, cst.Name) and value.value in self.caches):
            self.caches |= {one.value for one in targets if isinstance(one, cst.Name)}

    def _names_cache_class(self, node: cst.CSTNode) -> bool:
        return not self.classes.isdisjoint(_NAME.findall(self.parsed.positions.text(node)))

    def _meaning(self, node: cst.CSTNode) -> str | None:
        name = dotted_name(node)
        return None if name is None else self.library.definition_in(self.parsed, name)


def _one_of(kinds: Kinds) -> Literal["check", "cache"] | None:
    """What a statement is as a whole; a cache that is checked is handled."""
    if not kinds or "other" in kinds:
        return None
    return "cache" if "cache" in kinds else "check"


def _blocks(statement: cst.CSTNode) -> Iterator[Sequence[cst.CSTNode]]:
    """The blocks of a compound statement, those of its branches included."""
    for child in statement.children:
        if isinstance(child, cst.IndentedBlock | cst.SimpleStatementSuite):
            yield child.body
        elif isinstance(child, _BRANCHES):
            yield from _blocks(child)


def _is_constant(value: cst.BaseExpression) -> bool:
    return isinstance(value, cst.Integer | cst.Float | cst.SimpleString) or (
        isinstance(value, cst.Name) and value.value in ("None", "True", "False")
    )
