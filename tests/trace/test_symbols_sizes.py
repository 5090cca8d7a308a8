import pytest
from transformers import (
    BartConfig,
    BertConfig,
    DetrConfig,
    GPT2Config,
    LlamaConfig,
    ResNetConfig,
    T5Config,
    ViTConfig,
)

from hfreader.trace.depth import shallow
from hfreader.trace.sizes import (
    RUNS,
    Lengths,
    assign,
    candidates,
    integers,
    listed_candidates,
    sizes_of,
    values,
    with_sizes,
)
from hfreader.trace.symbols_names import symbol_of

CONFIGS = [BertConfig(), GPT2Config(), LlamaConfig(), T5Config(), BartConfig()]
LIKE = Lengths(1, 8)


@pytest.mark.parametrize("config", CONFIGS, ids=lambda config: config.model_type)
def test_every_size_differs_from_every_other_over_the_runs(config):
    small = shallow(config)
    runs = [assign(small, LIKE, candidates(small), run) for run in range(RUNS)]
    values = {name: tuple(integers(run.config)[name] for run in runs) for name in runs[0].fields}
    assert len(set(values.values())) == len(values), values
    assert all(len(set(each)) > 1 for each in values.values())
    assert len({run.lengths for run in runs}) == RUNS


@pytest.mark.parametrize("config", CONFIGS, ids=lambda config: config.model_type)
def test_tied_sizes_keep_what_is_equal(config):
    small = shallow(config)
    before = integers(small)
    for run in range(RUNS):
        fields = assign(small, LIKE, candidates(small), run, tied=True).fields
        for one in fields:
            for other in fields:
                if before[one] == before[other] and "vocab" not in one + other:
                    assert fields[one] == fields[other], (one, other)


def test_layers_are_cut_and_lists_of_layers_with_them():
    small = shallow(T5Config(num_layers=7, num_decoder_layers=1))
    assert (small.num_layers, small.num_decoder_layers) == (2, 1)


def test_what_stands_in_lists_and_dictionaries_is_a_size_too():
    config = ResNetConfig(embedding_size=8, hidden_sizes=[16, 32], depths=[1, 2])
    assert {"hidden_sizes[0]": 16, "hidden_sizes[1]": 32}.items() <= sizes_of(config).items()
    assert listed_candidates(config) == ("hidden_sizes[0]", "hidden_sizes[1]"), "how many layers a stage has is no size"
    changed = with_sizes(config, {"hidden_sizes[1]": 48, "embedding_size": 4, "num_labels": 5})
    assert (changed.hidden_sizes, changed.embedding_size, changed.num_labels) == ([16, 48], 4, 5)
    assert config.hidden_sizes == [16, 32]


def test_sizes_in_parts_are_changed_there():
    config = DetrConfig(backbone_config=ResNetConfig(hidden_sizes=[16, 32], depths=[1, 2]))
    changed = with_sizes(config, {"backbone_config.hidden_sizes[0]": 24})
    assert changed.backbone_config.hidden_sizes == [24, 32]


@pytest.mark.parametrize(
    ("config", "field", "symbol"),
    [
        (GPT2Config(), "n_embd", "hidden"),
        (GPT2Config(), "n_head", "heads"),
        (GPT2Config(), "n_positions", "positions"),
        (T5Config(), "d_kv", "head_dim"),
        (BertConfig(), "intermediate_size", "intermediate"),
        (BartConfig(), "decoder_attention_heads", "decoder_heads"),
        (BartConfig(), "encoder_ffn_dim", "encoder_intermediate"),
        (BertConfig(), "some_field", "some_field"),
        (ResNetConfig(), "hidden_sizes[1]", "hidden_sizes[1]"),
        (DetrConfig(backbone_config=ResNetConfig()), "backbone_config.hidden_sizes[1]", "backbone.hidden_sizes[1]"),
        (ViTConfig(), "image_size.height", "image_size.height"),
    ],
)
def test_fields_have_the_standard_short_names(config, field, symbol):
    assert symbol_of(config, field) == symbol


def test_images_are_filled_with_patches():
    config = ViTConfig()
    for run in range(RUNS):
        fields = values(config, candidates(config), run, tied=False)
        assert fields["image_size"] % fields["patch_size"] == 0
        assert fields["image_size"] < 100


def test_tables_are_no_larger_than_need_be_and_no_width():
    config = shallow(BertConfig())
    for run in range(RUNS):
        fields = values(config, candidates(config), run, tied=False)
        assert 128 <= fields["max_position_embeddings"] < 200
        assert fields["hidden_size"] % 16 == 0 and fields["max_position_embeddings"] % 4 == 2
