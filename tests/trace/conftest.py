"""Tiny real models, each with ways to run it, and modules made of a few lines of source."""

import importlib
import inspect
import sys
import textwrap
from collections.abc import Callable
from copy import deepcopy
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import torch
import transformers
from transformers import BertConfig, GPT2Config, LlamaConfig, PreTrainedConfig, PreTrainedModel, T5Config

from hfreader.facts.snapshot import Snapshot

PACKAGE = Path(transformers.__file__).parent


class Configs(dict[str, PreTrainedConfig]):
    """Tiny configurations; each time another copy, because saving and running a model writes into its own."""

    def __getitem__(self, family: str) -> PreTrainedConfig:
        return deepcopy(super().__getitem__(family))


CONFIGS = Configs(
    bert=BertConfig(
        vocab_size=60,
        hidden_size=16,
        num_hidden_layers=2,
        num_attention_heads=2,
        intermediate_size=24,
        max_position_embeddings=32,
    ),
    gpt2=GPT2Config(vocab_size=60, n_embd=16, n_layer=2, n_head=2, n_positions=32, pad_token_id=0),
    llama=LlamaConfig(
        vocab_size=60,
        hidden_size=16,
        num_hidden_layers=2,
        num_attention_heads=4,
        num_key_value_heads=2,
        intermediate_size=24,
        max_position_embeddings=32,
        pad_token_id=0,
    ),
    t5=T5Config(vocab_size=60, d_model=16, d_kv=8, d_ff=24, num_layers=2, num_heads=2, pad_token_id=0),
)


@dataclass(frozen=True)
class Case:
    """One way to run one model class; `run` takes the model."""

    name: str
    model_class: type[PreTrainedModel]
    changes: dict[str, Any]
    run: Callable[[PreTrainedModel], Any]

    @property
    def file(self) -> str:
        return Path(inspect.getfile(self.model_class)).relative_to(PACKAGE).as_posix()

    def model(self) -> PreTrainedModel:
        torch.manual_seed(0)
        family = self.file.split("/")[1]
        config = type(CONFIGS[family]).from_dict({**CONFIGS[family].to_dict(), **self.changes})
        return self.model_class._from_config(config, attn_implementation="eager").eval()


def ids(rows: int = 2, tokens: int = 7) -> torch.Tensor:
    made = torch.arange(rows * tokens).reshape(rows, tokens) % 50 + 3
    made[:, -1] = 1  # T5 classifies at its end token
    return made


def plain(model: PreTrainedModel) -> Any:
    names = inspect.signature(model.forward).parameters
    if "labels" not in names and "next_sentence_label" not in names:
        return model(**given(model))
    return model(**given(model), **labels(model))


def given(model: PreTrainedModel) -> dict[str, torch.Tensor]:
    tokens = ids()[:, None].repeat(1, 2, 1) if "Choice" in type(model).__name__ else ids()
    if type(model).__name__ == "GPT2DoubleHeadsModel":
        return {"input_ids": tokens[:, None], "mc_token_ids": torch.tensor([[6], [6]])}
    inputs = {"input_ids": tokens, "attention_mask": torch.ones_like(tokens)}
    if "decoder_input_ids" in inspect.signature(model.forward).parameters:
        inputs["decoder_input_ids"] = ids(2, 7)
    return inputs


def labels(model: PreTrainedModel) -> dict[str, torch.Tensor]:
    kind = type(model).__name__
    if kind.endswith("DoubleHeadsModel"):
        return {"labels": ids()[:, None], "mc_labels": torch.zeros(2, dtype=torch.long)}
    if kind.endswith("PreTraining"):
        return {"labels": ids(), "next_sentence_label": torch.zeros(2, dtype=torch.long)}
    if kind.endswith(("SequenceClassification", "NextSentencePrediction", "MultipleChoice")):
        return {"labels": torch.zeros(2, dtype=torch.long)}
    if kind.endswith("TokenClassification"):
        return {"labels": torch.zeros_like(ids())}
    return {"labels": ids()}


def cached(model: PreTrainedModel) -> Any:
    first = model(input_ids=ids()[:, :4], use_cache=True)
    return model(input_ids=ids()[:, 4:], past_key_values=first.past_key_values, use_cache=True)


def crossed(model: PreTrainedModel) -> Any:
    torch.manual_seed(1)
    states = {"encoder_hidden_states": torch.randn(2, 5, 16), "encoder_attention_mask": torch.ones(2, 5)}
    first = model(input_ids=ids()[:, :4], use_cache=True, **states)
    return model(input_ids=ids()[:, 4:], past_key_values=first.past_key_values, use_cache=True, **states)


def verbose(model: PreTrainedModel) -> Any:
    return model(**given(model), output_hidden_states=True, output_attentions=True, return_dict=False)


def cases(family: str) -> list[Case]:
    """Every model class of a family, and its base model with cache, cross-attention and all outputs."""
    module = importlib.import_module(f"transformers.models.{family}.modeling_{family}")
    classes = [
        each
        for each in vars(module).values()
        if inspect.isclass(each)
        and issubclass(each, PreTrainedModel)
        and each.__module__ == module.__name__
        and each.forward is not PreTrainedModel.forward
        and "Stack" not in each.__name__
    ]
    found = [Case(each.__name__, each, {}, plain) for each in classes]
    base = next(each for each in classes if each.__name__.endswith("Model"))
    found.append(Case(f"{base.__name__}-outputs", base, {}, verbose))
    if family in ("bert", "gpt2"):
        decoder = {"is_decoder": True, "add_cross_attention": True}
        found.append(Case(f"{base.__name__}-crossed", base, decoder, crossed))
    if family == "gpt2":
        found.append(Case("GPT2Model-upcast", base, {"reorder_and_upcast_attn": True}, verbose))
    if family != "t5":
        changes = {"is_decoder": True} if family == "bert" else {}
        found.append(Case(f"{base.__name__}-cached", base, changes, cached))
    return found


@pytest.fixture(scope="session")
def package() -> Path:
    return PACKAGE


@pytest.fixture
def written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """`written(source)` imports source text as the module `sample.code` of a package in a temporary folder."""
    folder = tmp_path / "sample"
    folder.mkdir()
    (folder / "__init__.py").write_text("")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(sys, "dont_write_bytecode", True)  # a file rewritten within a second keeps its old bytecode

    def write(source: str) -> tuple[ModuleType, Path]:
        (folder / "code.py").write_text(textwrap.dedent(source), encoding="utf-8")
        for name in ("sample", "sample.code"):
            sys.modules.pop(name, None)
        importlib.invalidate_caches()
        return importlib.import_module("sample.code"), folder

    yield write
    for name in ("sample", "sample.code"):
        sys.modules.pop(name, None)


@pytest.fixture
def fake(tmp_path: Path):
    """`fake(source)`: the snapshot of a `transformers` that consists of this source."""

    def write(source: str) -> Snapshot:
        package = tmp_path / "src" / "transformers"
        package.mkdir(parents=True)
        (package / "__init__.py").write_text(textwrap.dedent(source))
        return Snapshot("repository", "somewhere", "v1", "a" * 40, "1.0", str(package))

    return write
