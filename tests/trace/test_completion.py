import pytest
from transformers import Qwen2VLConfig

from hfreader.trace.completion import completed, consistent, head_width, shared_out
from hfreader.trace.configs import default_config, with_fields


@pytest.mark.parametrize(("total", "parts"), [(64, 3), (4, 3), (2, 3), (7, 1)])
def test_parts_add_up(total: int, parts: int):
    found = shared_out(total, parts)
    assert (sum(found), len(found)) == (total, parts)
    assert found == sorted(found, reverse=True)


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
