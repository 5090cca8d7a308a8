"""Where every node of a libcst tree stands in its source."""

import re
from array import array
from bisect import bisect_right
from functools import cached_property
from types import TracebackType

import libcst as cst
from libcst._nodes.internal import CodegenState

from hfreader.facts.places import Span

Range = tuple[int, int]
# What is half of all nodes, and never asked for.
SPACE = frozenset(
    (cst.SimpleWhitespace, cst.ParenthesizedWhitespace, cst.TrailingWhitespace, cst.EmptyLine, cst.Newline)
)
NEWLINE = re.compile(r"\r\n?|\n")


class Lines:
    """Where the lines of a source begin: between offsets, and lines and columns."""

    def __init__(self, source: str) -> None:
        self._starts = array("I", [0, *(newline.end() for newline in NEWLINE.finditer(source))])

    def span(self, start: int, end: int) -> Span:
        """Two offsets as a span."""
        first, last = bisect_right(self._starts, start), bisect_right(self._starts, end)
        return Span(first, start - self._starts[first - 1], last, end - self._starts[last - 1])

    def offsets(self, span: Span) -> Range:
        """A span as two offsets."""
        return self._starts[span.line - 1] + span.column, self._starts[span.end_line - 1] + span.end_column


class Positions:
    """The span of every node of a tree, by libcst's convention (`PositionProvider`), worked out when first asked for.

    libcst's own provider gives the same spans at several times the cost of parsing: it copies and visits the tree, and
    counts lines and columns at every token where the offset alone is enough.
    """

    def __init__(self, tree: cst.Module, source: str) -> None:
        self._tree = tree
        self._source = source
        self._spans: dict[int, Span] = {}

    @cached_property
    def _recorded(self) -> "_Recorder":
        recorder = _Recorder(self._tree.default_indent, self._tree.default_newline)
        self._tree._codegen(recorder)
        return recorder

    @cached_property
    def lines(self) -> "Lines":
        """The lines of the source."""
        return Lines(self._source)

    def __getitem__(self, node: cst.CSTNode) -> Span:
        span = self._spans.get(id(node))
        if span is None:
            span = self._spans[id(node)] = self.lines.span(*self._recorded.syntactic[id(node)])
        return span

    def whole(self, node: cst.CSTNode) -> Range:
        """Offsets of a node with the parentheses around it."""
        return self._recorded.whole.get(id(node)) or self._recorded.syntactic[id(node)]

    def text(self, node: cst.CSTNode) -> str:
        """The source text of an expression, its parentheses included, as it stands in the file."""
        start, end = self.whole(node)
        return self._source[start:end]


class _Recorder(CodegenState):
    """Follows libcst's code generation, which goes through the nodes in the order of the source, and notes offsets.

    syntactic  offsets without parentheses and surrounding whitespace; `whole` with them, where they differ.
    """

    def __init__(self, default_indent: str, default_newline: str) -> None:
        super().__init__(default_indent, default_newline)
        self.offset = 0
        self.syntactic: dict[int, Range] = {}
        self.whole: dict[int, Range] = {}
        self._starts: list[int] = []

    def add_indent_tokens(self) -> None:
        for token in self.indent_tokens:
            self.offset += len(token)

    def add_token(self, value: str) -> None:
        self.offset += len(value)

    def pop_trailing_newline(self) -> None:
        """The last token is taken back by the module itself; nothing is recorded after it."""

    def before_codegen(self, node: cst.CSTNode) -> None:
        self._starts.append(self.offset)

    def after_codegen(self, node: cst.CSTNode) -> None:
        here = self._starts.pop(), self.offset
        if type(node) in SPACE:
            return
        known = self.syntactic.setdefault(id(node), here)
        if known != here:
            self.whole[id(node)] = here

    def record_syntactic_position(  # type: ignore[override]
        self, node: cst.CSTNode, *, start_node: cst.CSTNode | None = None, end_node: cst.CSTNode | None = None
    ) -> "_Recording":
        return _Recording(self, node, start_node, end_node)


class _Recording:
    """The stretch of code generation that makes the syntactic part of a node."""

    __slots__ = ("end_node", "node", "recorder", "start", "start_node")

    def __init__(
        self, recorder: _Recorder, node: cst.CSTNode, start_node: cst.CSTNode | None, end_node: cst.CSTNode | None
    ) -> None:
        self.recorder, self.node, self.start_node, self.end_node = recorder, node, start_node, end_node

    def __enter__(self) -> None:
        self.start = self.recorder.offset

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        known = self.recorder.syntactic
        start = self.start if self.start_node is None else known[id(self.start_node)][0]
        end = self.recorder.offset if self.end_node is None else known[id(self.end_node)][1]
        known[id(self.node)] = start, end
