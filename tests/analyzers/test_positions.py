"""Positions agree with libcst's own provider, node by node."""

import libcst as cst
import pytest
from libcst.metadata import MetadataWrapper, PositionProvider

from hfreader.analyzers.positions import SPACE, Positions
from hfreader.facts.places import Span
from hfreader.source.installed import installed_snapshot

AWKWARD = '''# a comment before everything
@decorated(
    by=1,  # inside
)
class A (B, metaclass = C) :
    """Docstring
    over lines."""

    x: int = (1,
              (2))
    async def f(self, *a, b: "str" = 'é', **k) -> None :
        if (yes) : return  (a @ b) [1:2, ...]
        else:
            with open(x) as y , z: pass
        return lambda u : - ( u )  # end
    def g(self): x = f"{x!r:>{w}}" "joined" ; del x
'''


def agree(source: str) -> None:
    tree = cst.parse_module(source)
    positions = Positions(tree, source)
    for node, expected in MetadataWrapper(tree, unsafe_skip_copy=True).resolve(PositionProvider).items():
        # Of a last line without an end, libcst counts the end that it adds.
        if not isinstance(node, cst.Module) and type(node) not in SPACE:
            start, end = expected.start, expected.end
            assert positions[node] == Span(start.line, start.column, end.line, end.column), node


@pytest.mark.parametrize("ending", ["\n", "\r\n", "\r"])
def test_awkward_source(ending: str):
    agree(AWKWARD.replace("\n", ending))
    agree(AWKWARD.replace("\n", ending).rstrip())


@pytest.mark.parametrize("family", ["bert", "gpt2", "perceiver"])
def test_real_files(family: str):
    agree(installed_snapshot().path(f"models/{family}/modeling_{family}.py").read_text(encoding="utf-8"))


def test_the_text_of_an_expression_has_its_parentheses_and_its_place_does_not():
    tree = cst.parse_module("x = ( a + b ) * c\n")
    positions = Positions(tree, tree.code)
    product = tree.body[0].body[0].value
    assert positions.text(product.left) == "( a + b )"
    assert positions[product.left] == Span(1, 6, 1, 11)
    assert positions.text(product) == "( a + b ) * c"
