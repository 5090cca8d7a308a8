import pytest
from transformers import Qwen2VLConfig

from hfreader.trace.completion import completed, consistent, head_width, shared_out
from hfreader.trace.configs import default_config, with_fields


@pytest.mark.parametrize("like", [[1, 1, 1], [16, 24, 24], [22, 22, 20], [5]])
@pytest.mark.parametrize("total", [64, 16, 4, 2])
def test_parts_add_up_and_equal_ones_stay_equal(total: int, like: list[int]):
    found = shared_out(total, like)
    assert (sum(found), len(found)) == (total, len(like))
    if like == [22, 22, 20]:
        assert found[0] == found[1]
    if like == [16, 24, 24]:
        assert found[1] == found[2]


def test_rotary_sections_share_out_a_narrow_head():
    narrow = with_fields(Qwen2VLConfig(), {"text_config.hidden_size": 512})
    made = consistent(narrow).text_config
    assert sum(made.rope_parameters["mrope_section"]) == head_width(made) // 2


def test_images_become_as_wide_as_the_text():
    config = consistent(default_config("qwen3_vl"))
    assert config.vision_config.out_hidden_size == config.text_config.hidden_size


def test_what_follows_is_filled_in():
    config = default_config("ministral")
    assert config.head_dim is None
    assert completed(config).head_dim == config.hidden_size // config.num_attention_heads
    whole = default_config("bert")
    assert completed(whole) is whole
