"""Models whose numbers hardly matter."""

import pytest
import torch
from torch import nn
from transformers import initialization

from hfreader.errors import HfreaderError
from hfreader.trace.drawing import SMALL, SPREAD, at_most, shared


def layers() -> nn.Sequential:
    return nn.Sequential(nn.Embedding(200, 100, padding_idx=0), nn.Linear(100, 300), nn.LayerNorm(300))


def test_large_parameters_share_their_numbers():
    with shared():
        model = layers()
        nn.init.zeros_(model[1].weight)
    table, weight = model[0].weight, model[1].weight
    assert table.untyped_storage().data_ptr() == weight.untyped_storage().data_ptr()
    assert not torch.equal(table.flatten()[:100], weight.flatten()[:100])
    assert float(weight.detach().std()) == pytest.approx(SPREAD, rel=0.1)
    assert weight.is_leaf and weight.requires_grad and isinstance(weight, nn.Parameter)


def test_transformers_initialises_the_other_parameters_alone():
    with shared():
        model = layers()
        initialization.trunc_normal_(model[1].weight, std=50.0)
        initialization.trunc_normal_(model[2].weight, std=50.0)
    assert float(model[1].weight.detach().std()) == pytest.approx(SPREAD, rel=0.1)
    assert float(model[2].weight.detach().std()) > 1
    later = layers()
    initialization.zeros_(later[1].weight)
    assert not later[1].weight.any()


def test_shapes_and_small_parameters_are_as_ever():
    with shared():
        model = layers()
    usual = layers()
    assert [each.shape for each in model.parameters()] == [each.shape for each in usual.parameters()]
    assert torch.equal(model[2].weight, torch.ones(300))
    assert model(torch.ones(1, 4, dtype=torch.long)).shape == (1, 4, 300)
    assert torch.empty(SMALL + 1).untyped_storage().data_ptr() != model[0].weight.untyped_storage().data_ptr()


@pytest.mark.parametrize("made", [lambda: torch.empty(200, 200, dtype=torch.long), lambda: torch.zeros(200, 200)])
def test_what_is_no_random_number_is_made_as_ever(made):
    with shared():
        tensor = made()
        tensor.fill_(1)
    assert tensor.sum() == tensor.numel()


def test_a_model_with_too_many_numbers_is_not_built():
    with at_most(50_000):
        nn.Linear(100, 300)
    with pytest.raises(HfreaderError, match="more than 50,000 parameters"), at_most(50_000):
        layers()
    layers()


def test_a_parameter_of_two_modules_counts_once():
    with at_most(30_300):
        one, other = nn.Linear(100, 300, bias=False), nn.Linear(1, 1, bias=False)
        other.weight = one.weight
