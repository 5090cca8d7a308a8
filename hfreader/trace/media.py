"""Files that people have: pictures, sounds, videos, tensors."""

import importlib
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy
import soundfile
import soxr
import torch
from PIL import Image, UnidentifiedImageError
from safetensors import SafetensorError, safe_open

from hfreader.errors import HfreaderError
from hfreader.trace.configs import one_line

PICTURES = frozenset({".png", ".jpg", ".jpeg", ".webp", ".bmp", ".gif", ".tif", ".tiff", ".ppm"})


def read_image(path: Path) -> Image.Image:
    """A picture in three colours; HfreaderError where the file is none or is damaged."""
    try:
        with Image.open(path) as opened:
            return opened.convert("RGB")
    except UnidentifiedImageError as error:
        raise HfreaderError(f"{path} is no picture that can be read") from error
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
        raise HfreaderError(f"{path} cannot be read as a picture: {one_line(error)}") from error


def read_sound(path: Path, rate: int) -> "numpy.ndarray[Any, Any]":
    """Samples (samples,) float32 of one channel, the mean of all, at `rate` samples a second.

    HfreaderError where the file is no sound, is damaged or silent of length.
    """
    try:
        samples, own = soundfile.read(path, dtype="float32", always_2d=True)
    except (soundfile.SoundFileError, OSError, RuntimeError) as error:
        raise HfreaderError(f"{path} cannot be read as a sound: {one_line(error)}") from error
    if not len(samples):
        raise HfreaderError(f"{path} holds no sound: it has no samples")
    return numpy.ascontiguousarray(soxr.resample(samples.mean(1), own, rate), dtype=numpy.float32)


def read_frames(path: Path, count: int) -> list[Image.Image]:
    """`count` frames at equal distances of a video: a folder of pictures in the order of their names, or a file.

    HfreaderError where there are none. Files need the package `av`.
    """
    if path.is_dir():
        files = sorted(each for each in path.iterdir() if each.suffix.lower() in PICTURES)
        return [read_image(file) for file in _spread(files, count, path)]
    try:
        av = importlib.import_module("av")
    except ImportError as error:
        raise HfreaderError(
            f"{path}: reading video files needs the package av (pip install av); or give a folder of pictures"
        ) from error
    try:
        with av.open(str(path)) as video:
            frames = [frame.to_image().convert("RGB") for frame in video.decode(video=0)]
    except Exception as error:  # whatever the decoder raises
        raise HfreaderError(f"{path} cannot be read as a video: {one_line(error)}") from error
    return _spread(frames, count, path)


def _spread(frames: list[Any], count: int, path: Path) -> list[Any]:
    if not frames:
        raise HfreaderError(f"{path} holds no pictures: a video is a file, or a folder of frames")
    return [frames[round(place * (len(frames) - 1) / max(count - 1, 1))] for place in range(count)]


def read_tensors(path: Path, names: Iterable[str]) -> dict[str, torch.Tensor]:
    """The tensors of a safetensors file; HfreaderError where it is none, or holds one that is none of `names`."""
    try:
        with safe_open(path, framework="pt") as file:
            found = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 - no mapping
    except (SafetensorError, OSError) as error:
        raise HfreaderError(f"{path} is not a readable safetensors file: {one_line(error)}") from error
    known = list(names)
    if strange := [name for name in found if name not in known]:
        raise HfreaderError(f"{path}: the forward pass has no parameter '{strange[0]}'; it has {', '.join(known)}")
    if not found:
        raise HfreaderError(f"{path} holds no tensors")
    return found
