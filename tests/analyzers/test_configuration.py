"""What configuration classes say of their fields, in both ways in which they have been written."""

from hfreader.analyzers.configuration import configuration, configuration_of, configurations
from hfreader.analyzers.library import Library

FIELDS = """
class AshConfig(PreTrainedConfig):
    model_type = "ash"
    attribute_map = {"hidden_size": "width"}
    width: int = 64
    gated: bool = False
    act: str = "gelu"
    heads: int | None = None
    def __post_init__(self, **kwargs):
        if self.heads is None:
            self.heads = self.width // 16
"""
ARGUMENTS = """
class AshConfig(PretrainedConfig):
    attribute_map = {"hidden_size": "width"}
    def __init__(self, width=64, gated=False, act="gelu", heads=None, **kwargs):
        self.width = width
        self.gated = gated
        self.act = act
        self.heads = heads if heads is not None else width // 16
"""
MODEL = """
from torch import nn
from .configuration_ash import AshConfig
class AshBase(nn.Module):
    config: AshConfig
class AshModel(AshBase):
    def forward(self, x):
        return x
"""


def library(written: str) -> Library:
    return Library.of_sources(
        {"models/ash/configuration_ash.py": written, "models/ash/modeling_ash.py": MODEL.lstrip()}
    )


def test_both_ways_to_write_a_configuration_say_the_same():
    for written in (FIELDS, ARGUMENTS):
        found = configuration(library(written), "transformers.models.ash.configuration_ash.AshConfig")
        assert found is not None
        assert found.fields == {"width": "64", "gated": "False", "act": '"gelu"', "heads": "None"}
        assert found.aliases == {"width": "hidden_size"}
        assert found.known() == {"gated": False, "act": "gelu"}, "heads is computed"
        assert found.numbers() == {"hidden_size": 64.0}


def test_the_configuration_of_a_class_is_found_through_its_bases():
    found = configuration_of(library(FIELDS), "transformers.models.ash.modeling_ash.AshModel")
    assert found is not None
    assert found.qualified == "transformers.models.ash.configuration_ash.AshConfig"


def test_a_family_without_configuration():
    empty = Library.of_sources({"models/ash/modeling_ash.py": "class A:\n    pass\n"})
    assert configurations(empty, "ash") == ()
    assert configuration_of(empty, "transformers.models.ash.modeling_ash.A") is None
    assert configuration_of(empty, "transformers.models.ash.modeling_ash.B") is None


def test_a_family_of_the_library(installed):
    found = {one.qualified.rpartition(".")[2]: one for one in configurations(installed, "gpt2")}
    assert found["GPT2Config"].aliases["n_embd"] == "hidden_size"
    assert found["GPT2Config"].numbers()["hidden_size"] == 768
