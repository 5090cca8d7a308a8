"""What the numbers of a tensor are like."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Statistics:
    """Of all numbers of one tensor. `std` is that of the whole (divided by n); a figure that is no finite number, as
    the mean of a tensor with NaN in it, is None. `nan` and `inf` count, of both signs."""

    mean: float | None
    std: float | None
    min: float | None
    max: float | None
    nan: int = 0
    inf: int = 0
