"""What comparisons say of themselves."""

from hfreader.facts.comparison import Change, product


def test_sizes_are_told_as_a_product():
    assert product((768, None, 3072)) == "768 × ? × 3,072"
    assert product(()) == product(None) == ""


def test_signs_of_changes():
    assert [Change(kind, "x", "x").sign for kind in ("added", "removed", "replaced", "setting")] == ["+", "−", "→", "·"]
