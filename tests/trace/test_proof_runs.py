"""The small runs of proofs: in float64 whatever a class asks for, at sizes that stay light."""

from pathlib import Path

import pytest
import transformers
from transformers import BertConfig, BertModel, MixtralConfig, MixtralModel, XLNetConfig, XLNetModel

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
    runs = [words for words, _ in run_small(CaptureSession([], PACKAGE), setting, (0, 1))]
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
