"""Spans and places lie within one another by line first, then by column, and only in one file."""

from hypothesis import given
from hypothesis import strategies as st

from hfreader.facts.places import Place, Span

small = st.integers(0, 3)
positions = st.tuples(small, small)
spans = st.tuples(positions, positions).map(sorted).map(lambda ends: Span(*ends[0], *ends[1]))


def test_a_span_of_several_lines_holds_what_begins_after_its_column_on_the_first_line() -> None:
    outer = Span(2, 4, 5, 3)
    assert outer.holds(Span(2, 4, 5, 3))
    assert outer.holds(Span(3, 0, 4, 90))
    assert not outer.holds(Span(2, 3, 3, 0))
    assert not outer.holds(Span(4, 0, 5, 4))


def test_places_of_two_files_never_hold_one_another() -> None:
    span = Span(1, 0, 2, 0)
    assert Place("a.py", span).holds(Place("a.py", span))
    assert not Place("a.py", span).holds(Place("b.py", span))


@given(spans, spans, spans)
def test_holding_is_an_order(one: Span, other: Span, third: Span) -> None:
    assert one.holds(one)
    assert not (one.holds(other) and other.holds(one)) or one == other
    assert not (one.holds(other) and other.holds(third)) or one.holds(third)
