from hypothesis import given
from hypothesis import strategies as st

from hfreader.errors import suggestion


def test_the_nearest_names_are_offered_in_their_own_spelling():
    assert suggestion("BRET", ["bert", "gpt2", "Beret"]) == "; did you mean Beret, bert?"


def test_dotted_names_that_begin_or_end_with_it_come_first():
    known = ["self", "encoder.layer.0.self", "self.query"]
    assert suggestion("self", known) == "; did you mean encoder.layer.0.self, self.query, self?"


def test_where_nothing_is_near_another_remedy_is_given():
    assert suggestion("xyz", ["bert"]) == ""
    assert suggestion("xyz", ["bert"], "look there") == "; look there"


@given(st.lists(st.text("abc.", min_size=1, max_size=6)), st.text("abc.", min_size=1, max_size=6))
def test_at_most_three_known_names_are_offered(known, name):
    offered = suggestion(name, known)
    names = offered.removeprefix("; did you mean ").removesuffix("?").split(", ") if offered else []
    assert len(names) <= 3
    assert {*names} <= {*known}
