import pytest

from hfreader.trace.symbols_records import general


@pytest.mark.parametrize(
    ("one", "other", "alike"),
    [
        ("encoder.layer.0.mlp", "encoder.layer.11.mlp", True),
        ("mlp.experts.expert_3", "mlp.experts.expert_12", True),
        ("0", "1", True),
        ("encoder.norm1", "encoder.norm2", False),
        ("encoder.layer.0.mlp", "encoder.layer.0.attention", False),
    ],
)
def test_layers_and_experts_are_alike_whatever_their_number(one, other, alike):
    first, second = (general(("what", path, 0, 1, "")) for path in (one, other))
    assert (first == second) is alike


def test_calls_and_repetitions_do_not_count_but_what_was_recorded_does():
    assert general(("what", "layer.0", 0, 1, "past.0.key")) == general(("what", "layer.0", 3, 2, "past.5.key"))
    assert general(("what", "layer.0", 0, 1, "")) != general(("else", "layer.0", 0, 1, ""))
