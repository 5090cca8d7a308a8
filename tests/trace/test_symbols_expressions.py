from hypothesis import given, settings
from hypothesis import strategies as st

from hfreader.trace.expressions import Atom, Explanations

B = Atom("B", (2, 3, 5, 1), length=True)
T = Atom("T", (7, 11, 9, 8), length=True)
PAST = Atom("T_past", (4, 3, 6, 5), length=True)
HEADS = Atom("heads", (6, 9, 6, 12))
KV = Atom("kv_heads", (3, 3, 2, 4))
WIDTH = Atom("head_dim", (4, 10, 14, 64))
ATOMS = (B, T, PAST, HEADS, KV, WIDTH)


def test_the_simplest_explanation_is_given():
    found = Explanations(ATOMS)
    for values, text in {
        (2, 3, 5, 1): "B",
        (11, 14, 15, 13): "T + T_past",
        (12, 27, 30, 12): "B*heads",
        (24, 90, 84, 768): "heads*head_dim",
        (2, 3, 3, 3): "heads/kv_heads",
        (18, 27, 18, 36): "3*heads",
        (8, 12, 10, 9): "T + 1",
        (2, 5, 7, 32): "head_dim/2",
        ((6 + 6) * 4, (9 + 6) * 10, (6 + 4) * 14, (12 + 8) * 64): "(heads + 2*kv_heads)*head_dim",
        (22, 42, 75, 13): "B*(T + T_past)",
    }.items():
        explanation = found.find(values)
        assert explanation is not None, text
        assert set(explanation.text.split(" ")) == set(text.split(" ")), explanation


def test_what_nothing_explains_has_no_name():
    assert Explanations(ATOMS).find((1, 17, 4, 99)) is None
    assert Explanations(ATOMS).find((7, 11, 9, 9)) is None, (
        "right in the runs that were made, wrong in the one labelled"
    )


def test_what_two_things_explain_has_no_name():
    twin = Atom("twin", HEADS.values)
    assert Explanations((*ATOMS, twin)).find(HEADS.values) is None


def test_a_size_that_does_not_vary_explains_nothing():
    assert Explanations((Atom("labels", (2, 2, 2, 2)),)).find((2, 2, 2, 2)) is None


sizes = st.lists(st.integers(2, 60), min_size=5, max_size=5, unique=True).map(tuple)


@settings(deadline=None)
@given(st.lists(sizes, min_size=3, max_size=5, unique=True))
def test_whatever_is_found_has_these_values(columns):
    atoms = [Atom(f"a{number}", values, length=number % 2 == 0) for number, values in enumerate(columns)]
    names = {atom.name: atom.values for atom in atoms}
    found = Explanations(atoms)
    for one in atoms:
        for other in atoms:
            wanted = tuple(a * b for a, b in zip(one.values, other.values, strict=True))
            explanation = found.find(wanted)
            if explanation is not None:
                for run, value in enumerate(wanted):
                    terms = {name: values[run] for name, values in names.items()}
                    assert eval(explanation.text, {}, terms) == value


def test_patches_with_the_token_of_the_whole_are_known_in_rows_put_end_to_end():
    batch, patches = Atom("B", (2, 3, 5, 1), length=True), Atom("patches", (9, 25, 16, 196))
    rows = tuple(each * (some + 1) for each, some in zip(batch.values, patches.values, strict=True))
    found = Explanations((batch, patches, Atom("hidden", (64, 48, 80, 768)))).find(rows)
    assert found is not None and (found.text, found.atoms) == ("B*(patches + 1)", ("B", "patches"))


def test_one_less_than_what_a_power_of_two_is_divided_into():
    factor = Atom("factor", (8, 8, 16, 8, 8))
    atoms = (factor, Atom("B", (2, 3, 2, 2, 2), length=True))
    found = Explanations(atoms, any_constant=True).find((15, 15, 7, 15, 15))
    assert found is not None and found.text == "128/factor - 1"
    assert Explanations(atoms).find((15, 15, 7, 15, 15)) is None
    assert Explanations(atoms, any_constant=True).find((13, 13, 6, 13, 13)) is None, "14 halved is 7"
    assert Explanations(atoms, any_constant=True).find((11, 11, 5, 11, 11)) is None, "12 is no power of two"


def test_a_quotient_of_two_sizes_with_a_large_constant_is_not_believed():
    keys, latents = Atom("keys", (16, 8, 16, 16, 16)), Atom("latents", (256, 256, 128, 256, 256))
    explanations = Explanations((keys, latents), any_constant=True)
    near = explanations.find((2, 1, 4, 2, 2))
    assert near is not None and near.text == "32*keys/latents"
    assert explanations.find((512, 256, 1024, 512, 512)) is None


def test_a_head_that_three_axes_share_in_pairs_has_names_for_the_shares_and_the_rest():
    """As in `2 * ((head_dim // 3) // 2)`, with heads too narrow for it too."""
    head = Atom("head_dim", (16, 8, 4, 32, 20), head=True)
    found = Explanations((head, Atom("B", (2, 3, 2, 2, 2), length=True)), any_constant=True)
    shares, rest = [width // 6 for width in head.values], [width % 6 for width in head.values]
    for values, text in {
        tuple(shares): "floor(head_dim/6)",
        tuple(2 * share for share in shares): "2*floor(head_dim/6)",
        tuple(rest): "head_dim - 6*floor(head_dim/6)",
    }.items():
        assert (explanation := found.find(values)) is not None and explanation.text == text
    assert found.find((2, 1, 0, 4, 3)) is None
