"""The calls of helpers that rewriting puts into a syntax tree."""

import ast
from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from hfreader.facts.places import Span
from hfreader.trace.rewrite_plan import HELPERS, Plan, Site
from hfreader.trace.rewrite_targets import Event
from hfreader.trace.spans import SourceText


class Reports(ast.NodeTransformer):
    """Makes calls of helpers, and keeps count of the sites and statements they report."""

    def __init__(self, source: SourceText, plan: Plan, first_site: int, first_statement: int) -> None:
        self.source, self.plan = source, plan
        self.first_site, self.first_statement = first_site, first_statement
        self.sites: list[Site] = []
        self.statements: list[Span] = []
        self.scope: list[str] = []
        self.in_function = False
        self.claimed: set[Span] = set()

    def helper(self, name: str, at: ast.AST, *arguments: ast.expr) -> ast.expr:
        """A call of a helper that stands where `at` stands."""
        call = ast.Call(func=ast.Constant(HELPERS[name]), args=list(arguments), keywords=[])
        return ast.copy_location(call, at)

    def helper_statement(self, name: str, at: ast.AST, *arguments: ast.expr) -> ast.stmt:
        """The same as a statement."""
        return ast.copy_location(ast.Expr(self.helper(name, at, *arguments)), at)

    def site(self, span: Span, name: str, kind: str) -> ast.expr:
        """The number of a new site."""
        self.sites.append(Site(span, name, kind, ".".join(self.scope)))
        return ast.Constant(self.first_site + len(self.sites) - 1)

    def wanted(self, event: Event) -> Span | None:
        """The span under which an event is recorded, if it is."""
        if self.plan.lines:
            return event.spans[0]
        return next((span for span in event.spans if span in self.plan.values), None)

    def records(self, events: Iterable[Event], at: ast.AST, kind: str = "assign") -> list[ast.stmt]:
        """Statements that record those events that are asked for."""
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

    @contextmanager
    def named(self, name: str, in_function: bool) -> Iterator[None]:
        """Inside the class or function `name`, named as Python names it."""
        outside = self.in_function, self.scope
        self.scope = [*self.scope, *(("<locals>",) if self.in_function else ()), name]
        self.in_function = in_function
        yield
        self.in_function, self.scope = outside

    def parameters(self, arguments: ast.arguments, without: str | None) -> list[Event]:
        """The parameters of a function but one."""
        every = [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs]
        every += [star for star in (arguments.vararg, arguments.kwarg) if star]
        return [
            Event((self.source.argument(each),), each.arg, ast.Name(each.arg, ast.Load()))
            for each in every
            if each.arg != without
        ]
