"""Expressions that report their value."""

import ast
from typing import Any

from hfreader.facts.places import Span
from hfreader.trace.rewrite_plan import HELPERS
from hfreader.trace.rewrite_reports import Reports
from hfreader.trace.rewrite_targets import TEMPORARY, names

_READS_ITS_FRAME = {"super", "locals", "vars", "dir", "eval", "exec"}
_OPERATIONS = (ast.Call, ast.BinOp, ast.UnaryOp, ast.Subscript, ast.Compare, ast.IfExp)


class Expressions(Reports):
    """Rewrites expressions in functions: captured ones, announced calls, walruses, comprehensions, lambdas."""

    def visit(self, node: ast.AST) -> Any:
        """Visit a node; an expression that is asked for is put inside `record` or `call`."""
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
        """Whether an expression computes something."""
        return self.plan.operations and isinstance(node, _OPERATIONS)

    def announced(self, node: ast.Call, span: Span) -> ast.expr:
        """A call handed to `call`, unless what it calls must find its caller on the stack."""
        if isinstance(node.func, ast.Name) and node.func.id in _READS_ITS_FRAME:
            return node
        arguments = [self.site(span, "", "call"), node.func, *node.args]
        return ast.copy_location(ast.Call(ast.Constant(HELPERS["call"]), arguments, node.keywords), node)

    def condition(self, test: ast.expr, kind: str) -> ast.expr:
        """A condition that tells how it comes out, and what its operands are when Python looks at them."""
        if not self.plan.branches or not self.in_function:
            return self.visit(test)  # type: ignore[no-any-return]
        site = self.site(self.source.span(test), ast.unparse(test), kind)
        assert isinstance(site, ast.Constant) and isinstance(site.value, int)
        return self.helper("branch", test, site, self.operands(test, site.value))

    def operands(self, test: ast.expr, owner: int) -> ast.expr:
        """A condition whose parts, down to what is compared, tell their values."""
        match test:
            case ast.BoolOp():
                test.values = [self.operands(value, owner) for value in test.values]
            case ast.UnaryOp(op=ast.Not()):
                test.operand = self.operands(test.operand, owner)
            case ast.Compare():
                test.left = self.operands(test.left, owner)
                test.comparators = [self.operands(value, owner) for value in test.comparators]
            case ast.Constant():
                pass
            case _:
                site = self.site(self.source.span(test), ast.unparse(test), "operand")
                return self.helper("operand", test, ast.Constant(owner), site, self.visit(test))
        return test

    def visit_IfExp(self, node: ast.IfExp) -> Any:
        """How the condition comes out is told."""
        node.test = self.condition(node.test, "choice")
        node.body, node.orelse = self.visit(node.body), self.visit(node.orelse)
        return node

    def visit_NamedExpr(self, node: ast.NamedExpr) -> Any:
        """`(x := value)` records `value`."""
        node.value = self.visit(node.value)
        if node.target.id.startswith(TEMPORARY):
            return node
        span = self.source.span(node.target)
        if self.in_function and (self.plan.lines or span in self.plan.values):
            node.value = self.helper("record", node.value, self.site(span, node.target.id, "assign"), node.value)
        return node

    def visit_comprehension(self, node: ast.comprehension) -> Any:
        """The variables are recorded by conditions that always hold."""
        self.generic_visit(node)
        if self.in_function:
            node.ifs = [*self.elements(names(node.target, self.source), node.target, "assign"), *node.ifs]
        return node

    def visit_JoinedStr(self, node: ast.JoinedStr) -> Any:
        """Left alone: `ast` does not place what stands inside an f-string."""
        return node

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
