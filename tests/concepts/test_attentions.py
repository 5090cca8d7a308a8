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


@pytest.mark.parametrize("scale", [8, 1 / 8])
def test_the_width_itself_is_another_equation(scale: float):
    with pytest.raises(NotCovered, match="divided by d_k itself"):
        reference(QUERY, KEY, VALUE, scale=scale)


def test_a_scale_that_the_configuration_sets_is_taken():
    expected = torch.nn.functional.scaled_dot_product_attention(QUERY, KEY, VALUE, scale=1 / 8)
    torch.testing.assert_close(reference(QUERY, KEY, VALUE, scale=Chosen(1 / 8))["output"], expected)


def test_the_scale_one_is_none():
    with pytest.raises(SwitchedOff):
        reference(QUERY, KEY, VALUE, scale=1)
