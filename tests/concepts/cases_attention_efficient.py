"""Cases of attention that compares only some queries with some keys, or none."""

from typing import Any

import torch
from torch.nn import functional as F

from tests.concepts.cases import Case, linear, module, rand


def deformable(whole: bool) -> Case:
    """Read by torch's own bilinear sampling, level by level; some places lie outside of the maps."""
    sizes, points = [(3, 4), (2, 5)], 3

    def case() -> tuple[dict[str, Any], torch.Tensor]:
        value, places = rand(2, 22, 2, 6), torch.rand(2, 5, 2, 2, points, 2, dtype=torch.float64) * 1.4 - 0.2
        shares = rand(2, 5, 2, 2 * points).softmax(-1).unflatten(-1, (2, points))
        found = []
        for number, (level, size) in enumerate(zip(value.split([12, 10], 1), sizes, strict=True)):
            maps = level.permute(0, 2, 3, 1).reshape(4, 6, *size)
            grid = 2 * places[:, :, :, number].transpose(1, 2).flatten(0, 1) - 1
            found.append(F.grid_sample(maps, grid, align_corners=False))
        weights = shares.transpose(1, 2).reshape(4, 1, 5, 2 * points)
        wanted = (torch.cat(found, -1) * weights).sum(-1).view(2, 12, 5).transpose(1, 2)
        if not whole:
            flat = {"locations": places.flatten(3, 4), "weights": shares.flatten(3), "counts": [points, points]}
            return {"value": value, "sizes": sizes, **flat}, wanted
        x, w_weight, w_o = rand(2, 5, 8), linear(8, 2 * 2 * points), linear(12, 8)
        own = w_weight(x).view(2, 5, 2, 2 * points).softmax(-1).transpose(1, 2).reshape(4, 1, 5, 2 * points)
        wanted = w_o((torch.cat(found, -1) * own).sum(-1).view(2, 12, 5).transpose(1, 2))
        parts = {"points": places - 0.1, "offset": torch.full_like(places, 0.1), "w_o": module(w_o)}
        return {"value": value, "sizes": sizes, "locations": places, "weights": shares, "x": x} | parts | {
            "w_weight": module(w_weight)
        }, wanted

    return case


def unscaled() -> tuple[dict[str, Any], torch.Tensor]:
    q, k, v, bias, seen = rand(2, 3, 4, 6), rand(2, 3, 5, 6), rand(2, 3, 5, 7), rand(1, 3, 4, 5), rand(2, 1, 4, 5) < 2
    mask = bias.masked_fill(~seen, float("-inf"))
    wanted = F.scaled_dot_product_attention(q, k, v, attn_mask=mask, scale=1.0)
    return {"query": q, "key": k, "value": v, "bias": bias, "visible": seen}, wanted


CASES: dict[str, tuple[Case, ...]] = {
    "unscaled-dot-product-attention": (unscaled,),
    "multi-scale-deformable-attention": (deformable(False), deformable(True)),
}
