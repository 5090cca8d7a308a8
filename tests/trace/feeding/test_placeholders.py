import torch
from transformers import LlavaConfig, LlavaModel
from transformers.modeling_outputs import BaseModelOutputWithPooling

from hfreader.trace.feeding.need import Need
from hfreader.trace.feeding.placeholders import with_placeholders
from hfreader.trace.sizes import Lengths


class Seeing(torch.nn.Module):
    """Makes three features of every image."""

    def get_image_features(self, pixel_values, image_sizes=None):
        features = torch.zeros(pixel_values.shape[0] * 3, 8)
        return BaseModelOutputWithPooling(pooler_output=tuple(features.split(3)))


NEED = Need(LlavaModel, LlavaConfig(image_token_id=9), Lengths(2, 4))
IDS = torch.tensor([[1, 2, 3, 4], [5, 6, 7, 8]])


def test_each_feature_has_its_place_in_the_text():
    given = {"input_ids": IDS, "attention_mask": torch.ones_like(IDS), "pixel_values": torch.zeros(2, 3, 4, 4)}
    placed = with_placeholders(Seeing(), given, NEED)
    assert placed["input_ids"].tolist() == [[1, 9, 9, 9, 2, 3, 4], [5, 9, 9, 9, 6, 7, 8]]
    assert placed["attention_mask"].shape == (2, 7)
    assert given["input_ids"] is IDS


def test_nothing_changes_without_images_or_text():
    assert with_placeholders(Seeing(), {"input_ids": IDS}, NEED)["input_ids"] is IDS
    pictures = {"pixel_values": torch.zeros(2, 3, 4, 4)}
    assert with_placeholders(Seeing(), pictures, NEED) == pictures


def test_features_of_the_model_that_another_wraps():
    wrapped = torch.nn.Sequential(Seeing())
    given = {"input_ids": IDS, "pixel_values": torch.zeros(2, 3, 4, 4)}
    assert with_placeholders(wrapped, given, NEED)["input_ids"].shape == (2, 7)
