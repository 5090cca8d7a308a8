"""From the positions of Python's `ast` (UTF-8 bytes) to ours (characters, no parentheses round an expression)."""

import ast
import re

from hfreader.facts.places import Span

_LINE_END = re.compile(r"\r\n|\r|\n")
_FILLER = re.compile(r"(?:[\s\\]|#[^\n]*)*")
_FILLER_AT_END = re.compile(r"(?:[\s\\]|#[^\n]*)*\Z")


class SourceText:
    """The text of one file, asked for spans of its syntax nodes.

    Spans agree with libcst's PositionProvider: the parentheses of a tuple or of a generator expression do not
    belong to it, although `ast` counts them.
    """

    def __init__(self, text: str) -> None:
        self._lines = _LINE_END.split(text)

    def span(self, node: ast.expr | ast.stmt) -> Span:
        """The span of an expression or a statement (a decorated function begins at `def`)."""
        assert node.end_lineno is not None
        assert node.end_col_offset is not None
        span = Span(
            node.lineno,
            self._column(node.lineno, node.col_offset),
            node.end_lineno,
            self._column(node.end_lineno, node.end_col_offset),
        )
        if isinstance(node, ast.GeneratorExp) or (isinstance(node, ast.Tuple) and self._parenthesised(node, span)):
            return self._inside(span)
        return span

    def argument(self, node: ast.arg) -> Span:
        """The span of a parameter's name, without its annotation and stars."""
        column = self._column(node.lineno, node.col_offset)
        return Span(node.lineno, column, node.lineno, column + len(node.arg))

    def last_word(self, node: ast.pattern, word: str) -> Span:
        """The span of the name at the end of a pattern."""
        column = self._column(node.end_lineno, node.end_col_offset)
        return Span(node.end_lineno, column - len(word), node.end_lineno, column)

    def header(self, node: ast.stmt) -> Span:
        """The span of a simple statement; of a compound one, what stands before the colon."""
        whole = self.span(node)
        last = _last_of_header(node)
        if last is None:
            return whole
        if isinstance(last, int):
            return Span(whole.line, whole.column, whole.line, whole.column + last)
        end = self.span(last)
        return Span(whole.line, whole.column, end.end_line, end.end_column)

    def _column(self, line: int, offset: int) -> int:
        text = self._lines[line - 1]
        return offset if text.isascii() else len(text.encode()[:offset].decode())

    def text(self, span: Span) -> str:
        """What is written there."""
        lines = self._lines[span.line - 1 : span.end_line]
        lines[-1] = lines[-1][: span.end_column]
        lines[0] = lines[0][span.column :]
        return "\n".join(lines)

    def _parenthesised(self, node: ast.Tuple, span: Span) -> bool:
        """Whether the parenthesis at the start of a tuple is its own: it closes only at the tuple's end."""
        if not self.text(span).startswith("("):
            return False
        if not node.elts:
            return True
        depth, line, column = 0, span.line, span.column
        for element in node.elts:
            inner = self.span(element)
            depth = self._depth(Span(line, column, inner.line, inner.column), depth)
            if depth == 0:
                return False
            line, column = inner.end_line, inner.end_column
        return self._depth(Span(line, column, span.end_line, span.end_column - 1), depth) > 0

    def _depth(self, gap: Span, depth: int) -> int:
        """The depth of parentheses after a stretch between elements; 0 as soon as the first one has closed."""
        for character in re.sub(r"#[^\n]*", "", self.text(gap)):
            depth += (character == "(") - (character == ")")
            if character == ")" and depth == 0:
                return 0
        return depth

    def _inside(self, span: Span) -> Span:
        """`span` without its outer parentheses and the blanks next to them."""
        text = self.text(span)[1:-1]
        before = _FILLER.match(text)
        assert before is not None
        start = before.end()
        after = _FILLER_AT_END.search(text, start)
        assert after is not None
        end = after.start()
        line, column = _advance(span.line, span.column + 1, text[:start])
        return Span(line, column, *_advance(line, column, text[start:end]))


def _advance(line: int, column: int, text: str) -> tuple[int, int]:
    head, newline, tail = text.rpartition("\n")
    return (line + head.count("\n") + 1, len(tail)) if newline else (line, column + len(text))


def _last_of_header(node: ast.stmt) -> ast.expr | int | None:
    """The last expression before the colon, the length of the first words, or None for a simple statement."""
    if isinstance(node, ast.If | ast.While):
        return node.test
    if isinstance(node, ast.For | ast.AsyncFor):
        return node.iter
    if isinstance(node, ast.With | ast.AsyncWith):
        return node.items[-1].optional_vars or node.items[-1].context_expr
    if isinstance(node, ast.Match):
        return node.subject
    if isinstance(node, ast.Try | ast.TryStar):
        return len("try")
    if isinstance(node, ast.ClassDef):
        return len(f"class {node.name}")
    if isinstance(node, ast.FunctionDef):
        return node.returns or len(f"def {node.name}")
    if isinstance(node, ast.AsyncFunctionDef):
        return node.returns or len(f"async def {node.name}")
    return None
