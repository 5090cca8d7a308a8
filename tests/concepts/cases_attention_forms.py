"""Cases of forms of attention: biases by distance, differences, learned queries."""

from typing import Any

import torch
from torch import nn
from torch.nn import functional as F

from tests.concepts.cases import Case, Module, linear, module, norm, rand


def alibi(heads: int, slopes: list[float], masked: bool) -> Case:
    """Slopes as the paper gives them for 8 heads, and by its rule for others."""

    def case() -> tuple[dict[str, Any], torch.Tensor]:
        m = torch.tensor(slopes, dtype=torch.float64)
        mask = torch.tensor([[1, 1, 1, 1], [0, 0, 1, 1]])
        places = torch.tensor([[0.0, 1, 2, 3], [0, 0, 0, 1]]) if masked else torch.tensor([[-3.0, -2, -1, 0]])
        wanted = torch.einsum("h,bs->bhs", m, places.double())
        shape = (len(places) * heads, 1, 4)
        more = {"mask": mask} if masked else {"bias_max": 8}
        return {"slopes": torch.zeros_like(m), "like": torch.zeros(shape), **more}, wanted.reshape(shape)

    return case


def shaw() -> tuple[dict[str, Any], torch.Tensor]:
    table, q = nn.Embedding(5, 6).double(), rand(2, 3, 4, 6)
    distances = torch.arange(4)[None] - torch.arange(4)[:, None]
    rows = distances.clamp(-2, 2) + 2
    wanted = torch.einsum("bhld,lrd->bhlr", q, table(rows))
    return {"query": q, "table": module(table), "distances": rows}, wanted


def shaw_by_columns() -> tuple[dict[str, Any], torch.Tensor]:
    query, columns = rand(2, 5, 3, 4), rand(4, 6)
    distances = torch.randint(6, (2, 3, 5, 5))
    wanted = torch.stack(
        [
            query[b, i, h] @ columns[:, distances[b, h, i, j]]
            for b in range(2)
            for h in range(3)
            for i in range(5)
            for j in range(5)
        ]
    )
    return {"query": query, "columns": columns, "distances": distances}, wanted.reshape(2, 3, 5, 5)


def differential() -> tuple[dict[str, Any], torch.Tensor]:
    """Pair by pair, as the paper writes it."""
    q, k = rand(2, 4, 5, 6), rand(2, 4, 5, 6)
    first, second = rand(2, 1, 5, 6).repeat(1, 4, 1, 1), rand(2, 1, 5, 6).repeat(1, 4, 1, 1)
    vectors = {f"lambda_{name}_{index}": rand(6) / 6 for name in "qk" for index in (1, 2)}
    share = (vectors["lambda_q_1"] @ vectors["lambda_k_1"]).exp() - (
        vectors["lambda_q_2"] @ vectors["lambda_k_2"]
    ).exp()
    v = torch.cat([first, second], -1)
    maps = (q @ k.transpose(-1, -2) / 6**0.5).softmax(-1)
    wanted = torch.stack([(maps[:, i] - (share + 0.8) * maps[:, i + 2]) @ v[:, i] for i in range(2)], 2)
    return {"query": q, "key": k, "value_1": first, "value_2": second, **vectors, "initial": 0.8}, wanted


def pooled(own: bool) -> Case:
    def case() -> tuple[dict[str, Any], torch.Tensor]:
        layer, x, probe = nn.MultiheadAttention(8, 2, batch_first=True).double(), rand(3, 5, 8), rand(1, 1, 8)
        if own:
            q, k, v = probe.expand(3, 1, 8)[:, None], x[:, None], x[:, None] + 1
            return {"probe": probe, "query": q, "key": k, "value": v}, F.scaled_dot_product_attention(q, k, v)
        q, k, v = (
            one.unflatten(-1, (2, 4)).transpose(1, 2)
            for one in (
                F.linear(part, w, b)
                for part, w, b in zip(
                    (probe.expand(3, 1, 8), x, x),
                    layer.in_proj_weight.chunk(3),
                    layer.in_proj_bias.chunk(3),
                    strict=True,
                )
            )
        )
        mixed = F.scaled_dot_product_attention(q, k, v).transpose(1, 2).flatten(2)
        wanted = F.linear(mixed, layer.out_proj.weight, layer.out_proj.bias)
        return {"probe": probe, "x": x, "attention": Module(call=layer)}, wanted

    return case


def disentangled() -> tuple[dict[str, Any], torch.Tensor]:
    q, k, k_r, q_r = rand(2, 3, 4, 6), rand(2, 3, 4, 6), rand(1, 3, 8, 6), rand(1, 3, 8, 6)
    rows, columns = (torch.randint(0, 8, (2, 3, 4, 4)) for _ in range(2))
    c2p = torch.gather(q @ k_r.transpose(-1, -2), -1, rows)
    p2c = torch.gather(k @ q_r.transpose(-1, -2), -1, columns).transpose(-1, -2)
    names = {"query": q, "key": k, "position_key": k_r, "position_query": q_r, "rows": rows, "columns": columns}
    return {**names, "like": torch.zeros(2, 3, 4, 4)}, (q @ k.transpose(-1, -2) + c2p + p2c) / 18**0.5


def shifted() -> tuple[dict[str, Any], torch.Tensor]:
    """Score by score, the vector of each distance made apart."""
    q, k, u, v, r = rand(2, 3, 4, 6), rand(2, 3, 4, 6), rand(1, 3, 1, 6), rand(1, 3, 1, 6), rand(1, 3, 7, 6)
    scores = torch.zeros(2, 3, 4, 4, dtype=torch.float64)
    for i in range(4):
        for j in range(4):
            distance = r[:, :, 3 - (i - j)]
            scores[:, :, i, j] = ((q + u)[:, :, i] * k[:, :, j] + (q + v)[:, :, i] * distance).sum(-1) / 6**0.5
    names = {"query": q, "key": k.transpose(2, 3), "relative": r.transpose(2, 3), "u": u, "v": v}
    return names, scores.softmax(-1)


def reduced() -> tuple[dict[str, Any], torch.Tensor]:
    conv, normed = nn.Conv2d(8, 8, kernel_size=2, stride=2).double(), norm(8)
    maps = {f"w_{name}": linear(8, 8) for name in ("query", "key", "value")}
    grid = rand(2, 8, 4, 6)
    x = grid.flatten(2).transpose(1, 2)
    small = normed(conv(grid).flatten(2).transpose(1, 2))
    sources = {"w_query": x, "w_key": small, "w_value": small}
    q, k, v = (maps[name](one).unflatten(-1, (2, 4)).transpose(1, 2) for name, one in sources.items())
    names = {"x": x, "grid": grid, "reduction": module(conv), "coarse_norm": module(normed), "key": torch.zeros_like(k)}
    return names | {name: module(one) for name, one in maps.items()}, F.scaled_dot_product_attention(q, k, v)


EIGHT = [2.0**-i for i in range(1, 9)]
SIX = [2**-2, 2**-4, 2**-6, 2**-8, 2**-1, 2**-3]
CASES: dict[str, tuple[Case, ...]] = {
    "alibi": (alibi(8, EIGHT, True), alibi(8, EIGHT, False), alibi(6, SIX, True)),
    "shaw-relative-attention": (shaw, shaw_by_columns),
    "differential-attention": (differential,),
    "disentangled-attention": (disentangled,),
    "transformer-xl-relative-attention": (shifted,),
    "spatial-reduction-attention": (reduced,),
    "attention-pooling-probe": (pooled(True), pooled(False)),
}
