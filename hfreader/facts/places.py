"""Where something stands in the source."""

from dataclasses import dataclass


@dataclass(frozen=True, order=True)
class Span:
    """A stretch of source text.

    Lines count from 1, columns from 0 in characters, the end is exclusive: the convention of libcst's
    PositionProvider (parentheses around an expression are outside its span).
    """

    line: int
    column: int
    end_line: int
    end_column: int


@dataclass(frozen=True, order=True)
class Place:
    """A span in a file; `file` is relative to the transformers package (`models/bert/modeling_bert.py`)."""

    file: str
    span: Span
