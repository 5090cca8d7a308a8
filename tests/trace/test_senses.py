import pytest

from hfreader.trace.configs import default_config
from hfreader.trace.senses import (
    FEWEST_PATCHES,
    LARGEST_CHUNK,
    LARGEST_CLOUD,
    LARGEST_IMAGE,
    MOST_FRAMES,
    with_least_to_see,
    with_less_to_see,
)


@pytest.mark.parametrize("family", ["pixtral", "got_ocr2", "mistral3"])
def test_large_images_become_smaller_and_stay_whole_patches(family: str):
    config = with_less_to_see(default_config(family))
    part = getattr(config, "vision_config", config)
    assert LARGEST_IMAGE / 2 < part.image_size <= LARGEST_IMAGE
    assert part.image_size % part.patch_size == 0


def test_what_is_counted_in_patches_follows():
    config = with_less_to_see(default_config("sam"))
    assert config.vision_config.image_size == 512
    assert config.prompt_encoder_config.image_embedding_size == 512 // config.vision_config.patch_size


def test_videos_become_shorter():
    assert with_less_to_see(default_config("vjepa2")).frames_per_clip == MOST_FRAMES


def test_state_spaces_take_short_chunks():
    assert with_less_to_see(default_config("mamba2")).chunk_size == LARGEST_CHUNK
    assert with_less_to_see(default_config("bamba")).mamba_chunk_size == LARGEST_CHUNK
    assert with_less_to_see(default_config("pi0")).chunk_size == default_config("pi0").chunk_size > LARGEST_CHUNK


@pytest.mark.parametrize("family", ["led", "longformer"])
def test_a_text_is_padded_to_short_windows(family: str):
    assert with_less_to_see(default_config(family)).attention_window == LARGEST_CHUNK


@pytest.mark.parametrize("field", ["image_size", "crop_size"])
def test_few_patches_are_seen_whatever_the_side_of_an_image_is_called(field: str):
    family = {"image_size": "vit", "crop_size": "vjepa2"}[field]
    config = with_least_to_see(default_config(family))
    assert FEWEST_PATCHES <= getattr(config, field) // config.patch_size < 2 * FEWEST_PATCHES


def test_what_is_small_stays():
    config = default_config("vit")
    assert with_less_to_see(config) is config


def test_parts_without_images_of_their_own_count_the_patches_of_the_others():
    vision = with_least_to_see(default_config("sam2")).vision_config
    side = vision.backbone_config.image_size[0]
    assert side < LARGEST_IMAGE
    assert vision.backbone_feature_sizes == [[side // 4] * 2, [side // 8] * 2, [side // 16] * 2]


def test_points_without_a_bound_get_one():
    config = with_less_to_see(default_config("superglue"))
    assert config.keypoint_detector_config.max_keypoints == LARGEST_CLOUD
