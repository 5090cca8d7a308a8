"""Rewrite a source file so that its functions report what they compute.

Only the syntax tree is changed, never the text: every node keeps its line, so tracebacks and positions stay those of
the file. The calls that are put in name their helper by a string constant (`HELPERS`); `hfreader.trace.swap` puts the
helper itself in its place, so that nothing is added to any namespace. The helpers are:

    record(site, value) -> value        element(site, value) -> True        hit(statement)
    inplace(site, method, *args)        call(site, function, *args)         enter(root, self) -> context manager
    forward(self, names, values) -> context manager
"""

import ast
import warnings
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from types import CodeType
from typing import Any

from hfreader.facts.places import Span
from hfreader.trace.rewrite_targets import TEMPORARY, Event, Rebinding, augmented, names, pattern_names, rebind
from hfreader.trace.spans import SourceText

HELPERS = {name: f"\0hfreader.{name}" for name in ("record", "element", "hit", "inplace", "call", "enter", "forward")}
_READS_ITS_FRAME = {"super", "locals", "vars", "dir", "eval", "exec"}
_HAS_NO_CODE = (ast.Global, ast.Nonlocal)
_OPERATIONS = (ast.Call, ast.BinOp, ast.UnaryOp, ast.Subscript, ast.Compare, ast.IfExp)

Function = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True)
class Plan:
    """What to put into a file.

    lines        record every parameter, assignment, loop variable and returned value.
    operations   record the value of every call, operator and subscript.
    statements   mark every statement that runs.
    values       record the expressions, targets and parameters at exactly these spans.
    calls        announce the calls at these spans to `call`.
    roots        announce the invocations of the functions that begin here (line and column of the first decorator
                 or of `def`) to `enter`.
    """

    lines: bool = False
    operations: bool = False
    statements: bool = False
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


@dataclass(frozen=True)
class Rewritten:
    """One file, rewritten.

    original, rewritten  code of the whole module, the nested code objects in the same order.
    sites       what `record`, `element`, `inplace`, `call` and `enter` are told of, counted from `first_site`.
    statements  spans of all statements in functions, counted from `first_statement`.
    """

    original: CodeType
    rewritten: CodeType
    sites: tuple[Site, ...]
    statements: tuple[Span, ...]


def rewrite(text: str, filename: str, plan: Plan, first_site: int = 0, first_statement: int = 0) -> Rewritten:
    """Compile `text` as it is and with what `plan` puts into it; SyntaxError where it is no Python."""
    rewriter = _Rewriter(SourceText(text), plan, first_site, first_statement)
    original = compile(text, filename, "exec", dont_inherit=True)
    tree: ast.Module = ast.fix_missing_locations(rewriter.visit(ast.parse(text, filename)))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", SyntaxWarning)
        rewritten = compile(tree, filename, "exec", dont_inherit=True)
    return Rewritten(original, rewritten, tuple(rewriter.sites), tuple(rewriter.statements))


class _Rewriter(ast.NodeTransformer):
    def __init__(self, source: SourceText, plan: Plan, first_site: int, first_statement: int) -> None:
        self.source, self.plan = source, plan
        self.first_site, self.first_statement = first_site, first_statement
        self.sites: list[Site] = []
        self.statements: list[Span] = []
        self.scope: list[str] = []
        self.in_function = False
        self.claimed: set[Span] = set()

    # Calls of helpers

    def helper(self, name: str, at: ast.AST, *arguments: ast.expr) -> ast.expr:
        call = ast.Call(func=ast.Constant(HELPERS[name]), args=list(arguments), keywords=[])
        return ast.copy_location(call, at)

    def helper_statement(self, name: str, at: ast.AST, *arguments: ast.expr) -> ast.stmt:
        return ast.copy_location(ast.Expr(self.helper(name, at, *arguments)), at)

    def site(self, span: Span, name: str, kind: str) -> ast.expr:
        self.sites.append(Site(span, name, kind, ".".join(self.scope)))
        return ast.Constant(self.first_site + len(self.sites) - 1)

    def wanted(self, event: Event) -> Span | None:
        """The span under which an event is recorded, if it is."""
        if self.plan.lines:
            return event.spans[0]
        return next((span for span in event.spans if span in self.plan.values), None)

    def records(self, events: Iterable[Event], at: ast.AST, kind: str = "assign") -> list[ast.stmt]:
        found: list[ast.stmt] = []
        for event in events:
            span = self.wanted(event)
            if span is not None:
                self.claimed.add(span)
                found.append(self.helper_statement("record", at, self.site(span, event.name, kind), event.load))
        return found

    def elements(self, events: Iterable[Event], at: ast.AST, kind: str) -> list[ast.expr]:
        """The same as conditions that always hold."""
        spans = [(event, self.wanted(event)) for event in events]
        return [
            self.helper("element", at, self.site(span, event.name, kind), event.load) for event, span in spans if span
        ]

    # Statements

    def generic_visit(self, node: ast.AST) -> Any:
        for field, value in ast.iter_fields(node):
            if isinstance(value, list) and value and isinstance(value[0], ast.stmt):
                setattr(node, field, self.block(value))
            elif isinstance(value, list):
                setattr(node, field, [self.visit(item) if isinstance(item, ast.AST) else item for item in value])
            elif isinstance(value, ast.AST) and field not in ("annotation", "returns"):
                setattr(node, field, self.visit(value))
        return node

    def block(self, statements: Sequence[ast.stmt]) -> list[ast.stmt]:
        if not self.in_function:
            return [self.visit(statement) for statement in statements]
        return [new for statement in statements for new in self.statement(statement)]

    def statement(self, node: ast.stmt) -> list[ast.stmt]:
        before = self.mark(node)
        after = self.assigned(node)
        return [*before, self.visit(node), *after]

    def mark(self, node: ast.stmt) -> list[ast.stmt]:
        constant = isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
        declaration = isinstance(node, ast.AnnAssign) and node.value is None
        if not self.plan.statements or constant or declaration or isinstance(node, _HAS_NO_CODE):
            return []
        self.statements.append(self.source.header(node))
        number = ast.Constant(self.first_statement + len(self.statements) - 1)
        return [self.helper_statement("hit", node, number)]

    def assigned(self, node: ast.stmt) -> list[ast.stmt]:
        """What follows an assignment: stores that had to wait, and records. Turns `node`'s targets in place."""
        if isinstance(node, ast.Assign):
            parts = [rebind(target, self.source) for target in node.targets]
            node.targets = [part.target for part in parts]
        elif isinstance(node, ast.AnnAssign) and node.value is not None:
            parts = [rebind(node.target, self.source)]
            if parts[0].stores:
                return self.plain(node, parts[0])
        elif isinstance(node, ast.AugAssign):
            parts = [augmented(node, self.source)]
        else:
            return []
        return self.after(parts, node)

    def plain(self, node: ast.AnnAssign, part: Rebinding) -> list[ast.stmt]:
        """An annotated attribute: its value goes to a temporary first (functions do not evaluate annotations)."""
        assert isinstance(part.target, ast.Name)
        node.target, node.simple = part.target, 1
        return self.after([part], node)

    def after(self, parts: Sequence[Rebinding], at: ast.AST, kind: str = "assign") -> list[ast.stmt]:
        stores = [self.visit(store) for part in parts for store in part.stores]
        return [*stores, *(record for part in parts for record in self.records(part.events, at, kind))]

    def visit_Expr(self, node: ast.Expr) -> Any:
        call = node.value
        if not (isinstance(call, ast.Call) and isinstance(call.func, ast.Attribute) and self.in_function):
            return self.generic_visit(node)
        method = call.func.attr
        if not method.endswith("_") or method.endswith("__"):
            return self.generic_visit(node)
        receiver = self.source.span(call.func.value)
        name = ast.unparse(call.func.value)
        self.generic_visit(node)
        if self.plan.lines and isinstance(node.value, ast.Call):
            arguments = [self.site(receiver, name, "assign"), node.value.func, *node.value.args]
            node.value = ast.copy_location(
                ast.Call(ast.Constant(HELPERS["inplace"]), arguments, node.value.keywords), node.value
            )
        return node

    def visit_For(self, node: ast.For | ast.AsyncFor) -> Any:
        part = rebind(node.target, self.source)
        node.target = part.target
        first = self.after([part], node)
        self.generic_visit(node)
        node.body[:0] = first
        return node

    visit_AsyncFor = visit_For

    def visit_With(self, node: ast.With | ast.AsyncWith) -> Any:
        parts = []
        for item in node.items:
            if item.optional_vars is not None:
                parts.append(rebind(item.optional_vars, self.source))
                item.optional_vars = parts[-1].target
        first = self.after(parts, node)
        self.generic_visit(node)
        node.body[:0] = first
        return node

    visit_AsyncWith = visit_With

    def visit_match_case(self, node: ast.match_case) -> Any:
        first = self.records(pattern_names(node.pattern, self.source), node.pattern)
        if node.guard is not None:
            node.guard = self.visit(node.guard)
        node.body = [*first, *self.block(node.body)]
        return node

    def visit_Return(self, node: ast.Return) -> Any:
        if node.value is None:
            return node
        span = self.source.span(node.value)
        value = self.visit(node.value)
        if self.plan.lines:
            value = self.helper("record", value, self.site(span, "return", "return"), value)
        node.value = value
        return node

    # Functions

    @contextmanager
    def named(self, name: str, in_function: bool) -> Iterator[None]:
        """Inside the class or function `name`, named as Python names it."""
        outside = self.in_function, self.scope
        self.scope = [*self.scope, *(("<locals>",) if self.in_function else ()), name]
        self.in_function = in_function
        yield
        self.in_function, self.scope = outside

    def visit_ClassDef(self, node: ast.ClassDef) -> Any:
        with self.named(node.name, in_function=False):
            node.body = self.block(node.body)
        return node

    def visit_FunctionDef(self, node: Function) -> Any:
        method = not self.in_function and bool(self.scope)
        if self.in_function:
            node.decorator_list = [self.visit(mark) for mark in node.decorator_list]
            node.args.defaults = [self.visit(default) for default in node.args.defaults]
            node.args.kw_defaults = [default and self.visit(default) for default in node.args.kw_defaults]
        with self.named(node.name, in_function=True):
            self.body(node, method and not any(ast.unparse(mark) == "staticmethod" for mark in node.decorator_list))
        return node

    visit_AsyncFunctionDef = visit_FunctionDef

    def visit_Lambda(self, node: ast.Lambda) -> Any:
        """A lambda has no room for statements: its parameters are recorded by a condition that always holds."""
        node.args.defaults = [self.visit(default) for default in node.args.defaults]
        node.args.kw_defaults = [default and self.visit(default) for default in node.args.kw_defaults]
        with self.named("<lambda>", in_function=True):
            first = self.elements(self.parameters(node.args, None), node, "parameter")
            node.body = self.visit(node.body)
        if first:
            test = first[0] if len(first) == 1 else ast.copy_location(ast.BoolOp(ast.And(), first), node)
            node.body = ast.copy_location(ast.IfExp(test, node.body, ast.Constant(None)), node.body)
        return node

    def parameters(self, arguments: ast.arguments, without: str | None) -> list[Event]:
        every = [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs]
        every += [star for star in (arguments.vararg, arguments.kwarg) if star]
        return [
            Event((self.source.argument(each),), each.arg, ast.Name(each.arg, ast.Load()))
            for each in every
            if each.arg != without
        ]

    def body(self, node: Function, method: bool) -> None:
        docstring = node.body[:1] if ast.get_docstring(node, clean=False) is not None else []
        receivers = [*node.args.posonlyargs, *node.args.args][: 1 if method else 0]
        receiver = receivers[0].arg if receivers else None
        events = self.parameters(node.args, receiver if self.plan.lines else None)
        first = self.records(events, node.body[0], "parameter")
        body = [*first, *self.block(node.body[len(docstring) :])]
        body = self.announced_forward(node, self.rooted(node, body, receiver), receiver)
        node.body = [*docstring, *body]

    def rooted(self, node: Function, body: list[ast.stmt], receiver: str | None) -> list[ast.stmt]:
        """`body` inside `enter`, if the function is a root."""
        own = self.source.span(node)
        # A decorator's `@` stands in the column of `def`; `ast` begins it after the `@`.
        first = [replace(self.source.span(mark), column=own.column) for mark in node.decorator_list[:1]]
        starts = [*first, own]
        start = next((s for s in starts if (s.line, s.column) in self.plan.roots), None)
        if start is None:
            return body
        instance = ast.Name(receiver, ast.Load()) if receiver else ast.Constant(None)
        return self.inside(node, body, self.helper("enter", node, self.site(start, node.name, "root"), instance))

    def announced_forward(self, node: Function, body: list[ast.stmt], receiver: str | None) -> list[ast.stmt]:
        """`body` of a forward pass inside `forward`, as one can be run without calling its module."""
        if node.name != "forward" or receiver is None or not self.plan.lines:
            return body
        events = self.parameters(node.args, receiver)
        names = ast.Tuple([ast.Constant(event.name) for event in events], ast.Load())
        values = ast.Tuple([event.load for event in events], ast.Load())
        return self.inside(node, body, self.helper("forward", node, ast.Name(receiver, ast.Load()), names, values))

    def inside(self, node: Function, body: list[ast.stmt], manager: ast.expr) -> list[ast.stmt]:
        inner = body or [ast.copy_location(ast.Pass(), node)]
        return [ast.copy_location(ast.With([ast.withitem(manager)], inner), node)]

    # Expressions

    def visit(self, node: ast.AST) -> Any:
        if not isinstance(node, ast.expr) or not self.in_function:
            return super().visit(node)
        if not (self.plan.values or self.plan.calls or self.plan.operations):
            return super().visit(node)
        span = self.source.span(node)
        load = isinstance(getattr(node, "ctx", ast.Load()), ast.Load) and not isinstance(node, ast.Starred | ast.Slice)
        wanted = load and span not in self.claimed and (span in self.plan.values or self.is_operation(node))
        name = ast.unparse(node) if wanted else ""
        new = super().visit(node)
        if span in self.plan.calls and isinstance(new, ast.Call):
            new = self.announced(new, span)
        return self.helper("record", node, self.site(span, name, "expression"), new) if wanted else new

    def is_operation(self, node: ast.expr) -> bool:
        return self.plan.operations and isinstance(node, _OPERATIONS)

    def announced(self, node: ast.Call, span: Span) -> ast.expr:
        if isinstance(node.func, ast.Name) and node.func.id in _READS_ITS_FRAME:
            return node
        arguments = [self.site(span, "", "call"), node.func, *node.args]
        return ast.copy_location(ast.Call(ast.Constant(HELPERS["call"]), arguments, node.keywords), node)

    def visit_NamedExpr(self, node: ast.NamedExpr) -> Any:
        node.value = self.visit(node.value)
        if node.target.id.startswith(TEMPORARY):
            return node
        span = self.source.span(node.target)
        if self.in_function and (self.plan.lines or span in self.plan.values):
            node.value = self.helper("record", node.value, self.site(span, node.target.id, "assign"), node.value)
        return node

    def visit_comprehension(self, node: ast.comprehension) -> Any:
        self.generic_visit(node)
        if self.in_function:
            node.ifs = [*self.elements(names(node.target, self.source), node.target, "assign"), *node.ifs]
        return node

    def visit_JoinedStr(self, node: ast.JoinedStr) -> Any:
        """Left alone: `ast` does not place what stands inside an f-string."""
        return node
