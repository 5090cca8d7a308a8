"""Where something stands in the source.

Places are made and compared by the million, so they are msgspec's structs, which are as frozen dataclasses are and many
times as fast to make and to hash.
"""

from msgspec import Struct


class Span(Struct, frozen=True, order=True):
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


class Place(Struct, frozen=True, order=True):
    """A span in a file; `file` is relative to the transformers package (`models/bert/modeling_bert.py`)."""

    file: str
    span: Span

    def holds(self, other: "Place") -> bool:
        """Whether another place lies within this one, or is the same."""
        return self.file == other.file and self.span.holds(other.span)
