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

    def holds(self, other: "Span") -> bool:
        """Whether another span lies within this one, or is the same."""
        begins = (self.line, self.column) <= (other.line, other.column)
        return begins and (other.end_line, other.end_column) <= (self.end_line, self.end_column)


@dataclass(frozen=True, order=True)
class Place:
    """A span in a file; `file` is relative to the transformers package (`models/bert/modeling_bert.py`)."""

    file: str
    span: Span

    def holds(self, other: "Place") -> bool:
        """Whether another place lies within this one, or is the same."""
        return self.file == other.file and self.span.holds(other.span)
