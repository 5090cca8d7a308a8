"""Links from prose to lines of the source, written by what stands there and never by number.

In Markdown, `[the scores](hf:models/bert#BertSelfAttention.forward "softmax(")` leads to the first line of that method
that holds `softmax(`, wherever it stands in the version that was read. Before `#` stands a file relative to the
transformers package, where `models/bert` is short for `models/bert/modeling_bert.py`; after it a class, function,
method, or an attribute that the class assigns; the title is text to be found within it. The last two can be left out.
"""

import ast
import re
from collections.abc import Callable, Collection, Iterator
from functools import lru_cache
from pathlib import Path

from markupsafe import Markup, escape

from hfreader.errors import HfreaderError
from hfreader.facts.places import Place, Span
from hfreader.facts.snapshot import Snapshot
from hfreader.pages.book import address, page_of

SCHEME = "hf:"
_LINK = re.compile(r'<a href="hf:(?P<target>[^"]*)"(?: title="(?P<text>[^"]*)")?>(?P<inside>.*?)</a>', re.DOTALL)


def resolve_links(html: str, page: str, snapshot: Snapshot, pages: Collection[str], tell: Callable[[str], None]) -> str:
    """The HTML of `page` with every `hf:` link resolved. `pages` are those that the site has.

    A file without a page leads upstream; where nothing is known upstream, the link becomes its text with file and
    line. A link to what is not there stays as plain text, and `tell` gets one sentence.
    """

    def replaced(found: re.Match[str]) -> str:
        text = Markup(found["text"]).unescape() if found["text"] else ""
        try:
            place, anchor = find(found["target"], text, snapshot)
        except HfreaderError as error:
            tell(f"the link {SCHEME}{found['target']} leads nowhere: {error}")
            return f'<span class="hf-nowhere">{found["inside"]}</span>'
        return _link(found["inside"], place, anchor, page, snapshot, pages)

    return _LINK.sub(replaced, html)


def find(target: str, text: str, snapshot: Snapshot) -> tuple[Place, str]:
    """The line that a link means, and its anchor on the page of its file; HfreaderError where there is none."""
    file, _, name = target.partition("#")
    file = source_file(file)
    path = snapshot.path(file)
    if not path.is_file():
        raise HfreaderError(f"transformers {snapshot.version} has no file {file}")
    lines, tree = _parsed(path)
    first, begin, end = _span(tree, name.split("."), file) if name else (1, 1, len(lines))
    if not text:
        whole = not name or "." not in name
        return _line(file, begin), name if whole else f"L{begin}"
    number = next((number for number in range(first, end + 1) if text in lines[number - 1]), None)
    if number is None:
        raise HfreaderError(f"no line of {name or file} holds {text!r} in transformers {snapshot.version}")
    return _line(file, number), f"L{number}"


def source_file(short: str) -> str:
    """The file that a link names: `models/bert` stands for `models/bert/modeling_bert.py`."""
    return short if short.endswith(".py") else f"{short}/modeling_{short.rpartition('/')[2]}.py"


def _link(inside: str, place: Place, anchor: str, page: str, snapshot: Snapshot, pages: Collection[str]) -> str:
    line = place.span.line
    where = f"{place.file}:{line}"
    own = page_of(place.file)
    if own in pages:
        shown = f' data-line="{line}"' if anchor == f"L{line}" else ""
        href = address(f"{own}#{anchor}" if anchor else own, page)
        return f'<a class="hf-line" href="{escape(href)}" title="{escape(where)}"{shown}>{inside}</a>'
    upstream = snapshot.link(place.file, place.span)
    if upstream is None:
        name = f"{place.file.rpartition('/')[2]}:{line}"
        return f'{inside} <small class="hf-absent" title="{escape(where)}">({escape(name)})</small>'
    return f'<a class="hf-line hf-upstream" href="{escape(upstream)}" title="{escape(where)}">{inside}</a>'


def _line(file: str, number: int) -> Place:
    return Place(file, Span(number, 0, number, 0))


@lru_cache(maxsize=64)
def _parsed(path: Path) -> tuple[list[str], ast.Module]:
    text = path.read_text(encoding="utf-8")
    return text.split("\n"), ast.parse(text)


def _span(tree: ast.Module, names: list[str], file: str) -> tuple[int, int, int]:
    """The line of the first decorator, the first and the last of a dotted name; HfreaderError where it is not
    defined."""
    inside: ast.Module | ast.stmt = tree
    for depth, name in enumerate(names):
        held = next(_definitions(inside, name), None)
        if held is None and depth and depth == len(names) - 1:
            held = next(_assignments(inside, name), None)
        if held is None:
            raise HfreaderError(f"{file} defines no {'.'.join(names[: depth + 1])}")
        inside = held
    assert isinstance(inside, ast.stmt)
    above = [one.lineno for one in getattr(inside, "decorator_list", ())]
    return min([inside.lineno, *above]), inside.lineno, inside.end_lineno or inside.lineno


def _definitions(inside: ast.AST, name: str) -> Iterator[ast.stmt]:
    """The classes and functions of this name directly inside a node."""
    for node in ast.iter_child_nodes(inside):
        if isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef) and node.name == name:
            yield node


def _assignments(owner: ast.AST, attribute: str) -> Iterator[ast.stmt]:
    """The statements of a class that assign `self.<attribute>`, or `<attribute>` in its body."""
    for node in ast.walk(owner):
        match node:
            case ast.Assign(targets=[ast.Attribute(attr=name) | ast.Name(id=name), *_]) if name == attribute:
                yield node
            case ast.AnnAssign(target=ast.Attribute(attr=name) | ast.Name(id=name)) if name == attribute:
                yield node
