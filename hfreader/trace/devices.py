"""Where a model runs and with what numbers."""

import os

import torch

from hfreader.errors import HfreaderError
from hfreader.trace.requests import check_device, check_dtype


def find_dtype(name: str) -> torch.dtype:
    """The floating-point type of a name; HfreaderError with the choices."""
    check_dtype(name)
    dtype: torch.dtype = getattr(torch, name)
    return dtype


def find_device(name: str) -> torch.device:
    """The device of a name (`cpu`, `cuda`, `cuda:1`, `mps`); HfreaderError where it is absent."""
    check_device(name)
    kind, _, index = name.partition(":")
    if kind == "cuda":
        present = torch.cuda.device_count() if torch.cuda.is_available() else 0
        if not present:
            raise HfreaderError(f"--device {name}: this PyTorch sees no CUDA device; use --device cpu")
        if int(index or 0) >= present:
            raise HfreaderError(f"--device {name}: only {present} CUDA device(s) here; the last is cuda:{present - 1}")
    if kind == "mps" and not torch.backends.mps.is_available():
        raise HfreaderError(f"--device {name}: this PyTorch sees no Apple GPU; use --device cpu")
    return torch.device(name)


def room(device: torch.device) -> int:
    """How many bytes a model with random weights may take: most of a free GPU, a quarter of the main memory."""
    if device.type == "cuda":
        return int(torch.cuda.mem_get_info(device)[0] * 0.8)
    return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") // 4
