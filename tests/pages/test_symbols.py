from dataclasses import replace
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from hfreader.facts.matches import Binding
from hfreader.facts.places import Place, Span
from hfreader.pages.symbols import Overlay, number_symbols
from tests.pages import toy

TEXT = "    weights = matmul(query, key) * scale"


def overlay(**tokens: tuple[int, int]) -> tuple[Overlay, dict[str, int]]:
    """An overlay of symbols of the toy concept at columns of line 1."""
    bindings = tuple(Binding(name, (Place("f.py", Span(1, a, 1, b)),)) for name, (a, b) in tokens.items())
    uses = number_symbols([replace(toy.match(), bindings=bindings)], toy.CONCEPTS)
    return Overlay(uses), {use.symbol.name: use.number for use in uses[0].symbols}


def columns(part: str) -> tuple[int, int]:
    return TEXT.index(part), TEXT.index(part) + len(part)


def test_every_symbol_of_a_match_has_its_own_number_and_the_same_tokens_have_the_same_everywhere():
    moved = replace(toy.match("eager_attention_forward"), bindings=toy.match().bindings[:2])
    first, second = number_symbols([toy.match(), moved], toy.CONCEPTS)
    count = len(toy.CONCEPT.symbols)
    assert [symbol.number for symbol in first.symbols] == list(range(count))
    assert [symbol.number for symbol in second.symbols] == [0, 1, *range(count, 2 * count - 2)]


def test_symbols_of_one_match_on_the_same_tokens_stay_apart():
    key, value = toy.match().bindings[:2]
    alike = replace(toy.match(), bindings=(key, replace(value, tokens=key.tokens)))
    for use in number_symbols([alike, alike], toy.CONCEPTS):
        assert len({symbol.number for symbol in use.symbols}) == len(use.symbols)


def test_a_token_that_two_matches_share_lights_once():
    laid = Overlay(number_symbols([toy.match(), toy.match()], toy.CONCEPTS))
    assert laid.at(toy.match().bindings[0].tokens[0]) == (0,)


def test_inner_token_alone_is_pointed_at_though_the_outer_lights_too():
    laid, numbers = overlay(output=columns("matmul(query, key)"), query=columns("query"))
    marks = {TEXT[mark.start : mark.end]: mark.attributes for mark in laid.marks("f.py", 1, TEXT)}
    outer, inner = numbers["output"], numbers["query"]
    assert list(marks) == ["matmul(", "query", ", key)"]
    assert marks["matmul("] == f' class="t{outer}"'
    assert set(marks["query"].split('"')[1].split()) == {f"t{inner}", f"s{outer}"}


def test_the_same_token_may_carry_two_symbols():
    laid, numbers = overlay(key=columns("key"), query=columns("key"))
    (mark,) = laid.marks("f.py", 1, TEXT)
    assert {f"t{numbers['key']}", f"t{numbers['query']}"} <= set(mark.attributes.split('"')[1].split())


def test_tokens_over_several_lines_leave_out_the_indentation():
    place = Place("f.py", Span(1, 14, 2, 20))
    uses = number_symbols([replace(toy.match(), bindings=(Binding("output", (place,)),))], toy.CONCEPTS)
    laid = Overlay(uses)
    assert [(mark.start, mark.end) for mark in laid.marks("f.py", 1, TEXT)] == [(14, len(TEXT))]
    assert [(mark.start, mark.end) for mark in laid.marks("f.py", 2, "        key).view()  ")] == [(8, 20)]


@given(
    st.dictionaries(
        st.sampled_from(["query", "key", "scale", "output"]), st.tuples(st.integers(0, 20), st.integers(21, 40))
    )
)
def test_marks_never_overlap_and_cover_every_token(tokens: dict[str, tuple[int, int]]):
    laid, numbers = overlay(**tokens)
    text = "x" * 40
    marks = laid.marks("f.py", 1, text)
    assert all(first.end <= second.start for first, second in pairwise(marks))
    for name, (start, end) in tokens.items():
        classes = {f"s{numbers[name]}", f"t{numbers[name]}"}
        covered = [mark for mark in marks if classes & set(mark.attributes.split('"')[1].split())]
        assert sum(mark.end - mark.start for mark in covered) == end - start
