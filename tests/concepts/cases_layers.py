"""Cases of norms, activations, feed-forward networks and experts."""

from typing import Any

import torch
from torch import nn
from torch.nn import functional as F

from tests.concepts.cases import Case, linear, module, norm, rand


def rms_norm() -> tuple[dict[str, Any], torch.Tensor]:
    x, layer = rand(2, 5, 8), nn.RMSNorm(8, eps=1e-3).double()
    nn.init.normal_(layer.weight)
    return {"x": x, "norm": module(layer)}, layer(x)


def rms_norm_without_module() -> tuple[dict[str, Any], torch.Tensor]:
    x, gamma = rand(2, 5, 8), rand(8)
    return {"x": x, "gamma": gamma, "eps": 0.1}, F.rms_norm(x, (8,), gamma, 0.1)


def rms_norm_zero_centered() -> tuple[dict[str, Any], torch.Tensor]:
    x, weight = rand(2, 5, 8), rand(8)
    return {"x": x, "weight": weight, "eps": 0.1}, F.rms_norm(x, (8,), weight + 1, 0.1)


def rms_norm_unweighted() -> tuple[dict[str, Any], torch.Tensor]:
    x = rand(2, 5, 8)
    return {"x": x, "eps": 0.1}, F.rms_norm(x, (8,), None, 0.1)


def gate_before_norm() -> tuple[dict[str, Any], torch.Tensor]:
    x, z, gamma = rand(2, 5, 8), rand(2, 5, 8), rand(8)
    wanted = gamma * F.rms_norm((x * z * z.sigmoid()).view(2, 5, 2, 4), (4,), None, 0.1).view(2, 5, 8)
    return {
        "x": x,
        "gate": z,
        "gamma": gamma,
        "eps": 0.1,
        "phi": F.silu,
        "groups": x.view(2, 5, 2, 4),
    }, wanted


def gate_after_norm() -> tuple[dict[str, Any], torch.Tensor]:
    x, z, gamma = rand(2, 5, 8), rand(2, 5, 8), rand(8)
    wanted = z.sigmoid() * F.rms_norm(x, (8,), gamma, 0.1)
    return {"x": x, "gate": z, "gamma": gamma, "eps": 0.1, "sigmoid": z}, wanted


def unit_length() -> tuple[dict[str, Any], torch.Tensor]:
    x = rand(2, 5, 8)
    return {"x": x}, F.normalize(x)


def unit_length_last() -> tuple[dict[str, Any], torch.Tensor]:
    x = rand(2, 5, 8)
    return {"x": x, "dim": -1, "length": x}, x / torch.linalg.vector_norm(x, dim=-1, keepdim=True)


def gated_ffn() -> tuple[dict[str, Any], torch.Tensor]:
    x, one, two, down = rand(2, 5, 4), linear(4, 9, bias=False), linear(4, 9), linear(9, 4)
    bound = {"x": x, "w_gate": module(one), "w_up": module(two), "w_down": module(down), "phi": F.silu}
    return bound, down(F.silu(one(x)) * two(x))


def gated_ffn_fused() -> tuple[dict[str, Any], torch.Tensor]:
    x, both, down, layer = rand(2, 5, 4), linear(4, 18), linear(9, 4), norm(9)
    inner = both(x)
    wanted = down(layer(inner[..., :9].clamp(-0.5, 0.5) * F.gelu(inner[..., 9:].clamp(max=0.7))))
    bound = {"x": x, "w_in": module(both), "w_down": module(down), "phi": F.gelu, "second": inner}
    return {**bound, "norm": module(layer), "gate_limit": 0.7, "up_limit": 0.5}, wanted


def half_ffn() -> tuple[dict[str, Any], torch.Tensor]:
    x, one = rand(2, 5, 4), linear(4, 9)
    return {"x": x, "w_1": module(one), "phi": F.relu}, torch.relu(one(x))


CASES: dict[str, tuple[Case, ...]] = {
    "rms-norm": (rms_norm, rms_norm_without_module),
    "rms-norm-zero-centered": (rms_norm_zero_centered,),
    "rms-norm-unweighted": (rms_norm_unweighted,),
    "gated-rms-norm": (gate_before_norm, gate_after_norm),
    "gated-ffn": (gated_ffn, gated_ffn_fused),
    "ffn-expansion-half": (half_ffn,),
    "l2-normalization": (unit_length, unit_length_last),
}
