"""Checkpoints: a folder of safetensors, or one that the hub has.

Weights are read from safetensors only; nothing is ever unpickled and no code of a checkpoint is ever run.
"""

import json
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from transformers import PreTrainedConfig, PreTrainedModel
from transformers.models.auto.configuration_auto import CONFIG_MAPPING

from hfreader.errors import HfreaderError, suggestion
from hfreader.trace.configs import build_config, one_line
from hfreader.trace.models import ATTENTION, prepare, seeded
from hfreader.trace.placement import Spreading

INDEX = "model.safetensors.index.json"
PICKLES = ("*.bin", "*.pt", "*.pth", "*.ckpt", "*.pkl")


def read_config(folder: Path) -> PreTrainedConfig:
    """The configuration in a checkpoint folder; HfreaderError where there is none that transformers knows."""
    fields = _read_json(folder / "config.json")
    model_type = fields.get("model_type")
    if model_type not in CONFIG_MAPPING:
        named = (
            f"model_type '{model_type}'{suggestion(str(model_type), CONFIG_MAPPING)}" if model_type else "no model_type"
        )
        if "auto_map" in fields:
            raise HfreaderError(f"{folder} brings its own code ({named}), which hfreader never runs")
        raise HfreaderError(f"{folder / 'config.json'}: {named}; this transformers does not know such a model")
    try:
        return build_config(CONFIG_MAPPING[model_type], fields)
    except HfreaderError as error:
        raise HfreaderError(f"{folder / 'config.json'}: {error}") from error


def _read_json(path: Path) -> dict[str, Any]:
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise HfreaderError(f"{path.parent} is no checkpoint: it has no {path.name}") from error
    except (OSError, ValueError) as error:
        raise HfreaderError(f"{path} cannot be read: {one_line(error)}") from error
    if not isinstance(content, dict):
        raise HfreaderError(f"{path} cannot be read: it is not a JSON object")
    return content


def weight_files(folder: Path) -> tuple[Path, ...]:
    """The safetensors files of a checkpoint; HfreaderError where there are none, some are missing or corrupt."""
    if (folder / INDEX).is_file():
        index = _read_json(folder / INDEX).get("weight_map")
        if not isinstance(index, dict):
            raise HfreaderError(f"{folder / INDEX} cannot be read: it has no weight_map")
        files = tuple(folder / name for name in sorted(set(index.values())))
    else:
        files = (folder / "model.safetensors",)
    for file in files:
        _check(file)
    return files


def _check(file: Path) -> None:
    if not file.is_file():
        if any(next(file.parent.glob(pattern), None) for pattern in PICKLES):
            raise HfreaderError(
                f"{file.parent} holds pickled weights, which hfreader never loads because a pickle can run code: "
                "save it again with model.save_pretrained(folder), which writes safetensors"
            )
        raise HfreaderError(f"{file.parent} is no whole checkpoint: {file.name} is missing")
    try:
        with safe_open(file, framework="pt") as weights:
            weights.keys()
    except (SafetensorError, OSError) as error:
        raise HfreaderError(f"{file} is not a readable safetensors file: {one_line(error)}") from error


def load_model(
    folder: Path,
    model_class: type[PreTrainedModel],
    config: PreTrainedConfig,
    seed: int,
    dtype: torch.dtype,
    device: torch.device,
    spreading: Spreading | None = None,
) -> tuple[PreTrainedModel, tuple[str, ...]]:
    """A class of the family with the checkpoint's weights, in evaluation mode, and notes on weights that did not fit.

    Weights the checkpoint lacks are initialised at random from the seed.
    """
    weight_files(folder)
    prepare(config)
    where: dict[str, Any] = {}
    if spreading is not None:
        where = {"device_map": "auto", "max_memory": spreading.most, "offload_folder": spreading.folder}
    with seeded(seed):
        try:
            model, report = model_class.from_pretrained(
                folder,
                config=config,
                dtype=dtype,
                attn_implementation=ATTENTION,
                use_safetensors=True,
                local_files_only=True,
                output_loading_info=True,
                ignore_mismatched_sizes=True,  # so that they are listed, and refused below
                **where,
            )
        except Exception as error:
            raise HfreaderError(f"{folder} does not load as {model_class.__name__}: {one_line(error)}") from error
    if misfits := sorted(report["mismatched_keys"]):
        name, stored, wanted = misfits[0]
        more = f" (and {len(misfits) - 1} more)" if len(misfits) > 1 else ""
        raise HfreaderError(
            f"{folder}: its weights do not fit the configuration: {name} is {tuple(stored)} in the checkpoint, "
            f"{tuple(wanted)} in the model{more}; leave its sizes as they are"
        )
    if not model_class.__name__.endswith("PreTrainedModel") and len(report["missing_keys"]) == len(model.state_dict()):
        raise HfreaderError(f"{folder} does not load as {model_class.__name__}: it has none of its weights")
    return (model if spreading else model.to(device=device)).eval(), _loading_notes(report)


def _loading_notes(report: dict[str, Any]) -> tuple[str, ...]:
    notes = []
    if missing := sorted(report["missing_keys"]):
        notes.append(f"not in the checkpoint, so random: {_some(missing)}")
    if unused := sorted(report["unexpected_keys"]):
        notes.append(f"in the checkpoint, but not used by this model: {_some(unused)}")
    return tuple(notes)


def _some(names: list[str], shown: int = 4) -> str:
    more = f" and {len(names) - shown} more" if len(names) > shown else ""
    return ", ".join(names[:shown]) + more
