"""Tensors from the files that a user gives: pictures, sounds, videos."""

import inspect
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

import torch

from hfreader.errors import HfreaderError
from hfreader.facts.runs import TraceRequest
from hfreader.trace.configs import one_line
from hfreader.trace.feeding import images, sessions, sound
from hfreader.trace.feeding.need import Need
from hfreader.trace.feeding.vocabulary import maker
from hfreader.trace.inputs import parameters_of_forward, reads_text
from hfreader.trace.media import read_frames, read_image, read_sound
from hfreader.trace.processors import feature_extractor, image_processor, rate_of
from hfreader.trace.sizes import Lengths
from hfreader.trace.subject import Subject

MASKS = ("input_features_mask", "feature_attention_mask", "audio_attention_mask", "audio_mel_mask")


@dataclass(frozen=True)
class Sensed:
    """Tensors by parameter of the forward pass, what they were made of, and what a reader must know."""

    tensors: Mapping[str, torch.Tensor]
    said: str
    notes: tuple[str, ...]
    rows: int


def sensed(request: TraceRequest, subject: Subject) -> Sensed | None:
    """What a request's files become; None where it has none.

    HfreaderError for a file that cannot be read, and for one of a kind that the class does not take.
    """
    need = Need(subject.model_class, subject.config, Lengths(1, 1))
    found: dict[str, torch.Tensor] = {}
    notes: list[str] = []
    said: list[str] = []
    for kind, files in (("image", request.images), ("video", request.videos), ("sound", request.sounds)):
        if files:
            tensors, note = _READERS[kind]([Path(file).expanduser() for file in files], need, subject)
            found |= tensors
            notes.append(note)
            said.append(f"{len(files)} {kind}{'s' if len(files) > 1 else ''}")
    rows = max((len(files) for files in (request.images, request.videos, request.sounds)), default=0)
    return Sensed(found, " and ".join(said), tuple(notes), rows) if found else None


def _pictures(files: list[Path], need: Need, subject: Subject) -> tuple[dict[str, torch.Tensor], str]:
    _takes(need, "images", images)
    pictures = [read_image(file) for file in files]
    processor, words = image_processor(need, subject.folder)
    return _accepted(_processed(processor, pictures, need), need, "images"), f"pixels by {words}"


def _videos(files: list[Path], need: Need, subject: Subject) -> tuple[dict[str, torch.Tensor], str]:
    _takes(need, "videos", images, sessions)
    session = sessions.session_of(need.model_class)
    if session is not None and len(files) > 1:
        raise HfreaderError(f"{need.model_class.__name__} reads one video at a time: give one --video")
    count = images.frames(need)
    clips: list[Any] = [read_frames(file, count) for file in files]
    processor, words = image_processor(need, subject.folder)
    note = f"pixels of {count} frames at equal distances by {words}"
    if session is None:
        return _accepted(_processed(processor, clips, need), need, "videos"), note
    made = _processed(processor, clips[0], need)
    return {session[0]: made["pixel_values"]}, f"{note}; {sessions.SHOWN}"


def _sounds(files: list[Path], need: Need, subject: Subject) -> tuple[dict[str, torch.Tensor], str]:
    _takes(need, "sound", sound)
    extractor, words = feature_extractor(need, subject.folder)
    rate = rate_of(extractor, need.config)
    samples = [read_sound(file, rate) for file in files]
    usual = inspect.signature(extractor.__call__).parameters.get("padding")
    # An extractor that fills up to a fixed length by default does so; others only where rows must become as long.
    padding = {} if usual is not None and usual.default else {"padding": len(samples) > 1}
    try:
        made = dict(extractor(samples, sampling_rate=rate, return_tensors="pt", **padding))
    except Exception as error:
        raise HfreaderError(f"{type(extractor).__name__} cannot read this sound: {one_line(error)}") from error
    if reads_text(need.model_class) and "attention_mask" in made:  # that name is the text's
        mask = made.pop("attention_mask")
        made |= {name: mask for name in MASKS if name in need.parameters}
    return _accepted(made, need, "sound"), f"sound at {rate:,} samples a second by {words}"


_READERS = {"image": _pictures, "video": _videos, "sound": _sounds}


def _processed(processor: Any, pictures: list[Any], need: Need) -> dict[str, Any]:
    try:
        return dict(processor(pictures, return_tensors="pt"))
    except Exception as error:
        name = type(processor).__name__
        raise HfreaderError(f"{name} cannot make pixels for {need.model_class.__name__}: {one_line(error)}") from error


def _takes(need: Need, what: str, *vocabulary: ModuleType) -> None:
    """HfreaderError where no parameter of the forward pass is of the kind that these modules of the vocabulary make."""
    known = {each.__name__ for each in vocabulary}
    if not any((make := maker(name)) is not None and make.__module__ in known for name in need.parameters):
        names = ", ".join(parameters_of_forward(need.model_class)[:6])
        raise HfreaderError(f"{need.model_class.__name__} takes no {what}: its forward pass reads {names}")


def _accepted(made: Mapping[str, Any], need: Need, what: str) -> dict[str, torch.Tensor]:
    """The tensors that the forward pass has a parameter for."""
    found = {name: value for name, value in made.items() if name in need.parameters and torch.is_tensor(value)}
    if not found:
        names = ", ".join(made)
        raise HfreaderError(f"{need.model_class.__name__} takes none of what {what} become here: {names}")
    return found
