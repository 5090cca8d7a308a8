import pytest
from transformers import Gemma3TextConfig, JambaConfig, SwinConfig

from hfreader.trace.configs import default_config
from hfreader.trace.depth import DEPTH, shallow


def test_one_layer_of_each_kind_stays_in_its_order():
    config = Gemma3TextConfig(num_hidden_layers=12)
    kinds = list(dict.fromkeys(config.layer_types))
    found = shallow(config)
    assert found.num_hidden_layers == len(found.layer_types) == len(kinds) == 2
    assert found.layer_types == kinds


def test_stages_keep_two_layers_each():
    config = SwinConfig(depths=[2, 2, 6, 2], num_heads=[3, 6, 12, 24])
    found = shallow(config)
    assert found.depths == [2, 2, 2, 2]
    assert found.num_heads == config.num_heads


@pytest.mark.parametrize("family", ["beit", "dinov2", "vit"])
def test_outputs_are_those_of_layers_that_are_left(family: str):
    found = shallow(default_config(family))
    assert found.num_hidden_layers == DEPTH
    assert all(place <= DEPTH for place in getattr(found, "out_indices", None) or ())


def test_a_pattern_repeats_once_at_least():
    found = shallow(JambaConfig())
    assert found.num_hidden_layers >= found.expert_layer_period
    assert set(found.layers_block_type) == {"mamba", "attention"}


def test_what_is_shallow_stays():
    config = shallow(default_config("bert"))
    assert shallow(config).to_dict() == config.to_dict()


def test_fields_of_single_layers_stay_with_their_layers():
    config = default_config("gemma4_text")
    found = shallow(config)
    kinds = dict(zip(found.layer_types, found.per_layer_config, strict=True))
    assert kinds["full_attention"].head_dim == config.per_layer_config["full_attention"].head_dim
    assert kinds["sliding_attention"].head_dim != kinds["full_attention"].head_dim


def test_as_many_layers_as_hand_something_out():
    found = shallow(default_config("chmv2"))
    assert len(set(found.backbone_config.out_indices)) == 4


def test_a_kernel_is_no_depth():
    config = default_config("wav2vec2-bert")
    assert shallow(config).conv_depthwise_kernel_size == config.conv_depthwise_kernel_size


def test_a_factor_of_layers_is_as_small_as_their_counts():
    config = default_config("efficientnet")
    found = shallow(config)
    assert max(found.num_block_repeats) == DEPTH
    assert found.depth_coefficient == 1.0 < config.depth_coefficient


@pytest.mark.parametrize(("family", "field"), [("superglue", "gnn_layers_types"), ("nemotron_h", "layers_block_type")])
def test_a_list_of_kinds_counts_layers_by_itself(family: str, field: str):
    whole = default_config(family)
    setattr(whole, field, getattr(whole, field) * 3)
    kinds = list(dict.fromkeys(getattr(whole, field)))
    assert getattr(shallow(whole), field) == kinds
