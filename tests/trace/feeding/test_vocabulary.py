"""What is made for a parameter fits what the class does with it: real classes, run small."""

import pytest
import torch
from transformers import CLIPModel, Qwen2VLConfig, ViTModel, WhisperModel
from transformers.models.autoformer import AutoformerConfig, AutoformerModel

from hfreader.errors import HfreaderError
from hfreader.trace.configs import default_config
from hfreader.trace.feeding.need import Need, number, pair
from hfreader.trace.feeding.vocabulary import made, maker, senses
from hfreader.trace.models import base_class
from hfreader.trace.sizes import Lengths
from hfreader.trace.starting import first_that_runs

READ = {
    "vit": ("pixel_values",),
    "clip": ("pixel_values",),
    "resnet": ("pixel_values",),
    "videomae": ("pixel_values",),
    "wav2vec2": ("input_values",),
    "whisper": ("input_features", "decoder_input_ids"),
    "patchtst": ("past_values", "past_observed_mask"),
    "layoutlm": ("bbox",),
    "lxmert": ("visual_feats", "visual_pos"),
    "glm4v_moe_vision": ("hidden_states", "grid_thw"),
}


@pytest.mark.parametrize(("family", "names"), READ.items(), ids=list(READ))
def test_classes_run_on_what_is_made_for_them(family: str, names: tuple[str, ...]):
    config = default_config(family)
    ran = []
    found = first_that_runs(base_class(config), config, lambda setting: ran.append(setting.run(setting.model())) or ran)
    assert tuple(name for name, _ in found.options.others) == names
    assert len(ran) == 1


def need(model_class: type, config, **lengths: int) -> Need:
    return Need(model_class, config, Lengths(**{"batch": 2, "tokens": 5} | lengths))


def test_images_are_as_large_as_the_configuration_says():
    config = default_config("clip")
    config.vision_config.image_size = 48
    assert made(need(CLIPModel, config), "pixel_values", 0).shape == (2, 3, 48, 48)


def test_a_series_reaches_back_as_far_as_its_lags():
    config = AutoformerConfig(prediction_length=4, context_length=6, lags_sequence=[1, 3])
    assert made(need(AutoformerModel, config), "past_values", 0).shape == (2, 9)


def test_the_same_seed_gives_the_same_input():
    first, again = (made(need(WhisperModel, default_config("whisper")), "input_features", 0) for _ in "ab")
    assert torch.equal(first, again)


def test_counting_the_layouts_of_images_and_sound_makes_none(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(torch, "randn", None)
    assert len(maker("pixel_values")(need(CLIPModel, default_config("clip")), "pixel_values")) > 1
    assert len(maker("input_features")(need(WhisperModel, default_config("whisper")), "input_features")) > 1


def test_a_layout_that_its_maker_does_not_know():
    with pytest.raises(HfreaderError, match="nothing is known of the input pixel_values"):
        made(need(CLIPModel, default_config("clip")), "pixel_values", 9)


def test_parts_are_asked_first_where_they_are_near():
    config = Qwen2VLConfig()
    assert need(ViTModel, config).field("hidden_size", near="vision") == config.vision_config.hidden_size
    assert need(ViTModel, config).field("nothing", default=7) == 7


def test_names_that_nothing_is_known_of():
    assert maker("labels") is None
    assert maker("output_attentions") is None
    assert senses(["input_ids", "pixel_values", "labels"]) == ["pixel_values"]


@pytest.mark.parametrize(
    ("value", "sides"),
    [(7, (7, 7)), ((3, 4), (3, 4)), ([5], (5, 5)), ({"height": 2, "width": 3}, (2, 3)), ({"shortest_edge": 8}, (8, 8))],
)
def test_sides_of_an_image(value, sides):
    assert pair(value) == sides


def test_one_of_several_numbers():
    assert number([4, 5]) == 4
    assert number(3) == 3
