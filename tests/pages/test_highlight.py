import io
import tokenize
from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hfreader.pages.highlight import Mark, Stretch, code_html, scan
from hfreader.pages.identifiers import Find, identifiers


def of(*names: str) -> Find:
    return identifiers(names, {}, lambda *_: None)


KINDS = {tokenize.STRING: "s", tokenize.COMMENT: "c", tokenize.NUMBER: "m"}
PIECES = (
    "name",
    " ",
    "\n",
    "def ",
    "class ",
    '"text # no comment"',
    "'it\\'s'",
    '"""over\ntwo lines"""',
    "r'\\d+'",
    "# remark 'quoted'",
    "0xff",
    "1_000.5e-3",
    "12j",
    "<script>",
    "&",
    ".5",
    "a.b",
    "(",
    ")",
    "é",
)


class TextOf(HTMLParser):
    def __init__(self):
        super().__init__()
        self.text = ""

    def handle_data(self, data):
        self.text += data


def text_of(html: str) -> str:
    parser = TextOf()
    parser.feed(html)
    parser.close()
    return parser.text


def tokenized(source: str) -> set[tuple[int, int, int, str]]:
    """What `tokenize` says of strings, comments and numbers, line by line."""
    lines, found = source.split("\n"), set()
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        kind = KINDS.get(token.type)
        for line in range(token.start[0], token.end[0] + 1) if kind else ():
            start = token.start[1] if line == token.start[0] else 0
            end = token.end[1] if line == token.end[0] else len(lines[line - 1])
            if start < end:
                found.add((line, start, end, kind))
    return found


def scanned(source: str) -> set[tuple[int, int, int, str]]:
    return {
        (number, stretch.start, stretch.end, stretch.kind)
        for number, line in enumerate(scan(source), 1)
        for stretch in line
        if stretch.kind in KINDS.values()
    }


@pytest.mark.parametrize(
    "source",
    [
        'x = "a" \'b\' # c "d"\n',
        '"""doc\nstring with \\""" and # hash\n"""\ny = 1\n',
        "rb'x'; Rb\"y\"; bR'z'; u'w'\n",
        "a = 0xFF + 0b11 + 0o7 + 1_000 + 1e-5 + .5 + 3. + 2j + x1\n",
        "s = 'continued \\\n line'\n",
    ],
)
def test_scanner_finds_what_tokenize_finds(source: str):
    assert scanned(source) == tokenized(source)


def test_keywords_and_defined_names():
    assert scan("def f(self): return Foo")[0] == [Stretch(0, 3, "k"), Stretch(4, 5, "d"), Stretch(13, 19, "k")]


def test_known_names_link_where_they_are_used_and_not_where_they_are_defined_or_attributes():
    html = code_html("x = Foo(self.Foo)", scan("x = Foo(self.Foo)", of("Foo"))[0])
    assert html == 'x = <a href="#Foo">Foo</a>(self.Foo)'
    assert "<a" not in code_html("class Foo:", scan("class Foo:", of("Foo"))[0])


@given(st.lists(st.sampled_from(PIECES), max_size=12).map("".join), st.data())
def test_html_holds_exactly_the_text(source: str, data: st.DataObject):
    for text, stretches in zip(source.split("\n"), scan(source, of("name")), strict=True):
        edges = sorted(set(data.draw(st.lists(st.integers(0, len(text)), max_size=6))))
        marks = [Mark(a, b, ' class="t1 s1"') for a, b in zip(edges[::2], edges[1::2], strict=False)]
        html = code_html(text, stretches, marks)
        assert text_of(html) == text
        assert "<script>" not in html
        assert html.count("<b ") == len(marks)


def test_keywords_side_by_side_are_one_stretch():
    text = "if a is not None and b not  in c:"
    assert [text[each.start : each.end] for each in scan(text)[0]] == ["if", "is not None and", "not", "in"]
    assert [len(line) for line in scan("return\nNone")] == [1, 1]
