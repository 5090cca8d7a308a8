"""Statements that report what they assign, and that they ran."""

import ast
from collections.abc import Sequence
from typing import Any

from hfreader.trace.rewrite_expressions import Expressions
from hfreader.trace.rewrite_plan import HELPERS
from hfreader.trace.rewrite_targets import Rebinding, augmented, pattern_names, rebind

_HAS_NO_CODE = (ast.Global, ast.Nonlocal)


class Statements(Expressions):
    """Rewrites the statements of functions."""

    def generic_visit(self, node: ast.AST) -> Any:
        """Visit the children; lists of statements may grow. Annotations are left alone."""
        for field, value in ast.iter_fields(node):
            if isinstance(value, list) and value and isinstance(value[0], ast.stmt):
                setattr(node, field, self.block(value))
            elif isinstance(value, list):
                setattr(node, field, [self.visit(item) if isinstance(item, ast.AST) else item for item in value])
            elif isinstance(value, ast.AST) and field not in ("annotation", "returns"):
                setattr(node, field, self.visit(value))
        return node

    def block(self, statements: Sequence[ast.stmt]) -> list[ast.stmt]:
        """A list of statements, rewritten if it stands in a function."""
        if not self.in_function:
            return [self.visit(statement) for statement in statements]
        return [new for statement in statements for new in self.statement(statement)]

    def statement(self, node: ast.stmt) -> list[ast.stmt]:
        """A statement with its mark before it and its records after it."""
        before = self.mark(node)
        after = self.assigned(node)
        return [*before, self.visit(node), *after]

    def mark(self, node: ast.stmt) -> list[ast.stmt]:
        """What says that a statement ran; nothing for one that has no code."""
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
        """The stores that had to wait, and the records."""
        stores = [self.visit(store) for part in parts for store in part.stores]
        return [*stores, *(record for part in parts for record in self.records(part.events, at, kind))]

    def visit_Expr(self, node: ast.Expr) -> Any:
        """`x.add_(y)` as a statement: the updated `x` is recorded."""
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

    def visit_If(self, node: ast.If) -> Any:
        """How the condition comes out is told."""
        node.test = self.condition(node.test, "branch")
        node.body, node.orelse = self.block(node.body), self.block(node.orelse)
        return node

    def visit_For(self, node: ast.For | ast.AsyncFor) -> Any:
        """The loop variables are recorded at the start of each pass."""
        part = rebind(node.target, self.source)
        node.target = part.target
        first = self.after([part], node)
        self.generic_visit(node)
        node.body[:0] = first
        return node

    visit_AsyncFor = visit_For

    def visit_With(self, node: ast.With | ast.AsyncWith) -> Any:
        """The variables are recorded at the start of the body."""
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
        """The names that the pattern binds are recorded at the start of the body."""
        first = self.records(pattern_names(node.pattern, self.source), node.pattern)
        if node.guard is not None:
            node.guard = self.visit(node.guard)
        node.body = [*first, *self.block(node.body)]
        return node

    def visit_Return(self, node: ast.Return) -> Any:
        """The returned value is recorded."""
        if node.value is None:
            return node
        span = self.source.span(node.value)
        value = self.visit(node.value)
        if self.plan.lines:
            value = self.helper("record", value, self.site(span, "return", "return"), value)
        node.value = value
        return node
