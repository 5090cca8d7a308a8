"""Cases of the concepts of detection and segmentation."""

from typing import Any

import torch
from torch.nn import functional as F

from tests.concepts.cases import rand

Arguments = tuple[dict[str, Any], torch.Tensor]


def smaller_mask() -> Arguments:
    mask = torch.rand(2, 9, 7) > 0.5
    wanted = F.interpolate(mask[None].double(), size=(4, 5))
    return {"mask": mask, "like": wanted}, wanted


def overlap() -> Arguments:
    p, t = rand(3, 8).sigmoid(), (rand(3, 8) > 0).double()
    wanted = 1 - (2 * (p * t).sum(-1) + 1) / ((p + t).sum(-1) + 1)
    return {"p": p, "t": t, "like": wanted}, wanted


def overlap_of_pairs() -> Arguments:
    p, t = rand(3, 8).sigmoid(), (rand(2, 8) > 0).double()
    one, other = p[:, None], t[None]
    wanted = 1 - (2 * (one * other).sum(-1) + 1) / ((one + other).sum(-1) + 1)
    return {"p": p, "t": t, "like": wanted}, wanted


CASES = {"dice-loss": (overlap, overlap_of_pairs), "feature-map-mask": (smaller_mask,)}
