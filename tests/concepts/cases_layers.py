"""Cases of norms, activations, feed-forward networks and experts."""

import math
from collections.abc import Callable
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


def router_sigmoid() -> tuple[dict[str, Any], torch.Tensor]:
    x, weight, correction = rand(5, 4), rand(9, 4), rand(9)
    scores = (x @ weight.T).sigmoid()
    _, indices = (scores + correction).topk(3)
    chosen = torch.stack([scores[row, indices[row]] for row in range(5)])
    wanted = 2.5 * chosen / (chosen.sum(-1, keepdim=True) + 0.1)
    bound = {"x": x, "weight": weight, "sigmoid": scores, "choice": scores + correction, "indices": indices.flip(-1)}
    return {**bound, "total": x, "eps": 0.1, "scale": 2.5, "like": chosen}, wanted.flip(-1)


def router_softmax() -> tuple[dict[str, Any], torch.Tensor]:
    x, layer = rand(5, 4), linear(4, 9)
    wanted = layer(x).softmax(-1).sort(descending=True)[0][:, :2].flip(-1)  # in no order that is asked for
    return {"x": x, "router": module(layer), "like": wanted}, wanted


def router_late() -> tuple[dict[str, Any], torch.Tensor]:
    x, weight, offset = rand(5, 4), rand(9, 4), rand(9)
    wanted = F.linear(x, weight, offset).sort(descending=True)[0][:, :2].softmax(-1)
    return {"x": x, "weight": weight, "offset": offset, "late": x, "like": wanted}, wanted


def expert_by_rows() -> tuple[dict[str, Any], torch.Tensor]:
    x, first, second, g = rand(5, 4), rand(18, 4), rand(4, 9), rand(5, 1)
    gate, up = F.linear(x, first).split(9, -1)
    wanted = g * F.linear(F.silu(gate) * up, second)
    return {"x": x, "w_in_rows": first, "w_down_rows": second, "g": g, "phi": F.silu, "gated": x}, wanted


def expert_by_columns() -> tuple[dict[str, Any], torch.Tensor]:
    x, first, second, g = rand(5, 4), rand(4, 6), rand(3, 4), rand(5, 1)
    inner = (x @ first + 0.3).view(5, 3, 2).clamp(max=0.9)
    wanted = g * (((inner[..., 1].clamp(min=-0.9) + 1) * inner[..., 0] * (1.7 * inner[..., 0]).sigmoid()) @ second)
    limits = {"gate_limit": 0.9, "up_limit": 0.9, "alpha": 1.7, "b_in": torch.tensor(0.3, dtype=x.dtype)}
    return {"x": x, "w_in": first, "w_down": second, "g": g, "gated": x, "even": x, **limits}, wanted


def expert_without_gate() -> tuple[dict[str, Any], torch.Tensor]:
    x, first, second = rand(2, 5, 4), rand(2, 4, 6), rand(2, 6, 4)
    return {"x": x, "w_in": first, "w_down": second, "phi": F.relu}, torch.bmm(torch.bmm(x, first).relu(), second)


def drop_path() -> tuple[dict[str, Any], torch.Tensor]:
    x, mask = rand(2, 3), torch.tensor([[1.0], [0.0]], dtype=torch.float64)
    return {"x": x, "mask": mask, "rate": 0.2}, torch.stack([x[0] * 1.25, torch.zeros_like(x[1])])


def layer_scale() -> tuple[dict[str, Any], torch.Tensor]:
    branch, scale = rand(2, 5, 4), rand(4)
    return {"branch": branch, "scale": scale}, branch @ torch.diag(scale)


def batch_norm() -> tuple[dict[str, Any], torch.Tensor]:
    x, layer = rand(3, 4, 2, 2), nn.BatchNorm2d(4, eps=0.1).double().eval()
    for each in (layer.weight, layer.bias, layer.running_mean, layer.running_var):
        assert each is not None
        nn.init.uniform_(each, 0.5, 2)
    return {"x": x, "norm": layer}, layer(x)


def batch_norm_written_out() -> tuple[dict[str, Any], torch.Tensor]:
    x, mean, variance, gamma, beta = rand(3, 4), rand(4), rand(4) ** 2, rand(4), rand(4)
    bound = {"mean": mean, "variance": variance, "gamma": gamma, "beta": beta, "eps": 0.1}
    return {"x": x, **bound}, F.batch_norm(x, mean, variance, gamma, beta, eps=0.1)


def scaled_words() -> tuple[dict[str, Any], torch.Tensor]:
    table, ids = nn.Embedding(9, 4).double(), torch.randint(0, 9, (2, 5))
    return {"tokens": ids, "table": module(table), "scale": 2.0}, F.embedding(ids, table.weight * 2)


def fourier() -> tuple[dict[str, Any], torch.Tensor]:
    x, matrix = rand(5, 2), rand(2, 3)
    turns = torch.view_as_real(torch.polar(torch.ones(5, 3, dtype=torch.float64), 2 * math.pi * x @ matrix))
    return {"x": x, "matrix": matrix}, torch.cat((turns[..., 1], turns[..., 0]), dim=-1)


def fourier_with_phases() -> tuple[dict[str, Any], torch.Tensor]:
    x, matrix, phases = rand(5, 1), rand(3), rand(3)
    wanted = [[math.cos(2 * math.pi * float(t * w + b)) for w, b in zip(matrix, phases, strict=True)] for t in x[:, 0]]
    return {"x": x, "matrix": matrix, "phases": phases}, torch.tensor(wanted, dtype=torch.float64)


def pointwise(function: Callable[[torch.Tensor], torch.Tensor]) -> Case:
    def case() -> tuple[dict[str, Any], torch.Tensor]:
        x = rand(50)
        return {"x": x}, function(x)

    return case


def group_norm() -> tuple[dict[str, Any], torch.Tensor]:
    x, layer = rand(2, 6, 3, 4), nn.GroupNorm(3, 6, eps=0.1).double()
    nn.init.normal_(layer.weight)
    nn.init.normal_(layer.bias)
    return {"x": x, "norm": layer}, layer(x)


def global_response() -> tuple[dict[str, Any], torch.Tensor]:
    x, gamma, beta = rand(2, 3, 4, 5), rand(5), rand(5)
    lengths = torch.linalg.vector_norm(x.flatten(1, 2), dim=1)
    relative = lengths / (lengths.sum(-1, keepdim=True) / 5 + 0.1)
    bound = {"x": x, "gamma": gamma, "beta": beta, "eps": 0.1, "response": lengths}
    return bound, torch.einsum("bhwc,bc,c->bhwc", x, relative, gamma) + beta + x


def modulated() -> tuple[dict[str, Any], torch.Tensor]:
    x, scale, shift, layer = rand(2, 5, 8), rand(2, 1, 8), rand(2, 1, 8), norm(8)
    return {"x": x, "norm": module(layer), "scale": scale, "shift": shift}, torch.addcmul(shift, layer(x), scale + 1)


def wide_convolution() -> tuple[dict[str, Any], torch.Tensor]:
    x, layer = rand(2, 4, 7), nn.Conv1d(4, 4, 4, padding=2, groups=2).double()
    wanted = F.gelu(F.conv1d(F.pad(x, (2, 1)), layer.weight, layer.bias, groups=2))
    return {"x": x, "conv": layer, "phi": F.gelu, "like": wanted}, wanted


def boxes(added: bool, worded: bool = True) -> Case:
    def case() -> tuple[dict[str, Any], torch.Tensor]:
        tables = {f"{name}_table": nn.Embedding(9, 4).double() for name in "xyhw"}
        places = ("left", "upper", "right", "lower", "height", "width")
        ids = {name: torch.randint(0, 9, (2, 5)) for name in places}
        axes = "xyxy" if added else "xyxyhw"
        found = [tables[f"{axis}_table"](ids[place]) for axis, place in zip(axes, places, strict=False)]
        words = rand(2, 5, 4)
        bound = {**ids, **{name: module(table) for name, table in tables.items()}}
        if not worded:
            return {**bound, "alone": words}, torch.stack(found).sum(0)
        wanted = torch.stack([words, *found]).sum(0) if added else torch.cat(found, dim=-1)
        return {**bound, **({"words": words} if added else {})}, wanted

    return case


CASES: dict[str, tuple[Case, ...]] = {
    "rms-norm": (rms_norm, rms_norm_without_module),
    "rms-norm-zero-centered": (rms_norm_zero_centered,),
    "rms-norm-unweighted": (rms_norm_unweighted,),
    "gated-rms-norm": (gate_before_norm, gate_after_norm),
    "gated-ffn": (gated_ffn, gated_ffn_fused),
    "ffn-expansion-half": (half_ffn,),
    "moe-router-topk": (router_sigmoid, router_softmax, router_late),
    "moe-expert-bank": (expert_by_rows, expert_by_columns, expert_without_gate),
    "stochastic-depth": (drop_path,),
    "layer-scale": (layer_scale,),
    "frozen-batch-norm": (batch_norm, batch_norm_written_out),
    "scaled-token-embedding": (scaled_words,),
    "fourier-position-features": (fourier, fourier_with_phases),
    "silu": (pointwise(F.silu),),
    "quick-gelu": (pointwise(lambda x: x / (1 + (-1.702 * x).exp())),),
    "relu-squared": (pointwise(lambda x: F.relu(x) ** 2),),
    "group-norm-family": (group_norm, global_response),
    "adaptive-layer-norm": (modulated,),
    "convolutional-position-embedding": (wide_convolution,),
    "layout-embedding-2d": (boxes(True), boxes(False), boxes(True, False)),
    "l2-normalization": (unit_length, unit_length_last),
}
