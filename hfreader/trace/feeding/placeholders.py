"""Places in a text for what a model sees and hears: as many placeholder ids as the model makes features."""

import inspect
from collections.abc import Iterator, Mapping
from typing import Any

import torch
from transformers import PreTrainedModel
from transformers.utils import ModelOutput

from hfreader.trace.feeding.need import Need
from hfreader.trace.instrument import unrecorded

# Kinds of features: how the library's methods and fields name them, and their number among token types.
KINDS = {"image": 1, "video": 2, "audio": 3}
TOKEN_TYPES = "mm_token_type_ids"
ROWS_OF_IMAGES = 5


def with_placeholders(model: PreTrainedModel, given: Mapping[str, Any], need: Need) -> dict[str, Any]:
    """The inputs with a placeholder before the text for each feature of the images, videos and sounds among them.

    The library's multimodal models have a method for each kind (`get_image_features`) and an id of the configuration
    (`image_token_id`); others are given what they were.
    """
    ids = given.get("input_ids")
    if ids is None:
        return dict(given)
    kinds = torch.zeros_like(ids)
    for kind, type_id in KINDS.items():
        place = need.field(f"{kind}_token_id", f"{kind}_token_index")
        rows = _features(model, kind, given) // ids.shape[0] if isinstance(place, int) else 0
        if rows:
            ids = torch.cat([ids[:, :1], torch.full((ids.shape[0], rows), place).to(ids), ids[:, 1:]], 1)
            kinds = torch.cat([kinds[:, :1], torch.full((ids.shape[0], rows), type_id).to(ids), kinds[:, 1:]], 1)
    changed = dict(given) | {"input_ids": ids}
    if "attention_mask" in given and ids.shape != given["attention_mask"].shape:
        changed["attention_mask"] = torch.ones_like(ids)
    if TOKEN_TYPES in need.parameters and bool(kinds.any()):
        changed[TOKEN_TYPES] = kinds
    return changed


def _features(model: PreTrainedModel, kind: str, given: Mapping[str, Any]) -> int:
    """How many features a model makes of one kind of its inputs; 0 where it has no such method or no such input."""
    owners = (each for each in model.modules() if hasattr(each, f"get_{kind}_features"))  # itself, or what it wraps
    owner = next(owners, None)
    if owner is None:
        return 0
    method = getattr(owner, f"get_{kind}_features")
    parameters = inspect.signature(method).parameters
    needed = [
        each.name for each in parameters.values() if each.default is each.empty and each.kind is not each.VAR_KEYWORD
    ]
    mine = {name: given[name] for name in parameters if name in given and name not in ("input_ids", "attention_mask")}
    if not mine or any(name not in mine for name in needed):
        return 0
    with torch.no_grad(), unrecorded():
        try:
            made = method(**mine)
        except (RuntimeError, ValueError):
            if owner is model:
                raise
            made = method(**{name: _one_by_one(value) for name, value in mine.items()})
        return sum(each.numel() // max(each.shape[-1], 1) for each in _tensors(made))


def _one_by_one(value: Any) -> Any:
    """Images (B, N, C, H, W) as (B * N, C, H, W): what is wrapped may be given them so."""
    return value.flatten(0, 1) if isinstance(value, torch.Tensor) and value.dim() == ROWS_OF_IMAGES else value


def _tensors(found: Any) -> Iterator[torch.Tensor]:
    """The features in what such a method returns."""
    if isinstance(found, torch.Tensor):
        yield found
    elif isinstance(found, ModelOutput):
        pooled = getattr(found, "pooler_output", None)
        yield from _tensors(pooled if pooled is not None else found[0])
    elif isinstance(found, list | tuple):
        for each in found:
            yield from _tensors(each)
