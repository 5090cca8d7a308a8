"""One model type, run small."""

import pytest

from hfreader.facts.codec import from_json, to_json
from hfreader.facts.sweep import TypeRequest, TypeRun
from hfreader.trace.configs import default_config
from hfreader.trace.types import model_types, run_type, setting_of, start_of
from tests.trace.tiny import SNAPSHOT, setting


@pytest.fixture(scope="module")
def run() -> TypeRun:
    return run_type(TypeRequest("clip"), SNAPSHOT)


def test_what_ran_is_recorded_with_its_lines_and_what_was_changed(run: TypeRun):
    assert run.complete
    assert (run.family, run.class_name, run.missing) == ("clip", "CLIPModel", ())
    assert {name for name, _ in run.trace.inputs} >= {"input_ids", "pixel_values"}
    assert any(line.name == "attn_weights" for line in run.trace.lines)
    assert run.trace.changed["text_config.num_hidden_layers"] == 2
    assert 0 < run.seconds < 60
    assert run.memory > 1 << 20
    assert from_json(to_json(run), TypeRun) == run


def test_parts_are_told_by_the_configurations_that_their_modules_ask_for(run: TypeRun):
    assert set(run.parts) == {"clip_text_model", "clip_vision_model"}


def test_a_start_is_replayed_without_a_search(run: TypeRun, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("hfreader.trace.types.first_that_runs", None)
    again = run_type(TypeRequest("clip", start=run.start), SNAPSHOT)
    assert again.start == run.start
    assert again.trace.modules == run.trace.modules


def test_a_start_that_no_longer_fits_is_searched_anew(run: TypeRun):
    stale = from_json(to_json(run.start).replace(b'"CLIPModel"', b'"CLIPTower"'), type(run.start))
    assert run_type(TypeRequest("clip", start=stale), SNAPSHOT).start == run.start


def test_a_setting_is_kept_as_data():
    one = setting("bert", bare=True, extra=(("use_cache", False),))
    kept = from_json(to_json(start_of(one)), type(start_of(one)))
    back = setting_of(kept, default_config("bert"))
    assert (back.model_class, back.lengths, back.options) == (one.model_class, one.lengths, one.options)
    assert back.config.to_diff_dict() == one.config.to_diff_dict()


def test_what_does_not_run_says_why_in_a_line():
    run = run_type(TypeRequest("layoutxlm"), SNAPSHOT)
    assert not run.complete
    assert run.trace is None
    assert run.reason == "no model class of transformers is built from LayoutXLMConfig"


def test_a_class_without_a_forward_pass_says_so():
    assert run_type(TypeRequest("glm_image_vqmodel"), SNAPSHOT).reason == "GlmImageVQVAE has no forward pass of its own"


def test_one_that_only_generates_is_run_by_a_part():
    run = run_type(TypeRequest("bark"), SNAPSHOT)
    assert (run.class_name, run.reason) == ("BarkSemanticModel", None)


def test_every_type_is_known():
    assert {"bert", "clip", "gpt-sw3", "whisper"} <= set(model_types())
