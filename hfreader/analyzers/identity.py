"""Which definitions are the same once the names of classes and functions are replaced, and where they correspond.

A definition is read as its tokens, without comments, docstrings, annotations and arguments of decorators. Names that
the same file defines stand for those definitions, whatever they are called; names that it imports stand for what they
import. Two definitions are identical when their tokens are, and those of every definition that they lead to.
"""

import hashlib
import re
from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from dataclasses import dataclass

import libcst as cst

from hfreader.analyzers.library import Library
from hfreader.analyzers.parsing import ParsedFile
from hfreader.analyzers.positions import Lines, Range

TOKEN = re.compile(
    r"""\#[^\n\r]*
      | [rRbBuUfF]{0,2}(?:\"{3}(?:\\.|[^\\])*?\"{3}|'{3}(?:\\.|[^\\])*?'{3}|"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*')
      | (?P<word>[^\W\d]\w*)
      | [0-9](?:[eE][+-]|[\w.])* | \S""",
    re.VERBOSE | re.DOTALL,
)


@dataclass(frozen=True)
class Definition:
    """One class, function or module-level assignment.

    digest      hash of its tokens, the names of `references` (qualified, of the same file) replaced by their numbers.
    tokens      offsets in the file at which each token starts and ends, one after the other.
    lines       those of the file.
    """

    qualified: str
    file: str
    digest: str
    references: tuple[str, ...]
    tokens: "array[int]"
    lines: Lines

    @property
    def module(self) -> str:
        """The module that it stands in."""
        return self.qualified.rpartition(".")[0]

    def locate(self, offset: int, *, ending: bool) -> tuple[int, int] | None:
        """The token in which an offset (at which something ends, or starts) lies, and how far in; None outside."""
        found = (bisect_left if ending else bisect_right)(self.tokens, offset) - 1
        return None if found < 0 or found % 2 else (found // 2, offset - self.tokens[found])

    def offset(self, token: int, within: int) -> int:
        """The offset that `locate` would find there."""
        return self.tokens[2 * token] + within

    def is_ending(self, token: int, within: int) -> bool:
        """Whether that is where the token ends."""
        return self.tokens[2 * token] + within == self.tokens[2 * token + 1]


@dataclass(frozen=True)
class Closure:
    """A definition with everything in its file that it leads to, in the order in which that is met; `digest` is the
    same for identical ones."""

    digest: str
    definitions: tuple[Definition, ...]


class Identities:
    """The definitions of a library, each read once."""

    def __init__(self, library: Library) -> None:
        self._library = library
        self._definitions: dict[str, Definition | None] = {}
        self._skipped: dict[str, list[Range]] = {}

    def closure(self, qualified: str) -> Closure | None:
        """The closure of a class or function, None where there is no such definition."""
        if (root := self.definition(qualified)) is None:
            return None
        order: dict[str, Definition] = {root.qualified: root}
        numbers: list[str] = []
        queue = [root]
        for one in queue:
            numbers.append(one.digest)
            for name in one.references:
                if name not in order and (found := self.definition(name)) is not None:
                    order[name] = found
                    queue.append(found)
        index = {name: str(number) for number, name in enumerate(order)}
        links = (" ".join(index.get(name, name) for name in one.references) for one in queue)
        digest = hashlib.sha256("\n".join((*numbers, *links)).encode()).hexdigest()
        return Closure(digest, tuple(order.values()))

    def definition(self, qualified: str) -> Definition | None:
        """The top-level definition of a name, or the one that it is part of."""
        if qualified not in self._definitions:
            self._definitions[qualified] = self._read(qualified)
        return self._definitions[qualified]

    def _read(self, qualified: str) -> Definition | None:
        place = self._library.place_of(qualified)
        if place is None:
            return None
        parsed, name = place[0], place[1].partition(".")[0]
        node = _node(parsed, name)
        if node is None:
            return None
        own = f"{parsed.module}.{name}"
        if own != qualified:
            return self.definition(own)
        skipped = sorted(parsed.positions.whole(one) for one in _skipped(node))
        tokens, texts = array("I"), [*parsed.stars]
        references: dict[str, int] = {}
        for start, end, text in _tokens(parsed, parsed.positions.whole(node), skipped):
            tokens.extend((start, end))
            texts.append(_meaning(parsed, text, references) if text else parsed.source[start:end])
        digest = hashlib.sha256("\n".join(texts).encode()).hexdigest()
        return Definition(own, parsed.file, digest, tuple(references), tokens, parsed.positions.lines)


def _node(parsed: ParsedFile, name: str) -> cst.CSTNode | None:
    return parsed.classes.get(name) or parsed.functions.get(name) or parsed.assignments.get(name)


def _tokens(parsed: ParsedFile, whole: Range, skipped: list[Range]) -> Iterator[tuple[int, int, str]]:
    """Start and end of each token, with its text where it is a name that stands for something at the top level."""
    rest = iter([*skipped, (len(parsed.source) + 1,) * 2])
    hidden = next(rest)
    after_dot = False
    for found in TOKEN.finditer(parsed.source, *whole):
        start, end = found.span()
        while start >= hidden[1]:
            hidden = next(rest)
        if start >= hidden[0] or parsed.source[start] == "#":
            continue
        word = found["word"]
        yield start, end, word if word and not after_dot else ""
        after_dot = end - start == 1 and parsed.source[start] == "."


def _meaning(parsed: ParsedFile, name: str, references: dict[str, int]) -> str:
    """What a name stands for at the top level of a file: a number for what the file itself defines."""
    if name in parsed.imports:
        return f"<{parsed.imports[name]}>"
    if _node(parsed, name) is None:
        return name
    return f"#{references.setdefault(f'{parsed.module}.{name}', len(references))}"


def _skipped(node: cst.CSTNode) -> Iterator[cst.CSTNode]:
    """What a definition computes without: docstrings, annotations, arguments of decorators."""
    if not isinstance(node, cst.ClassDef | cst.FunctionDef):
        return
    for decorator in node.decorators:
        if isinstance(decorator.decorator, cst.Call):
            yield from decorator.decorator.args
    if isinstance(node, cst.FunctionDef):
        if node.returns is not None:
            yield node.returns
        parameters = node.params
        every = [*parameters.posonly_params, *parameters.params, *parameters.kwonly_params, parameters.star_kwarg]
        every += [parameters.star_arg] if isinstance(parameters.star_arg, cst.Param) else []
        yield from (one.annotation for one in every if one is not None and one.annotation is not None)
    for index, statement in enumerate(node.body.body):
        if isinstance(statement, cst.ClassDef | cst.FunctionDef):
            yield from _skipped(statement)
        elif isinstance(statement, cst.SimpleStatementLine):
            small = statement.body[0]
            if index == 0 and isinstance(small, cst.Expr) and isinstance(small.value, cst.SimpleString):
                yield small
            if isinstance(small, cst.AnnAssign):
                yield small.annotation
