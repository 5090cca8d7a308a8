"""Submodules as an equation sees them."""

import torch
from torch import nn
from transformers.pytorch_utils import Conv1D

from hfreader.trace.module_views import view


def test_a_linear_map_has_one_convention_whatever_class_stores_it():
    torch.manual_seed(0)
    x, linear, conv = torch.randn(2, 3), nn.Linear(3, 4), Conv1D(4, 3)
    for module in (linear, conv):
        seen = view(module)
        assert seen.weight is not None and seen.bias is not None
        torch.testing.assert_close(x @ seen.weight + seen.bias, module(x))


def test_a_norm_tells_its_epsilon_and_a_function_has_no_parameters():
    assert view(nn.LayerNorm(3, eps=0.25)).eps == 0.25
    assert view(torch.relu).weight is None and view(torch.relu).eps is None


def test_a_module_that_works_in_place_changes_nothing_that_was_captured():
    value, named = torch.tensor([-1.0, 2.0]), torch.tensor([-3.0, 4.0])
    assert view(nn.ReLU(inplace=True))(value).tolist() == [0.0, 2.0]
    assert view(lambda value: value.clamp_(min=0))(value=named).tolist() == [0.0, 4.0]
    assert value.tolist() == [-1.0, 2.0] and named.tolist() == [-3.0, 4.0]
