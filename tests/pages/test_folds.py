from hypothesis import given
from hypothesis import strategies as st

from hfreader.facts.analysis import Aside
from hfreader.facts.places import Span
from hfreader.pages.folds import Fold, folds
from hfreader.pages.language import in_language


def aside(first: int, last: int) -> Aside:
    return Aside("check", Span(first, 4, last, 9))


def test_a_fold_says_how_many_lines_follow_its_first():
    assert folds([aside(3, 4), aside(6, 9)], 1, 20) == (
        Fold(3, 4, "⋯ 1 more line: only checks"),
        Fold(6, 9, "⋯ 3 more lines: only checks"),
    )
    with in_language("zh"):
        assert folds([aside(3, 5)], 1, 20)[0].said == "⋯ 另有 2 行: 仅作检查"


def test_nothing_is_folded_that_is_one_line_or_holds_what_is_told_of_it():
    assert folds([aside(3, 3)], 1, 20) == ()
    assert folds([aside(3, 6)], 1, 20, {6}) == ()
    assert folds([aside(3, 6)], 1, 5) == folds([aside(3, 6)], 4, 9) == ()


@given(st.lists(st.tuples(st.integers(1, 40), st.integers(0, 9))), st.sets(st.integers(1, 50)))
def test_folds_lie_within_their_lines_and_hold_nothing_that_is_shown(spans: list[tuple[int, int]], shown: set[int]):
    found = folds([aside(first, first + more) for first, more in spans], 5, 30, shown)
    assert all(5 <= fold.first < fold.last <= 30 for fold in found)
    assert not shown & {line for fold in found for line in range(fold.first, fold.last + 1)}
