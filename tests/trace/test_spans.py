import ast

import libcst as cst
import pytest
from libcst.metadata import MetadataWrapper, PositionProvider

from hfreader.facts.places import Span
from hfreader.trace.spans import SourceText

TRICKY = """
def f(a: int, *b, c=(1), **d):
    x = (a, b)
    y = (a), b
    z = ((a), (b), )
    w = ( # a comment with )
        a, (b), # and (
        "ü", (c)
    )
    v = f(x for x in y), (x for x in y), ( x for x in y ), ()
    x[a, (b)] = x[(a, b)][1:2, ...]
    (x), (y,) = ((a, b), (c)), ("(",)
    return ((a)), (lambda q: (q, q)), not a, -(-a), (a if b else c), "a" "b", [a, (b)], {(a): b}, (yield), (w := 1)
"""


def libcst_spans(text):
    positions = MetadataWrapper(cst.parse_module(text), unsafe_skip_copy=True).resolve(PositionProvider)
    return {
        Span(at.start.line, at.start.column, at.end.line, at.end.column)
        for node, at in positions.items()
        if isinstance(node, cst.BaseExpression | cst.Name)
    }


def our_spans(text):
    source = SourceText(text)
    tree = ast.parse(text)
    skipped = [node for node in ast.walk(tree) if isinstance(node, ast.JoinedStr)]
    skipped = {id(part) for node in skipped for part in ast.walk(node)}
    skipped |= {id(node.slice) for node in ast.walk(tree) if isinstance(node, ast.Subscript)}  # no tuple in libcst
    nodes = [node for node in ast.walk(tree) if id(node) not in skipped]
    expressions = {
        node for node in nodes if isinstance(node, ast.expr) and not isinstance(node, ast.Starred | ast.Slice)
    }
    return {source.span(node) for node in expressions} | {
        source.argument(node) for node in nodes if isinstance(node, ast.arg)
    }


@pytest.mark.parametrize("file", [None, "models/bert/modeling_bert.py", "models/t5/modeling_t5.py"])
def test_expressions_lie_where_libcst_sees_them(package, file):
    text = TRICKY if file is None else (package / file).read_text(encoding="utf-8")
    assert our_spans(text) - libcst_spans(text) == set()


@pytest.mark.parametrize(
    ("statement", "end"),
    [
        ("if a and (b):\n    pass", 12),
        ("for x in [1]:\n    pass", 12),
        ("with a as b:\n    pass", 11),
        ("while a: pass", 7),
        ("try:\n    pass\nfinally:\n    pass", 3),
        ("@mark\ndef f(a): pass", 5),
        ("class C(D): pass", 7),
        ("x = f(\n  1)", 4),
    ],
)
def test_a_header_ends_before_the_colon(statement, end):
    assert SourceText(statement).header(ast.parse(statement).body[0]).end_column == end
