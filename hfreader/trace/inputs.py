"""Tensors for a forward pass, found from its signature."""

import inspect
import re
from collections.abc import Sequence
from contextlib import suppress

import torch
from transformers import PreTrainedConfig, PreTrainedModel

from hfreader.errors import HfreaderError
from hfreader.trace.configs import all_parts, read
from hfreader.trace.tokenizers import special_ids, vocabulary_size

_OTHER_MODALITY = re.compile(r"pixel_values|input_(features|values)|^bbox$|audio|video|image")


# Fields that count codes, and how many ids are sure to be known to a model of characters.
CODES, BYTES = ("codebook_size", "audio_vocab_size", "num_embeddings"), 256


def parameters_of_forward(model_class: type[PreTrainedModel]) -> list[str]:
    """The named parameters of a class's forward pass, without self."""
    parameters = inspect.signature(model_class.forward).parameters.values()
    return [each.name for each in parameters if each.kind in (each.POSITIONAL_OR_KEYWORD, each.KEYWORD_ONLY)][1:]


def reads_text(model_class: type[PreTrainedModel]) -> bool:
    """Whether the class takes text ids."""
    return "input_ids" in parameters_of_forward(model_class)


def other_inputs(model_class: type[PreTrainedModel]) -> list[str]:
    """The parameters of the forward pass that take images, sound or layout."""
    return [name for name in parameters_of_forward(model_class) if _OTHER_MODALITY.search(name)]


def position_limit(config: PreTrainedConfig) -> int | None:
    """The longest sequence the configuration has positions for, None where it states no limit."""
    for _, each in all_parts(config):
        limit = getattr(each, "max_position_embeddings", None)
        if isinstance(limit, int) and limit > 0:
            return limit
    return None


def check_ids(ids: Sequence[int], config: PreTrainedConfig, further: int = 0) -> None:
    """HfreaderError for no ids, ids outside the vocabulary, or more of them than positions; `further` tokens follow."""
    if not ids:
        raise HfreaderError("the text is empty: give at least one token")
    check_range(ids, config)
    limit = position_limit(config)
    if limit is not None and len(ids) + further > limit:
        more = f" and {further} are to follow" if further else ""
        raise HfreaderError(
            f"the text has {len(ids)} tokens{more}, but the model has positions for {limit} (max_position_embeddings)"
        )


def check_range(ids: Sequence[int], config: PreTrainedConfig) -> None:
    """HfreaderError for ids outside the vocabulary."""
    vocabulary = vocabulary_size(config)
    if outside := [id for id in ids if not 0 <= id < vocabulary]:
        raise HfreaderError(f"id {outside[0]} is outside the vocabulary: ids go from 0 to {vocabulary - 1}")


def random_ids(config: PreTrainedConfig, batch: int, length: int, seed: int = 0) -> torch.Tensor:
    """Ids (batch, length), int64, of ordinary tokens: none that the configuration gives a special meaning."""
    vocabulary, taken = _known_ids(config), special_ids(config)
    usable = torch.tensor([id for id in range(min(vocabulary, 4096)) if id not in taken] or [0])
    chosen = torch.randint(len(usable), (batch, length), generator=torch.Generator().manual_seed(seed))
    return usable[chosen]


def _known_ids(config: PreTrainedConfig) -> int:
    """How many ids there are; for a model that reads characters or codes, and has no vocabulary, how many of these."""
    with suppress(HfreaderError):
        return vocabulary_size(config)
    counts = (value for _, part in all_parts(config) for name in CODES if isinstance(value := read(part, name), int))
    return min(counts, default=BYTES)


def text_inputs(model_class: type[PreTrainedModel], ids: torch.Tensor) -> dict[str, torch.Tensor]:
    """What people give the forward pass of a text model: ids (batch, length), and a mask of ones where it takes one.

    Raises HfreaderError for a class that takes no ids.
    """
    if not reads_text(model_class):
        raise HfreaderError(f"{model_class.__name__} reads {model_class.main_input_name}, not text")
    masks = {"attention_mask": torch.ones_like(ids)} if "attention_mask" in parameters_of_forward(model_class) else {}
    return {"input_ids": ids, **masks}
