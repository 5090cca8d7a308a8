from itertools import islice

import pytest
from transformers import (
    BarkFineModel,
    BartForSequenceClassification,
    CLIPModel,
    LongformerForMultipleChoice,
    LongformerForQuestionAnswering,
    PreTrainedConfig,
)

from hfreader.errors import HfreaderError
from hfreader.trace import starting
from hfreader.trace.configs import default_config
from hfreader.trace.inputs import random_ids
from hfreader.trace.models import base_class
from hfreader.trace.recipes import Recipe
from hfreader.trace.recording import files_of, record, recorder_for
from hfreader.trace.starting import first_that_runs, starts
from tests.trace.conftest import PACKAGE
from tests.trace.tiny import SNAPSHOT


def test_the_ways_without_what_is_seen_are_always_tried():
    config = default_config("llava_next_video")
    options = [each.options for each in islice(starts(base_class(config), config), 64)]
    assert any(not each.others for each in options)


def test_a_configuration_is_made_only_when_those_before_it_are_used_up(monkeypatch: pytest.MonkeyPatch):
    made: list[PreTrainedConfig] = []

    def smalls(_, config):
        for _ in range(4):
            made.append(config)
            yield config

    monkeypatch.setattr(starting, "smalls", smalls)
    first = next(starts(CLIPModel, default_config("clip"), textless=False))
    assert len(made) == 1
    assert not first.options.others


@pytest.mark.slow
def test_counting_features_leaves_no_mark_in_the_trace():
    config = default_config("llava")
    setting = first_that_runs(base_class(config), config, lambda each: each.run(each.model()))
    assert "pixel_values" in dict(setting.options.others)
    model = setting.model()
    found = record(setting, model, SNAPSHOT, recorder_for(files_of(model, PACKAGE), PACKAGE))
    towers = [each.call for each in found.modules if each.path == "vision_tower"]
    assert towers == [0]
    ran = {each.place.span.line for each in found.lines if each.function.endswith("get_image_features")}
    assert ran


def test_a_text_alone_is_tried_when_nothing_else_is_left(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("hfreader.trace.starting.recipe_of", lambda _: Recipe())
    config = default_config("gemma4_unified")  # has two narrow configurations, with neither of which images go
    assert any(not each.options.others for each in starts(base_class(config), config))


@pytest.mark.parametrize(
    ("model_class", "field"),
    [
        (BartForSequenceClassification, "eos_token_id"),
        (LongformerForQuestionAnswering, "sep_token_id"),
        (LongformerForMultipleChoice, "sep_token_id"),
    ],
)
def test_a_class_that_looks_for_special_ids_finds_them(model_class, field: str):
    config = default_config(model_class.config_class.model_type)
    setting = first_that_runs(model_class, config, lambda each: each.run(each.model()))
    ((found, places),) = setting.options.special
    assert found == field
    special = getattr(setting.config, field)
    ids = setting.inputs(setting.model(), random_ids(setting.config, 2, 6))["input_ids"]
    assert (ids == special).sum() == len(places) * ids[..., 0].numel()


def test_a_class_whose_inputs_nothing_makes_is_not_tried():
    tried: list[object] = []
    with pytest.raises(HfreaderError, match=r"cannot make so far: codebook_idx$"):
        first_that_runs(BarkFineModel, default_config("bark"), tried.append)
    assert not tried
