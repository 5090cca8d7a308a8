import math

from hypothesis import given
from hypothesis import strategies as st
from transformers import CLIPVisionConfig, LlamaConfig, SwinConfig, ViTConfig

from hfreader.trace.sizes import Lengths, candidates, listed_candidates, sizes_of
from hfreader.trace.sizes_apart import EXTENT, TOGETHER, fewer_heads, groups, longer, ways

CONFIG = ViTConfig(hidden_size=96, intermediate_size=192, num_attention_heads=12, image_size=64, patch_size=16)


def test_every_field_is_in_one_group_and_what_counts_pixels_is_alone():
    config = SwinConfig()
    names = (*listed_candidates(config), *candidates(config))
    found = groups(names)
    assert sorted(name for group in found for name in group) == sorted(names)
    assert () in found, "a run with other lengths"
    assert all(len(group) == 1 for group in found if any(EXTENT.search(name) for name in group))
    assert max(map(len, found)) <= TOGETHER


names = st.lists(st.sampled_from("abcdefghijklmnopqrstuvwxyz"), unique=True)


@given(names)
def test_groups_are_as_few_as_they_can_be(names):
    found = [group for group in groups(names) if group]
    assert len(found) == math.ceil(len(names) / TOGETHER)


def test_each_field_of_a_group_changes_by_a_factor_of_its_own():
    group = ("hidden_size", "intermediate_size", "num_channels", "num_attention_heads")
    ((fields),) = ways(CONFIG, group)
    present = sizes_of(CONFIG)
    factors = [max(fields[name], present[name]) / min(fields[name], present[name]) for name in group]
    assert sorted(factors) == [2, 3, 5, 7]
    assert fields["num_attention_heads"] < present["num_attention_heads"], "a width may not have more heads"


def test_a_field_alone_may_change_in_two_ways():
    assert ways(CONFIG, ("image_size",)) == [{"image_size": 128}, {"image_size": 32}]
    assert ways(CONFIG, ("patch_size",))[0] == {"patch_size": 8}, "whole patches fill the image"
    assert ways(CONFIG, ("num_attention_heads",))[0] == {"num_attention_heads": 6}
    assert ways(CLIPVisionConfig(num_attention_heads=1), ("num_attention_heads",)) == [{"num_attention_heads": 2}]


def test_half_of_the_heads_share_as_before():
    config = LlamaConfig(hidden_size=96, num_attention_heads=12, num_key_value_heads=4)
    assert fewer_heads(config, candidates(config)) == {"num_attention_heads": 6, "num_key_value_heads": 2}
    assert fewer_heads(CLIPVisionConfig(num_attention_heads=3), ("num_attention_heads",)) == {}


def test_lengths_grow_by_different_numbers_and_absent_ones_stay_absent():
    one = longer(Lengths(2, 6))
    assert (one.past, one.encoder) == (0, None)
    other = longer(Lengths(2, 6, past=4, encoder=5))
    assert len({other.batch - 2, other.tokens - 6, other.past - 4, (other.encoder or 0) - 5}) == 4
