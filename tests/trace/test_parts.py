"""Which nested configurations a run made use of."""

import pytest

from hfreader.facts.sweep import TypeRequest, TypeRun
from hfreader.trace.configs import default_config
from hfreader.trace.types import run_type
from tests.trace.tiny import SNAPSHOT


@pytest.fixture(scope="module")
def run() -> TypeRun:
    return run_type(TypeRequest("sam"), SNAPSHOT)


def test_parts_whose_modules_ask_for_the_whole_configuration_are_told_by_what_they_read(run: TypeRun):
    assert set(run.parts) == {"sam_mask_decoder", "sam_prompt_encoder", "sam_vision_model"}


def test_a_part_that_was_not_called_did_not_run():
    run = run_type(TypeRequest("llava"), SNAPSHOT)
    assert "clip_vision_model" in run.parts
    blind = run_type(TypeRequest("mllama_text_model"), SNAPSHOT)
    assert "mllama_vision_model" not in blind.parts


def test_a_part_whose_kinds_of_modules_ran_for_another_part_alone_did_not_run():
    run = run_type(TypeRequest("sam3_lite_text"), SNAPSHOT)
    boxed = "input_boxes" in dict(run.trace.inputs)
    assert ("sam3_lite_text_geometry_encoder" in run.parts) == boxed


def test_a_part_of_a_class_that_was_written_for_another_configuration_ran():
    assert "pp_chart2table_vision" in run_type(TypeRequest("pp_chart2table"), SNAPSHOT).parts


def test_configurations_are_left_as_they_were(run: TypeRun):
    kind = type(default_config("sam").prompt_encoder_config)
    assert "__getattribute__" not in vars(kind)


def test_a_part_that_stands_for_one_from_timm_is_told(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("hfreader.trace.configs.find_spec", lambda _: None)
    notes = run_type(TypeRequest("detr"), SNAPSHOT).trace.notes
    told = "backbone_config: resnet of transformers stands for a model from timm, which is not installed"
    assert told in notes


@pytest.mark.slow
def test_a_part_without_a_class_of_its_own_is_run_within_one_that_holds_it():
    assert "built from" in (run_type(TypeRequest("sapiens2_head"), SNAPSHOT).reason or "")
    found = run_type(TypeRequest("sapiens2_head", whole=True), SNAPSHOT)
    assert (found.within, found.reason) == ("sapiens2", None)
    assert "sapiens2_head" in found.parts
    nowhere = run_type(TypeRequest("layoutxlm", whole=True), SNAPSHOT)
    assert not nowhere.complete
