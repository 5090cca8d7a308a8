import re

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from transformers import BertConfig, BertModel, CLIPConfig, GPT2Config, LlamaConfig

from hfreader.errors import HfreaderError
from hfreader.trace import configs
from hfreader.trace.configs import (
    as_json,
    default_config,
    difference,
    families,
    family_of,
    model_type_of,
    one_line,
    with_fields,
    with_overrides,
    written_at,
)


def test_families_are_folders_and_list_their_model_types():
    known = families()
    assert known["bert"] == ("bert",)
    assert "gpt_neox" in known
    assert set(known["clip"]) == {"clip", "clip_text_model", "clip_vision_model"}


@pytest.mark.parametrize(
    ("name", "expected"),
    [("bert", "bert"), ("gpt-neox", "gpt_neox"), ("GPT2", "gpt2"), ("deberta_v2", "deberta-v2"), ("clip", "clip")],
)
def test_model_type_in_any_spelling(name: str, expected: str):
    assert model_type_of(name) == expected


def test_unknown_family_names_near_ones():
    with pytest.raises(HfreaderError, match=r"unknown family 'bret'; did you mean bert"):
        model_type_of("bret")


def test_a_folder_without_a_configuration_is_no_unknown_family():
    with pytest.raises(HfreaderError, match="auto has no model of its own"):
        model_type_of("auto")


@pytest.mark.parametrize("name", ["bert", "gpt2", "gpt_neox", "deberta-v2", "clip"])
def test_family_of_a_default_configuration_is_its_folder(name: str):
    config = default_config(name)
    assert family_of(config) == name.replace("-", "_")
    assert difference(config) == {}


def test_overrides_follow_the_type_of_the_present_value():
    changes = [
        ("num_hidden_layers", "2"),
        ("hidden_act", "relu"),
        ("layer_norm_eps", "1"),
        ("is_decoder", "True"),
        ("classifier_dropout", "0.5"),
        ("pad_token_id", "none"),
    ]
    config = with_overrides(BertConfig(), changes)
    assert difference(config) == {
        "num_hidden_layers": 2,
        "hidden_act": "relu",
        "layer_norm_eps": 1.0,
        "is_decoder": True,
        "classifier_dropout": 0.5,
        "pad_token_id": None,
    }


def test_alias_sets_the_field_it_stands_for():
    config = with_overrides(GPT2Config(), [("hidden_size", "96"), ("num_hidden_layers", "3")])
    assert (config.n_embd, config.n_layer) == (96, 3)
    assert with_overrides(config, [("n_embd", "48")]).hidden_size == 48


def test_nested_fields_keep_their_siblings():
    config = CLIPConfig(text_config={"intermediate_size": 99})
    changed = with_overrides(config, [("text_config.hidden_size", "64")])
    assert (changed.text_config.hidden_size, changed.text_config.intermediate_size) == (64, 99)
    assert difference(changed) == {"text_config.hidden_size": 64, "text_config.intermediate_size": 99}


def test_a_dictionary_field_can_be_changed_in_part():
    changed = with_overrides(LlamaConfig(), [("rope_parameters.rope_theta", "500")])
    assert changed.rope_parameters["rope_theta"] == 500
    assert changed.rope_parameters["rope_type"] == "default"


def test_derived_fields_follow():
    config = LlamaConfig(hidden_size=64, num_attention_heads=4)
    assert config.head_dim == 16
    assert with_fields(config, {"hidden_size": 32}).head_dim == 8


@pytest.mark.parametrize(
    ("key", "value", "message"),
    [
        ("num_hiden_layers", "2", r"BertConfig has no field 'num_hiden_layers'; did you mean num_hidden_layers"),
        ("num_hidden_layers", "two", r"num_hidden_layers=two: expected an integer, as in num_hidden_layers=12"),
        ("num_hidden_layers", "true", "expected an integer"),
        ("num_hidden_layers", "-1", r"--set num_hidden_layers=-1: a size cannot be negative, as in .*=12"),
        ("is_decoder", "3", "expected true or false"),
        ("layer_norm_eps", "small", "expected a number"),
        ("hidden_size.x", "3", "'hidden_size' of BertConfig has no field 'x'"),
        ("num_hidden_layers", "2.5", "BertConfig refuses these values"),
    ],
)
def test_bad_overrides_are_one_clear_line(key: str, value: str, message: str):
    with pytest.raises(HfreaderError, match=message) as caught:
        with_overrides(BertConfig(), [(key, value)])
    assert "\n" not in str(caught.value)


def test_what_is_no_size_may_be_negative():
    assert with_overrides(BertConfig(eos_token_id=5), [("eos_token_id", "-1")]).eos_token_id == -1


@settings(deadline=None, max_examples=30)
@given(st.integers(1, 64), st.integers(1, 12), st.sampled_from(["gelu", "relu", "silu"]))
def test_building_anew_changes_only_what_is_named(heads: int, layers: int, activation: str):
    config = BertConfig(hidden_size=heads * 8, num_attention_heads=heads, hidden_act=activation)
    changed = with_fields(config, {"num_hidden_layers": layers})
    assert as_json(changed) == {**as_json(config), "num_hidden_layers": layers}
    assert as_json(with_fields(changed, {})) == as_json(changed)


def test_a_nested_configuration_that_is_its_default_can_be_changed_in_part():
    config = with_fields(default_config("depth_anything"), {"backbone_config.layer_norm_eps": 0.5})
    assert config.backbone_config.layer_norm_eps == 0.5
    assert config.backbone_config.model_type == default_config("depth_anything").backbone_config.model_type


def test_without_timm_its_backbones_are_the_librarys_own(monkeypatch):
    monkeypatch.setattr(configs, "find_spec", lambda name: None)
    config = default_config("deformable_detr")
    assert config.backbone_config.model_type == "resnet"
    assert list(config.backbone_config.out_indices) == [2, 3, 4]
    assert any(name.startswith("backbone_config") for name in difference(config))


def test_recipes_mend_defaults_and_say_so():
    assert difference(default_config("deepseek_v2")) == {"num_experts_per_tok": 2}


@pytest.mark.parametrize(
    "error",
    [
        MemoryError(),
        RuntimeError("[enforce fail at alloc_cpu.cpp] DefaultCPUAllocator: can't allocate memory: you tried"),
        torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB"),
    ],
)
def test_no_memory_is_said_so(error: Exception):
    assert configs.one_line(error).startswith("out of memory: take a smaller input")


def test_reasons_name_a_missing_package_and_leave_out_lists():
    assert one_line(ModuleNotFoundError("No module named 'x'", name="x")).endswith("package x, which is not installed")
    assert one_line(ValueError("Unknown type: toy. Should contain one of a, b, c")) == "Unknown type: toy."


def test_a_reason_says_where_in_the_models_code_it_arose():
    model = BertModel(BertConfig(num_hidden_layers=1, hidden_size=24, intermediate_size=24))
    with pytest.raises(RuntimeError) as caught:
        model(inputs_embeds=torch.zeros(1, 2, 23))
    assert re.match(r" \(at modeling_bert\.py:\d+: .+\)", written_at(caught.value))
    assert written_at(ValueError("made here")) == ""
