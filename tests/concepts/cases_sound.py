"""Cases of the concepts of sound."""

from typing import Any

import torch
from torch.nn import functional as F

from tests.concepts.cases import rand

Arguments = tuple[dict[str, Any], torch.Tensor]


def lower_rate() -> Arguments:
    x, h = rand(2, 3, 11), rand(1, 1, 4).expand(3, -1, -1)
    wanted = F.conv1d(x, h, stride=2, groups=3)
    return {"x": x, "h": h, "stride": 2, "like": wanted}, wanted


def higher_rate() -> Arguments:
    x, h = rand(2, 3, 7), rand(1, 1, 6).expand(3, -1, -1)
    wanted = 2 * F.conv_transpose1d(x, h, stride=2, groups=3)[..., 4:-5]
    return {"x": x, "h": h, "stride": 2, "ratio": 2, "first": 4, "like": wanted}, wanted


CASES = {"anti-aliased-resampling": (lower_rate, higher_rate)}
