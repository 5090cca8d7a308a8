import importlib
from types import SimpleNamespace

import pytest
import torch
from transformers import (
    BertConfig,
    BertModel,
    CLIPConfig,
    CLIPTextConfig,
    CLIPTextModel,
    FunnelConfig,
    PreTrainedConfig,
)

from hfreader.errors import HfreaderError
from hfreader.trace import models
from hfreader.trace.models import (
    base_class,
    config_for,
    find_class,
    model_classes,
    parameters_of,
    random_model,
    skeleton,
)
from tests.trace.conftest import CONFIGS

BERT = CONFIGS["bert"]


def test_model_classes_are_those_that_run():
    names = [each.__name__ for each in model_classes("bert")]
    assert names[:2] == ["BertModel", "BertForPreTraining"]
    assert "BertPreTrainedModel" not in names
    assert "LlamaForQuestionAnswering" in [each.__name__ for each in model_classes("llama")]


@pytest.mark.parametrize(("config", "name"), [(BertConfig(), "BertModel"), (FunnelConfig(), "FunnelModel")])
def test_base_class_is_what_auto_model_makes(config: PreTrainedConfig, name: str):
    assert base_class(config).__name__ == name


def test_class_by_name_and_near_names():
    assert find_class(BERT, None) is BertModel
    assert find_class(BERT, "BertLMHeadModel").__name__ == "BertLMHeadModel"
    with pytest.raises(HfreaderError, match=r"'bert' has no model class 'BertLMHead'; did you mean BertLMHeadModel"):
        find_class(BERT, "BertLMHead")
    with pytest.raises(HfreaderError, match=r"has no model class 'X'; it has BertModel, "):
        find_class(BERT, "X")


def test_config_for_a_part_of_a_model():
    whole = CLIPConfig(text_config={"hidden_size": 64})
    assert config_for(CLIPTextModel, whole).hidden_size == 64
    assert isinstance(config_for(CLIPTextModel, BERT), CLIPTextConfig)


def test_random_models_repeat_and_leave_the_generator_alone():
    torch.manual_seed(5)
    expected = torch.rand(1)
    torch.manual_seed(5)
    one, same, other = (random_model(BertModel, BERT, seed) for seed in (0, 0, 1))
    assert torch.equal(torch.rand(1), expected)
    weights = [each.encoder.layer[0].attention.self.query.weight for each in (one, same, other)]
    assert torch.equal(weights[0], weights[1])
    assert not torch.equal(weights[0], weights[2])
    assert not one.training
    assert one.config._attn_implementation == "eager"


def test_dtype_of_a_random_model():
    assert random_model(BertModel, BERT, dtype=torch.bfloat16).dtype == torch.bfloat16


@pytest.mark.parametrize("build", [random_model, skeleton])
def test_the_model_says_itself_why_it_cannot_be_built(build):
    with pytest.raises(HfreaderError, match=r"BertModel cannot be built: .*multiple of the number of attention"):
        build(BertModel, BertConfig(hidden_size=100, num_attention_heads=12))


def test_unknown_activation_is_one_line():
    with pytest.raises(HfreaderError, match=r"BertModel cannot be built: 'nope' is not a known value of hidden_act"):
        random_model(BertModel, BertConfig(hidden_act="nope", num_hidden_layers=1))


def test_a_skeleton_has_the_same_parameters_without_numbers():
    bones = skeleton(BertModel, BERT)
    assert all(each.is_meta for each in bones.parameters())
    assert parameters_of(bones) == parameters_of(random_model(BertModel, BERT))


def test_a_family_whose_source_needs_a_package_says_which(monkeypatch):
    def without(name):
        if name.endswith("modeling_bert"):
            raise ModuleNotFoundError("No module named 'torchaudio'")
        return importlib.import_module(name)

    monkeypatch.setattr(models, "importlib", SimpleNamespace(import_module=without))
    with pytest.raises(HfreaderError, match=r"modeling_bert\.py needs a package .*: No module named 'torchaudio'"):
        models.model_classes.__wrapped__("bert")
