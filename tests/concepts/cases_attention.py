"""Cases of the concepts of attention."""

from typing import Any

import torch
from torch import nn
from torch.nn import functional as F

from tests.concepts.cases import Case, linear, module, norm, rand


def angles(length: int, size: int) -> torch.Tensor:
    return torch.arange(length, dtype=torch.float64)[:, None] * 0.3 ** torch.arange(size // 2, dtype=torch.float64)


def matrix(m: torch.Tensor) -> torch.Tensor:
    """R_{Theta,m} for one position's angles, pairs of neighbours, block by block as in the paper."""
    return torch.block_diag(
        *(torch.stack([torch.stack([a.cos(), -a.sin()]), torch.stack([a.sin(), a.cos()])]) for a in m)
    )


def rotary(halves: bool, gathered: bool = False) -> Case:
    def case() -> tuple[dict[str, Any], torch.Tensor]:
        x, theta = rand(2, 3, 5, 8), angles(5, 8)
        # The paper's order of coordinates: neighbours are pairs.
        order = torch.arange(8).reshape(2, 4).t().flatten() if halves else torch.arange(8)
        wanted = torch.einsum("mij,bhmj->bhmi", torch.stack([matrix(m) for m in theta]), x[..., order])
        back = torch.argsort(order) if halves else torch.arange(8).reshape(4, 2).t().flatten() if gathered else order
        tables = {
            name: one.repeat(1, 2) if halves else one.repeat_interleave(2, 1)
            for name, one in {"cos": theta.cos(), "sin": theta.sin()}.items()
        }
        short = {"cos": theta.cos(), "sin": theta.sin()}
        marks: dict[str, Any] = {"half_1": x[..., :4]} if halves else {"gathered": x} if gathered else {}
        return {"x": x, **(short if gathered else tables), **marks}, wanted[..., back]

    return case


def rotary_complex() -> tuple[dict[str, Any], torch.Tensor]:
    x, theta = rand(2, 3, 5, 8), angles(5, 8)
    wanted = torch.view_as_complex(x.reshape(2, 3, 5, 4, 2)) * torch.polar(torch.ones_like(theta), theta)
    return {"x": x, "freqs": torch.polar(torch.ones_like(theta), theta)}, torch.view_as_real(wanted)


def heads(
    *, rotary: bool = False, groups: int = 1, memory: bool = False, halves: bool = True, past: int = 0, **more: bool
) -> Case:
    """Attention of 4 heads of size 6 written out head by head and position by position, with torch's own kernel."""

    def case() -> tuple[dict[str, Any], torch.Tensor]:
        shared = 4 // groups
        whole, y = rand(2, 5 + past, 24), rand(2, 7, 10)
        source = y if memory else whole
        maps = {
            name: linear(source.shape[-1] if name != "w_query" else 24, 6 * (4 if name == "w_query" else shared))
            for name in ("w_query", "w_key", "w_value")
        }
        w_o, normed = linear(24, 24), {name: norm(6) for name in ("query_norm", "key_norm")}
        q, k, v = (
            one(whole if name == "w_query" else source).unflatten(-1, (-1, 6)).transpose(1, 2)
            for name, one in maps.items()
        )
        bound: dict[str, Any] = {
            "x": whole[:, past:],
            "w_o": module(w_o),
            **{name: module(one) for name, one in maps.items()},
        }
        if more.get("normed"):
            q, k = normed["query_norm"](q), normed["key_norm"](k)
            bound |= {name: module(one) for name, one in normed.items()}
        if rotary:
            theta = angles(5 + past, 6)
            turns = torch.polar(torch.ones_like(theta), theta)
            q, k = (turned(one, turns, halves) for one in (q, k))
            bound |= {
                name: (one.repeat(1, 2) if halves else one.repeat_interleave(2, 1))[past:]
                for name, one in {"cos": theta.cos(), "sin": theta.sin()}.items()
            }
            bound |= {"half_1" if halves else "even": rand(2, 4, 5, 3)}
        if more.get("normed_last"):
            bound |= {name: module(one) for name, one in normed.items()} | {"turned_query": q}
            q, k = normed["query_norm"](q), normed["key_norm"](k)
        k, v = k.repeat_interleave(groups, 1), v.repeat_interleave(groups, 1)
        mixed = F.scaled_dot_product_attention(q[:, :, past:], k, v).transpose(1, 2).flatten(2)
        if more.get("gated"):
            bound["gate"] = rand(2, 5, 4)
            mixed = (mixed.unflatten(-1, (4, 6)) * bound["gate"].sigmoid()[..., None]).flatten(2)
        bound |= {"key": k, "value": v} | ({"memory": y} if memory else {})
        return bound, w_o(mixed)

    return case


def turned(x: torch.Tensor, turns: torch.Tensor, halves: bool) -> torch.Tensor:
    pairs = x.unflatten(-1, (2, 3)).transpose(-1, -2) if halves else x.unflatten(-1, (3, 2))
    result = torch.view_as_real(torch.view_as_complex(pairs.contiguous()) * turns)
    return (result.transpose(-1, -2) if halves else result).flatten(-2)


def capped() -> tuple[dict[str, Any], torch.Tensor]:
    q, k, v = rand(2, 4, 5, 4), rand(2, 2, 5, 4), rand(2, 2, 5, 6)
    s = 3.0 * torch.tanh(torch.einsum("bhqd,bhkd->bhqk", q, k.repeat_interleave(2, 1)) / 2.0 / 3.0)
    wanted = s.softmax(-1) @ v.repeat_interleave(2, 1)
    return {"query": q, "key": k, "value": v, "softcap": 3.0, "scale": 0.5}, wanted


def sunk() -> tuple[dict[str, Any], torch.Tensor]:
    q, k, v, sinks = rand(2, 3, 5, 4), rand(2, 3, 7, 4), rand(2, 3, 7, 6), rand(3)
    # A sink is a key of which only the score is known, and whose value is zero.
    s = torch.cat([q @ k.transpose(-1, -2) / 2, sinks.reshape(1, 3, 1, 1).expand(2, 3, 5, 1)], -1)
    wanted = s.softmax(-1) @ torch.cat([v, torch.zeros(2, 3, 1, 6, dtype=torch.float64)], -2)
    return {"query": q, "key": k, "value": v, "sinks": sinks}, wanted


def softcap() -> tuple[dict[str, Any], torch.Tensor]:
    s = rand(2, 3, 5, 5)
    e = (2 * s / 3).exp()
    return {"scores": s, "softcap": 3.0}, 3 * (e - 1) / (e + 1)


def sink(rescaled: bool) -> Case:
    def case() -> tuple[dict[str, Any], torch.Tensor]:
        s, b, v = rand(2, 3, 5, 7), rand(3), rand(2, 3, 7, 4)
        e = s.exp()
        weights = e / (b.exp().reshape(1, 3, 1, 1) + e.sum(-1, keepdim=True))
        if rescaled:
            return {"scores": s, "sinks": b.reshape(1, 3, 1), "mixed": s.softmax(-1) @ v}, weights @ v
        return {"scores": s, "sinks": b.reshape(1, 3, 1, 1).expand(2, 3, 5, 1)}, weights

    return case


def gated(by_head: bool) -> Case:
    def case() -> tuple[dict[str, Any], torch.Tensor]:
        mixed, gate, like = rand(2, 5, 3, 4), rand(2, 5, 3) if by_head else rand(2, 5, 12), torch.zeros(2, 5, 12)
        wanted = mixed.flatten(2) / (1 + (-(gate.repeat_interleave(4, -1) if by_head else gate)).exp())
        return {"mixed": mixed, "gate": gate, "like": like}, wanted

    return case


def qk_norm(unit: bool) -> Case:
    def case() -> tuple[dict[str, Any], torch.Tensor]:
        q, k, one = rand(2, 3, 5, 4), rand(2, 3, 5, 4), norm(4)
        if unit:
            return {"query_raw": q, "key_raw": k, "query_unit": q, "key_norm": module(one)}, F.normalize(q, dim=-1)
        return {"query_raw": q, "key_raw": k}, F.rms_norm(q, (4,), eps=0.0)

    return case


def windowed() -> tuple[dict[str, Any], torch.Tensor]:
    q, k, v = rand(1, 2, 6, 4), rand(1, 2, 6, 4), rand(1, 2, 6, 4)
    causal, seen = torch.zeros(6, 6, dtype=torch.float64), torch.zeros(6, 6, dtype=torch.bool)
    for i in range(6):
        causal[i, i + 1 :] = float("-inf")
        seen[i, max(0, i - 2) : i + 1] = True
    wanted = F.scaled_dot_product_attention(q, k, v, attn_mask=seen)
    return {"query": q, "key": k, "value": v, "window": 3, "mask": causal[None, None]}, wanted


def latent(low: bool) -> Case:
    """Heads of 4 + 2 coordinates from a latent of 5, the turned part of the key computed once for all heads."""

    def case() -> tuple[dict[str, Any], torch.Tensor]:
        x, down, up, o = rand(2, 5, 8), linear(8, 7), linear(5, 3 * (4 + 6)), linear(18, 8)
        normed, theta = norm(5), angles(5, 2)
        query = [linear(8, 4), norm(4), linear(4, 3 * 6)] if low else [linear(8, 3 * 6)]
        c, r = normed(down(x)[..., :5]), turned_pair(down(x)[..., 5:], theta)
        q = nn.Sequential(*query)(x).reshape(2, 5, 3, 6)
        q = torch.cat([q[..., :4], turned_pair(q[..., 4:].transpose(1, 2), theta).transpose(1, 2)], -1)
        kv = up(c).reshape(2, 5, 3, 10)
        keys = torch.cat([kv[..., :4], r[:, :, None].expand(2, 5, 3, 2)], -1)
        mixed = torch.einsum("bqhd,bkhd->bhqk", q, keys).div(6**0.5).softmax(-1)
        wanted = o(torch.einsum("bhqk,bkhd->bqhd", mixed, kv[..., 4:]).reshape(2, 5, 18))
        bound = {"x": x, "w_down": module(down), "latent_norm": module(normed), "w_up": module(up), "w_o": module(o)}
        names = ("w_query_down", "query_norm", "w_query_up") if low else ("w_query",)
        bound |= {name: module(one) for name, one in zip(names, query, strict=True)}
        bound |= {"key": torch.zeros(2, 3, 5, 6).double(), "value": torch.zeros(2, 3, 5, 6).double()}
        return {**bound, "cos": theta.cos().repeat(1, 2), "sin": theta.sin().repeat(1, 2), "half_1": x}, wanted

    return case


def turned_pair(x: torch.Tensor, theta: torch.Tensor) -> torch.Tensor:
    return torch.stack(
        [
            x[..., 0] * theta[:, 0].cos() - x[..., 1] * theta[:, 0].sin(),
            x[..., 1] * theta[:, 0].cos() + x[..., 0] * theta[:, 0].sin(),
        ],
        -1,
    )


def relative_bias() -> tuple[dict[str, Any], torch.Tensor]:
    q, k, v, b, m = rand(2, 3, 5, 4), rand(2, 3, 5, 4), rand(2, 3, 5, 4), rand(1, 3, 5, 5), rand(2, 1, 1, 5)
    wanted = F.scaled_dot_product_attention(q, k, v, attn_mask=b + m)
    return {"query": q, "key": k, "value": v, "bias": b, "mask": m, "scale": 0.5}, wanted


def relative_bias_unscaled() -> tuple[dict[str, Any], torch.Tensor]:
    q, k, v, b = rand(2, 3, 5, 4), rand(2, 3, 5, 4), rand(2, 3, 5, 4), rand(1, 3, 5, 5)
    return {"query": q, "key": k, "value": v, "bias": b}, F.scaled_dot_product_attention(q, k, v, b, scale=1.0)


def decomposed() -> tuple[dict[str, Any], torch.Tensor]:
    q, r, c = rand(2, 3, 4, 5), rand(3, 6, 5), rand(4, 7, 5)
    wanted = torch.einsum("bhwc,hkc->bhwk", q, r)[..., None] + torch.einsum("bhwc,wkc->bhwk", q, c)[:, :, :, None]
    return {"query": q, "rows": r, "columns": c, "like": torch.zeros(2, 3, 4, 6, 7)}, wanted


CASES: dict[str, tuple[Case, ...]] = {
    "rotary-position-embedding": (rotary(True), rotary(False), rotary(False, True), rotary_complex),
    "attention-logit-softcap": (softcap,),
    "attention-sink-logit": (sink(False), sink(True)),
    "gated-attention-output": (gated(True), gated(False)),
    "qk-norm": (qk_norm(True), qk_norm(False)),
    "sliding-window-attention": (windowed,),
    "multi-head-latent-attention": (latent(True), latent(False)),
    "relative-position-bias": (relative_bias, relative_bias_unscaled),
    "decomposed-relative-position-attention": (decomposed,),
    "multi-head-cross-attention": (heads(memory=True),),
    "grouped-query-attention": (heads(groups=2), heads(groups=4, memory=True)),
    "rope-multi-head-attention": (heads(rotary=True), heads(rotary=True, halves=False, past=2)),
    "rope-grouped-query-attention": (
        heads(rotary=True, groups=2, normed=True),
        heads(rotary=True, groups=2, normed_last=True),
        heads(rotary=True, groups=2, gated=True),
    ),
}
