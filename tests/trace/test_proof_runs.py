"""The small runs of proofs: in float64 whatever a class asks for, at sizes that stay light."""

from pathlib import Path

import pytest
import transformers
from transformers import (
    BertConfig,
    BertModel,
    DeepseekV2Config,
    MixtralConfig,
    MixtralModel,
    StableLmConfig,
    XLNetConfig,
    XLNetModel,
)
from transformers.models.deepseek_v2.modeling_deepseek_v2 import yarn_apply_mscale

from hfreader.trace import proof_runs
from hfreader.trace.captures import CaptureSession
from hfreader.trace.proof_runs import run_small
from hfreader.trace.settings import Setting
from hfreader.trace.sizes import Lengths

PACKAGE = Path(transformers.__file__).parent
XLNET = XLNetConfig(d_model=16, n_layer=1, n_head=2, d_inner=8, vocab_size=50)
BERT = BertConfig(num_hidden_layers=1, hidden_size=24, num_attention_heads=2, intermediate_size=32, vocab_size=50)
MIXTRAL = MixtralConfig(
    num_hidden_layers=1, hidden_size=32, num_attention_heads=4, num_key_value_heads=2, intermediate_size=16
)


def test_parameters_that_are_made_as_float32_become_float64():
    setting = Setting("plain", XLNetModel, XLNET, Lengths(2, 5))
    runs = [run.words for run in run_small(CaptureSession([], PACKAGE), setting, (0, 1))]
    assert [words.rpartition(" ")[2] for words in runs] == ["0)", "1)"]
    assert all(words.startswith("XLNetModel (plain), B=2, ") for words in runs)


def test_experts_stay_as_many_as_they_are():
    (free, *_) = proof_runs._smaller(Setting("plain", MixtralModel, MIXTRAL, Lengths(2, 5)))
    assert free.config.num_local_experts == MIXTRAL.num_local_experts
    assert free.config.hidden_size != MIXTRAL.hidden_size


@pytest.mark.parametrize(("heavy", "forms"), [(10_000_000, 3), (0, 1)])
def test_sizes_that_make_a_model_heavy_are_passed_over(heavy: int, forms: int, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(proof_runs, "HEAVY", heavy)
    found = list(proof_runs._smaller(Setting("plain", BertModel, BERT, Lengths(2, 5))))
    assert len(found) == forms
    assert found[-1].config.hidden_size == BERT.hidden_size


def test_values_are_changed_that_would_hide_errors():
    config = BertConfig(type_vocab_size=1)
    config.attention_multiplier = config.residual_multiplier = 1.0
    config.sliding_window = 4096
    telling = proof_runs._telling(config)
    assert (telling.type_vocab_size, telling.sliding_window) == (2, proof_runs.WINDOW)
    assert (telling.layer_norm_eps, telling.hidden_dropout_prob) == (proof_runs.EPSILON, 0.0)
    assert len({1.0, telling.attention_multiplier, telling.residual_multiplier}) == 3
    assert {telling.attention_multiplier, telling.attention_multiplier**-0.5} <= proof_runs._scales(telling)
    assert telling.hidden_size not in proof_runs._scales(telling)


def test_the_scale_of_heads_that_yarn_sharpens_is_one_that_the_configuration_sets():
    """Against the library's own function, which the modeling files of several families repeat."""
    config = DeepseekV2Config(qk_nope_head_dim=24, qk_rope_head_dim=8)
    config.qk_head_dim = 32
    plain = 32**-0.5
    assert plain not in proof_runs._scales(config)
    config.rope_parameters = {"rope_type": "yarn", "factor": 40.0, "mscale_all_dim": 0.7}
    sharpened = yarn_apply_mscale(config.rope_parameters, plain)
    assert sharpened > 1.5 * plain
    assert any(one == pytest.approx(sharpened, rel=1e-12) for one in proof_runs._scales(config))
    assert not any(one == pytest.approx(plain, rel=1e-12) for one in proof_runs._scales(config))


@pytest.mark.parametrize(("factor", "fits"), [(0.25, False), (0.5, True)])
def test_a_rotary_embedding_turns_pairs(factor: float, fits: bool):
    config = StableLmConfig(hidden_size=16, num_attention_heads=4, num_key_value_heads=4, partial_rotary_factor=factor)
    assert proof_runs._turns_pairs(config) is fits
