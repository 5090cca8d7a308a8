"""The reference that the attentions share."""

import pytest
import torch

from hfreader.concepts.attentions import reference
from hfreader.concepts.model import Chosen, NotCovered, SwitchedOff

QUERY, KEY, VALUE = torch.randn(3, 2, 4, 5, 8, generator=torch.Generator().manual_seed(0), dtype=torch.float64)


def test_the_root_of_the_width_scales():
    expected = torch.nn.functional.scaled_dot_product_attention(QUERY, KEY, VALUE)
    for scale in (None, 8**-0.5, 8**0.5):
        torch.testing.assert_close(reference(QUERY, KEY, VALUE, scale=scale)["output"], expected)


@pytest.mark.parametrize(
    ("scale", "said"),
    [(8, "by d_k itself"), (1 / 8, "by d_k itself"), (2.0, "root of half"), (0.5, "root of half")],
)
def test_the_width_itself_and_the_root_of_half_of_it_are_other_equations(scale: float, said: str):
    with pytest.raises(NotCovered, match=said):
        reference(QUERY, KEY, VALUE, scale=scale)


def test_a_scale_that_the_configuration_sets_is_taken():
    expected = torch.nn.functional.scaled_dot_product_attention(QUERY, KEY, VALUE, scale=1 / 8)
    torch.testing.assert_close(reference(QUERY, KEY, VALUE, scale=Chosen(1 / 8))["output"], expected)


def test_the_scale_one_is_none():
    with pytest.raises(SwitchedOff):
        reference(QUERY, KEY, VALUE, scale=1)
