"""Conditions and what follows from them."""

from hfreader.analyzers.guards import MARK, implied


def test_what_follows_from_conditions_is_known():
    assert dict(implied({"not a and b": True})) == {"not a and b": True, "a": False, "b": True}
    assert dict(implied({"a or (b and c)": False})) == {"a or (b and c)": False, "a": False, "b and c": False}
    assert dict(implied({"a and b": False})) == {"a and b": False}
    assert dict(implied({f"a and self.b{MARK}7": True})) == {
        f"a and self.b{MARK}7": True,
        f"a{MARK}7": True,
        "self.b": True,
    }
