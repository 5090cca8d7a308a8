import pytest
import torch
from transformers.models.auto.configuration_auto import CONFIG_MAPPING_NAMES

from hfreader.trace.configs import default_config
from hfreader.trace.feeding.need import Need
from hfreader.trace.feeding.vocabulary import BY_RECIPE, described, made
from hfreader.trace.inputs import parameters_of_forward
from hfreader.trace.models import base_class
from hfreader.trace.recipes import recipe_of, recipes
from hfreader.trace.sizes import Lengths
from hfreader.trace.small import small


def test_every_recipe_is_of_a_known_type_and_names_known_inputs():
    assert set(recipes()) <= set(CONFIG_MAPPING_NAMES)
    for name, recipe in recipes().items():
        if recipe.inputs:
            assert set(recipe.inputs) <= set(parameters_of_forward(base_class(default_config(name)))), name


def test_most_types_need_none():
    assert not recipe_of("bert")
    assert len(recipes()) < len(CONFIG_MAPPING_NAMES) / 6


def test_shapes_are_numbers_lengths_and_fields():
    config = default_config("dia")
    need = Need(base_class(config), config, Lengths(2, 6))
    codes = made(need, "decoder_input_ids", BY_RECIPE)
    assert codes.shape == (2, 5, 9)
    assert int(codes.max()) < 256
    shaped = {"shape": ["batch", "tokens", "norm_eps|hidden_size"], "value": 1}
    assert described(need, shaped).shape[:2] == (2, 6)
    assert torch.equal(described(need, shaped), torch.ones_like(described(need, shaped)))
    assert described(need, {"value": 3}) == 3
    several = described(need, {"each": [["batch", "decoder_config.hidden_size*2"], [7]]})
    assert [tuple(each.shape) for each in several] == [(2, 2 * config.decoder_config.hidden_size), (7,)]


def test_what_a_type_needs_it_needs_within_another_too():
    dropout = recipe_of("t5gemma2_text").config["dropout_rate"]
    assert default_config("t5gemma2_encoder").text_config.dropout_rate == dropout


def test_what_is_kept_stays_while_the_rest_is_made_small():
    config = default_config("xcodec")
    before, after = config.semantic_model_config, small(base_class(config), config).semantic_model_config
    assert list(after.conv_stride) == list(before.conv_stride)
    assert after.num_hidden_layers < before.num_hidden_layers


@pytest.mark.parametrize("table", recipes().values(), ids=list(recipes()))
def test_inputs_say_what_they_hold(table):
    for what in table.inputs.values():
        assert set(what) <= {"shape", "each", "below", "value", "of"}
