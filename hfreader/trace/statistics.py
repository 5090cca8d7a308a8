"""Statistics of the tensors on each line, taken while they are there.

A few passes over the numbers of a tensor give all that is needed; where a value is only handed on, or seen through
another shape, the figures are those taken before. Nothing waits for a GPU: figures stay tensors until the run is over.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple
from weakref import ref

import torch

from hfreader.facts.statistics import Statistics

FLOATS = frozenset({torch.float32, torch.float64})
NARROW = frozenset({torch.float16, torch.bfloat16})


class Figures(NamedTuple):
    """Least and greatest number, sum of the squared distances from the mean, mean, how many numbers; how many of them
    are NaN and infinite."""

    least: torch.Tensor
    greatest: torch.Tensor
    squares: torch.Tensor
    mean: torch.Tensor
    total: int
    odd: tuple[torch.Tensor, torch.Tensor]


class _Known(NamedTuple):
    tensor: "ref[torch.Tensor]"
    version: int
    numbers: int
    figures: Figures


@dataclass
class Gauge:
    """Takes figures of tensors."""

    rows: dict[int, Figures] = field(default_factory=dict)
    known: dict[int, _Known] = field(default_factory=dict)

    def take(self, row: int, tensor: torch.Tensor) -> None:
        """Note the figures of a tensor under the number of its record; none of what holds no fractions."""
        dtype = tensor.dtype
        if (dtype not in FLOATS and dtype not in NARROW) or tensor.layout is not torch.strided:
            return
        count = tensor.numel()
        if not count:
            return
        try:
            place, version = tensor.data_ptr(), tensor._version
        except RuntimeError:  # a tensor without numbers, or one that counts no changes
            return
        before = self.known.get(place)
        # Memory is not used anew while the tensor that was seen in it is alive.
        if before is not None and before[1] == version and before[2] == count:
            alive = before[0]()
            if alive is not None and alive._version == version and _same_numbers(alive, tensor):
                self.rows[row] = before[3]
                return
        figures = _figures(tensor)
        self.known[place] = _Known(ref(tensor), version, count, figures)
        self.rows[row] = figures

    def facts(self, rows: int) -> Sequence[Statistics | None]:
        """The statistics of each record, None where none were taken; the same figures are worked out once."""
        made: dict[int, Statistics] = {}
        found: list[Statistics | None] = [None] * rows
        for row, figures in self.rows.items():
            if id(figures) not in made:
                made[id(figures)] = _statistics(figures)
            found[row] = made[id(figures)]
        return found


def _same_numbers(one: torch.Tensor, other: torch.Tensor) -> bool:
    """Whether two tensors that begin at the same place hold the same numbers, in whatever order: both whole."""
    return one.dtype is other.dtype and (one is other or (one.is_contiguous() and _whole(other)))


def _whole(tensor: torch.Tensor) -> bool:
    """Whether a tensor covers a stretch of memory without gaps or repetition."""
    dimensions = sorted((step, size) for step, size in zip(tensor.stride(), tensor.shape, strict=True) if size > 1)
    expected = 1
    for step, size in dimensions:
        if step != expected:
            return False
        expected *= size
    return True


def _figures(tensor: torch.Tensor) -> Figures:
    numbers = tensor.detach()
    if numbers.dtype in NARROW:
        numbers = numbers.float()
    least, greatest = torch.aminmax(numbers)
    # `torch.var_mean` takes twenty times as long on a processor.
    flat = numbers.reshape(-1)
    mean = flat.mean()
    away = flat - mean
    return Figures(least, greatest, torch.dot(away, away), mean, flat.numel(), _odd(flat, least, greatest))


def _odd(tensor: torch.Tensor, least: torch.Tensor, greatest: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """How many numbers are NaN and infinite: counted where the least or greatest is."""
    none = torch.zeros((), dtype=torch.int64)
    if tensor.device.type == "cpu" and math.isfinite(float(least)) and math.isfinite(float(greatest)):
        return none, none
    return tensor.isnan().sum(), tensor.isinf().sum()


def _statistics(figures: Figures) -> Statistics:
    def finite(number: torch.Tensor) -> float | None:
        value = float(number)
        return value if math.isfinite(value) else None

    squares = finite(figures.squares)
    return Statistics(
        mean=finite(figures.mean),
        std=None if squares is None else math.sqrt(squares / figures.total),
        min=finite(figures.least),
        max=finite(figures.greatest),
        nan=int(figures.odd[0]),
        inf=int(figures.odd[1]),
    )
