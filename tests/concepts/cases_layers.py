"""Cases of norms, activations, feed-forward networks and experts."""

from typing import Any

import torch
from torch import nn

from tests.concepts.cases import Case, module, rand


def rms_norm() -> tuple[dict[str, Any], torch.Tensor]:
    x, layer = rand(2, 5, 8), nn.RMSNorm(8, eps=1e-3).double()
    nn.init.normal_(layer.weight)
    return {"x": x, "norm": module(layer)}, layer(x)


def rms_norm_without_module() -> tuple[dict[str, Any], torch.Tensor]:
    x, gamma = rand(2, 5, 8), rand(8)
    return {"x": x, "gamma": gamma, "eps": 0.1}, nn.functional.rms_norm(x, (8,), gamma, 0.1)


def rms_norm_zero_centered() -> tuple[dict[str, Any], torch.Tensor]:
    x, weight = rand(2, 5, 8), rand(8)
    return {"x": x, "weight": weight, "eps": 0.1}, nn.functional.rms_norm(x, (8,), weight + 1, 0.1)


def rms_norm_unweighted() -> tuple[dict[str, Any], torch.Tensor]:
    x = rand(2, 5, 8)
    return {"x": x, "eps": 0.1}, nn.functional.rms_norm(x, (8,), None, 0.1)


def gate_before_norm() -> tuple[dict[str, Any], torch.Tensor]:
    x, z, gamma = rand(2, 5, 8), rand(2, 5, 8), rand(8)
    wanted = gamma * nn.functional.rms_norm((x * z * z.sigmoid()).view(2, 5, 2, 4), (4,), None, 0.1).view(2, 5, 8)
    return {
        "x": x,
        "gate": z,
        "gamma": gamma,
        "eps": 0.1,
        "phi": nn.functional.silu,
        "groups": x.view(2, 5, 2, 4),
    }, wanted


def gate_after_norm() -> tuple[dict[str, Any], torch.Tensor]:
    x, z, gamma = rand(2, 5, 8), rand(2, 5, 8), rand(8)
    wanted = z.sigmoid() * nn.functional.rms_norm(x, (8,), gamma, 0.1)
    return {"x": x, "gate": z, "gamma": gamma, "eps": 0.1, "sigmoid": z}, wanted


def unit_length() -> tuple[dict[str, Any], torch.Tensor]:
    x = rand(2, 5, 8)
    return {"x": x}, nn.functional.normalize(x)


def unit_length_last() -> tuple[dict[str, Any], torch.Tensor]:
    x = rand(2, 5, 8)
    return {"x": x, "dim": -1, "length": x}, x / torch.linalg.vector_norm(x, dim=-1, keepdim=True)


CASES: dict[str, tuple[Case, ...]] = {
    "rms-norm": (rms_norm, rms_norm_without_module),
    "rms-norm-zero-centered": (rms_norm_zero_centered,),
    "rms-norm-unweighted": (rms_norm_unweighted,),
    "gated-rms-norm": (gate_before_norm, gate_after_norm),
    "l2-normalization": (unit_length, unit_length_last),
}
