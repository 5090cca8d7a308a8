"""Functions that report their parameters, and that they are entered."""

import ast
from typing import Any

from msgspec.structs import replace

from hfreader.trace.rewrite_statements import Statements

Function = ast.FunctionDef | ast.AsyncFunctionDef


class Functions(Statements):
    """Rewrites a whole file."""

    def visit_ClassDef(self, node: ast.ClassDef) -> Any:
        """Only the methods of a class are rewritten: its body is not run again."""
        with self.named(node.name, in_function=False):
            node.body = self.block(node.body)
        return node

    def visit_FunctionDef(self, node: Function) -> Any:
        """Decorators and defaults belong to the function outside."""
        method = not self.in_function and bool(self.scope)
        if self.in_function:
            node.decorator_list = [self.visit(mark) for mark in node.decorator_list]
            node.args.defaults = [self.visit(default) for default in node.args.defaults]
            node.args.kw_defaults = [default and self.visit(default) for default in node.args.kw_defaults]
        with self.named(node.name, in_function=True):
            self.body(node, method and not any(ast.unparse(mark) == "staticmethod" for mark in node.decorator_list))
        return node

    visit_AsyncFunctionDef = visit_FunctionDef

    def body(self, node: Function, method: bool) -> None:
        """Rewrite a body in place: parameters first, then what entering the function reports."""
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
        """`body` in a `with` statement."""
        inner = body or [ast.copy_location(ast.Pass(), node)]
        return [ast.copy_location(ast.With([ast.withitem(manager)], inner), node)]
