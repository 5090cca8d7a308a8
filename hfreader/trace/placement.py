"""Models spread over GPUs, main memory and disk by accelerate, for those that do not fit one device."""

import importlib
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

import torch
from transformers import PreTrainedModel

from hfreader.errors import HfreaderError
from hfreader.trace.configs import one_line


def accelerate() -> ModuleType:
    """The package; HfreaderError with the remedy where it is not installed."""
    try:
        return importlib.import_module("accelerate")
    except ImportError as error:
        raise HfreaderError("--device-map needs the package accelerate: pip install accelerate") from error


def most_memory(asked: Iterable[tuple[str, str]]) -> dict[int | str, str] | None:
    """How much may be taken of each place, as accelerate reads it; None where nothing was asked for.

    HfreaderError for a place that is not there, and for what is no amount.
    """
    found: dict[int | str, str] = {}
    present = torch.cuda.device_count() if torch.cuda.is_available() else 0
    convert = accelerate().utils.convert_file_size_to_int
    for place, amount in asked:
        if place != "cpu" and not (place.isdecimal() and int(place) < present):
            gpus = f"a GPU's number up to {present - 1}" if present else "and no GPU, for there is none here"
            raise HfreaderError(f"--max-memory {place}={amount}: the places are cpu {gpus}")
        try:
            convert(amount)
        except ValueError:
            raise HfreaderError(f"--max-memory {place}={amount}: write an amount as 200MB or 4GiB") from None
        found[int(place) if place.isdecimal() else place] = amount
    return found or None


@dataclass(frozen=True)
class Spreading:
    """What may be taken of each place (everything where None), and the folder for what fits nowhere."""

    most: Mapping[int | str, str] | None
    folder: Path


def spread(model: PreTrainedModel, spreading: Spreading) -> PreTrainedModel:
    """The model with its modules where accelerate's automatic map puts them; those for which no memory is left lie in
    files of the folder, and are read when they are called."""
    package = accelerate()
    try:
        model.tie_weights()
        places = package.infer_auto_device_map(
            model,
            max_memory=dict(spreading.most) if spreading.most else None,
            no_split_module_classes=list(getattr(model, "_no_split_modules", None) or ()),
            dtype=model.dtype,
        )
        if set(places.values()) == {"disk"}:  # which dispatch_model does not do
            placed: PreTrainedModel = package.disk_offload(model, spreading.folder, torch.device("cpu"))
            placed.hf_device_map = places
        else:
            placed = package.dispatch_model(model, places, offload_dir=spreading.folder)
    except Exception as error:
        raise HfreaderError(f"{type(model).__name__} cannot be spread over what is here: {one_line(error)}") from error
    return placed


def home(model: torch.nn.Module) -> torch.device:
    """Where the inputs of a model belong: its device; of one that is spread, where its first module is computed."""
    places = getattr(model, "hf_device_map", None)
    if not places:
        device: Any = model.device
        return torch.device(device)
    gpus = [place for place in places.values() if place not in ("cpu", "disk")]
    return torch.device(gpus[0] if gpus else "cpu")


def said(model: torch.nn.Module) -> tuple[str, ...]:
    """Where a spread model lies, for the reader; nothing for another."""
    places = Counter(str(place) for place in getattr(model, "hf_device_map", {}).values())
    where = ", ".join(f"{count} on {place}" for place, count in places.items())
    return (f"spread by accelerate, in parts that are not split: {where}",) if where else ()
