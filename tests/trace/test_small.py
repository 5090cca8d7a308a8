import pytest
from transformers import BertConfig, BertModel, CLIPTextModel, GPT2Config, GPT2Model, LlamaConfig, LlamaModel, T5Config
from transformers import T5Model as T5

from hfreader.errors import HfreaderError
from hfreader.trace.configs import default_config
from hfreader.trace.models import parameters_of, skeleton
from hfreader.trace.small import VOCABULARY, small


@pytest.mark.parametrize(
    ("model_class", "config"),
    [(BertModel, BertConfig()), (GPT2Model, GPT2Config()), (LlamaModel, LlamaConfig()), (T5, T5Config())],
)
def test_small_models_keep_their_heads(model_class, config):
    narrow = small(model_class, config)
    assert narrow.num_hidden_layers == 2
    assert narrow.num_attention_heads == config.num_attention_heads
    assert narrow.hidden_size < config.hidden_size
    assert narrow.vocab_size == VOCABULARY
    assert parameters_of(skeleton(model_class, narrow)) < 2_000_000


def test_special_ids_stay_apart_and_in_the_vocabulary():
    narrow = small(GPT2Model, GPT2Config(pad_token_id=50000, eos_token_id=[50256, 7]))
    assert narrow.pad_token_id == 511
    assert narrow.bos_token_id == 510
    assert narrow.eos_token_id == [510, 7]


def test_the_part_that_a_class_is_built_from():
    assert small(CLIPTextModel, default_config("clip")).num_hidden_layers == 2


def test_what_cannot_be_built_says_why():
    with pytest.raises(HfreaderError, match="BertModel cannot be built"):
        small(BertModel, BertConfig(hidden_act="nope"))
