"""Cases of recurrences, each one step of one."""

from typing import Any

import torch

from tests.concepts.cases import Case, rand


def delta_rule() -> tuple[dict[str, Any], torch.Tensor]:
    state, key, value, query = rand(2, 3, 4, 5), rand(2, 3, 4), rand(2, 3, 5), rand(2, 3, 4)
    decay, beta = rand(2, 3, 4, 1).sigmoid(), rand(2, 3, 1).sigmoid()
    kept = state * decay
    recalled = torch.einsum("bhkv,bhk->bhv", kept, key)
    changed = kept + torch.einsum("bhk,bhv->bhkv", key, beta * (value - recalled))
    bound = {"state": state, "decay": decay, "key": key[..., None], "value": value, "beta": beta}
    return {**bound, "query": query}, torch.einsum("bhkv,bhk->bhv", changed, query)


def selective_step() -> tuple[dict[str, Any], torch.Tensor]:
    a, dt, b, c, x, state = rand(3, 4), rand(2, 3), rand(2, 4), rand(2, 4), rand(2, 3), rand(2, 3, 4)
    decays, inputs = torch.einsum("dn,bd->bdn", a, dt).exp(), torch.einsum("bd,bn,bd->bdn", dt, b, x)
    wanted = torch.einsum("bdn,bn->bd", decays * state + inputs, c)[..., None]
    bound = {"a": a, "dt": dt, "b": b, "c": c[..., None], "x": x, "state": state}
    return {**bound, "decays": decays, "decay": decays, "input": inputs}, wanted


def selective_sequence() -> tuple[dict[str, Any], torch.Tensor]:
    a, dt, b, c, x, state = rand(3, 4), rand(2, 3, 6), rand(2, 6, 4), rand(2, 4), rand(2, 3, 6), rand(2, 3, 4)
    decays = torch.einsum("dn,bdt->bdtn", a, dt).exp()
    inputs = torch.einsum("bdt,btn,bdt->bdtn", dt, b, x)
    wanted = torch.einsum("bdn,bn->bd", decays[:, :, 2] * state + inputs[:, :, 2], c)[..., None]
    bound = {"a": a, "dt": dt, "b": b, "c": c[..., None], "x": x, "state": state, "decays": decays}
    return {**bound, "decay": decays[:, :, 2], "input": inputs[:, :, 2]}, wanted


def heads_step() -> tuple[dict[str, Any], torch.Tensor]:
    a, dt, x, b, c, state = rand(3, 1, 1), rand(2, 3, 1), rand(2, 3, 5), rand(2, 3, 4), rand(2, 3, 4), rand(2, 3, 5, 4)
    after = torch.einsum("bh,bhpn->bhpn", (dt[..., 0] * a[:, 0, 0]).exp(), state)
    after = after + torch.einsum("bh,bhp,bhn->bhpn", dt[..., 0], x, b)
    bound = {"a": a.expand(3, 5, 4), "dt": dt.expand(2, 3, 5), "x": x, "b": b[:, :, None], "state": state}
    return {**bound, "c": c.reshape(6, 4, 1)}, torch.einsum("bhpn,bhn->bhp", after, c).reshape(6, 5, 1)


def decayed_memory() -> tuple[dict[str, Any], torch.Tensor]:
    q, k, v, state, decay = rand(2, 3, 1, 4), rand(2, 3, 1, 4), rand(2, 3, 1, 5), rand(2, 3, 4, 5), rand(3, 1, 1).exp()
    after = torch.einsum("bhkv,h->bhkv", state, decay[:, 0, 0]) + torch.einsum("bhtk,bhtv->bhkv", k, v)
    bound = {"query": q, "key": k, "value": v, "state": state, "decay": decay}
    return bound, torch.einsum("bhtk,bhkv->bhtv", q, after)


def wkv() -> tuple[dict[str, Any], torch.Tensor]:
    keys, values, bonus, decay = rand(4, 3), rand(4, 3), rand(3), rand(3).abs()
    ages = torch.arange(2, -1, -1, dtype=torch.float64)[:, None]
    weights = torch.cat((keys[:3] - ages * decay, keys[3:] + bonus)).exp()
    scale = rand(3)
    past = {
        "numerator": (weights[:3] * values[:3]).sum(0) / scale.exp(),
        "denominator": weights[:3].sum(0) / scale.exp(),
    }
    wanted = (weights * values).sum(0) / weights.sum(0)
    return {"key": keys[3], "value": values[3], "bonus": bonus, "highest": scale, **past}, wanted


def mlstm_step() -> tuple[dict[str, Any], torch.Tensor]:
    q, k, v, state, normaliser = rand(2, 3, 4), rand(2, 3, 4), rand(2, 3, 5), rand(2, 3, 4, 5), rand(2, 3, 4)
    forget, taken, stabiliser = rand(2, 3).sigmoid(), rand(2, 3).sigmoid(), rand(2, 3)
    memory = torch.einsum("bh,bhkv->bhkv", forget, state) + torch.einsum("bh,bhk,bhv->bhkv", taken, k, v)
    kept = torch.einsum("bh,bhk->bhk", forget, normaliser) + torch.einsum("bh,bhk->bhk", taken, k)
    below = torch.maximum(torch.einsum("bhk,bhk->bh", q, kept).abs(), torch.exp(-stabiliser)) + 1e-6
    bound = {"state": state, "normaliser": normaliser, "stabiliser": stabiliser[..., None], "eps": 1e-6}
    gates = {"forget": forget[..., None, None], "input": taken[..., None, None]}
    wanted = torch.einsum("bhk,bhkv->bhv", q, memory) / below[..., None]
    return {**bound, **gates, "query": q[:, :, None], "key": k[..., None], "value": v[:, :, None]}, wanted


def gated_unit() -> tuple[dict[str, Any], torch.Tensor]:
    x, r, i, rate, state, scale = rand(2, 5, 4), rand(2, 5, 4), rand(2, 5, 4), rand(4), rand(2, 4), rand(2, 5, 4)
    decays, inputs = torch.exp(-8.0 * r * torch.nn.functional.softplus(rate)), x * i * scale
    bound = {"x": x, "recurrence_gate": r, "input_gate": i, "rate": rate, "state": state, "scale": scale, "c": -8.0}
    return {**bound, "decay": decays[:, 2], "input": inputs[:, 2]}, torch.addcmul(inputs[:, 2], decays[:, 2], state)


CASES: dict[str, tuple[Case, ...]] = {
    "mlstm": (mlstm_step,),
    "rg-lru": (gated_unit,),
    "gated-delta-rule": (delta_rule,),
    "selective-ssm-mamba1": (selective_step, selective_sequence),
    "ssd-mamba2": (heads_step,),
    "lightning-linear-attention": (decayed_memory,),
    "rwkv-wkv": (wkv,),
}
