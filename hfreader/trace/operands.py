"""The tensors among what an operation is given or gives: torch's own walk through any structure takes longer than many
an operation on shapes, and operations nest no more than lists."""

from collections.abc import Iterable
from typing import Any

import torch


def tensors_of(*values: Any) -> list[torch.Tensor]:
    """The tensors among values, in lists of them and in the values of mappings, in their order."""
    found: list[torch.Tensor] = []
    _gather(values, found)
    return found


def _gather(values: Iterable[Any], found: list[torch.Tensor]) -> None:
    for each in values:
        if isinstance(each, torch.Tensor):
            found.append(each)
        elif isinstance(each, list | tuple):
            _gather(each, found)
        elif isinstance(each, dict):
            _gather(each.values(), found)
