"""Rewrite a source file so that its functions report what they compute.

Only the syntax tree is changed, never the text: every node keeps its line, so tracebacks and positions stay those of
the file. The calls that are put in name their helper by a string constant (`rewrite_plan.HELPERS`), in whose place
`hfreader.trace.swap` puts the helper itself: nothing is added to any namespace. The helpers are:

    record(site, value) -> value        element(site, value) -> True        hit(statement)
    inplace(site, method, *args)        call(site, function, *args)         enter(root, self) -> context manager
    forward(self, names, values) -> context manager
    operand(condition, site, value) -> value        branch(condition, value) -> whether it holds
"""

import ast
import warnings
from dataclasses import dataclass
from types import CodeType

from hfreader.facts.places import Span
from hfreader.trace.rewrite_functions import Functions
from hfreader.trace.rewrite_plan import Plan, Site
from hfreader.trace.spans import SourceText


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
    rewriter = Functions(SourceText(text), plan, first_site, first_statement)
    original = compile(text, filename, "exec", dont_inherit=True)
    tree: ast.Module = ast.fix_missing_locations(rewriter.visit(ast.parse(text, filename)))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", SyntaxWarning)
        rewritten = compile(tree, filename, "exec", dont_inherit=True)
    return Rewritten(original, rewritten, tuple(rewriter.sites), tuple(rewriter.statements))
