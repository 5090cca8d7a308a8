"""Cases of attention that compares only some queries with some keys, or none."""

from typing import Any

import torch
from torch.nn import functional as F

from hfreader.concepts import catalogue
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


def drawn(by_map: bool) -> Case:
    """One softmax over all heads and positions of a map."""

    def case() -> tuple[dict[str, Any], torch.Tensor]:
        q, k, mask = rand(2, 4, 3, 6), rand(2, 3, 6, 5, 7), rand(2, 1, 1, 5, 7)
        forbidden = mask > 3
        raw = torch.einsum("bqnc,bnchw->bqnhw", q, k) / 6**0.5 + mask.masked_fill(forbidden, float("-inf"))
        wanted = raw.flatten(2).softmax(-1)
        if not by_map:
            q, k = q.transpose(1, 2).flatten(0, 1), k.flatten(3).transpose(2, 3).flatten(0, 1)
        return {"query": q, "key": k, "mask": mask, "forbidden": forbidden, "like": torch.zeros_like(wanted)}, wanted

    return case


def pairs(form: str) -> Case:
    def case() -> tuple[dict[str, Any], torch.Tensor]:
        q, k, penalty = rand(2, 5, 6), rand(2, 5, 6), torch.eye(5).double() * 1e4
        wanted = torch.stack([torch.stack([(q[:, i] * k[:, j]).sum(-1) for j in range(5)], -1) for i in range(5)], 1)
        wanted = wanted / 6**0.5
        arguments: dict[str, Any] = {"query": q, "key": k, "like": torch.zeros_like(wanted)}
        if form == "forbidden":
            seen = torch.ones(5, 5).tril() == 0
            return {**arguments, "forbidden": ~seen, "low": -1e4}, torch.where(seen, wanted, -1e4)
        if form == "penalty":
            return {**arguments, "penalty": penalty}, wanted - penalty
        return {**arguments, "opposite": True}, wanted - wanted.mT

    return case


def both_ways() -> tuple[dict[str, Any], torch.Tensor]:
    """The image's side, by torch's own attention."""
    q, k, v, w, hidden = rand(2, 5, 12), rand(4, 7, 6), rand(4, 7, 6), rand(4, 5, 6), rand(4, 1, 7) > 2
    rows = q.unflatten(-1, (2, 6)).transpose(1, 2).flatten(0, 1)
    wanted = F.scaled_dot_product_attention(rows, k, v, attn_mask=~hidden)
    return {"query": q, "key": k, "value_text": v, "value_image": w, "forbidden_text": hidden}, wanted


def indexed() -> tuple[dict[str, Any], torch.Tensor]:
    q, k, w = rand(2, 4, 3, 6), rand(2, 5, 6), rand(2, 4, 1, 3)
    wanted = torch.einsum("bth,bths->bts", w[:, :, 0], torch.einsum("bthd,bsd->bths", q, k).relu() * 0.3)
    return {"query": q, "key": k, "weights": w, "scale": 0.3, "like": torch.zeros_like(wanted)}, wanted


def indexed_alike() -> tuple[dict[str, Any], torch.Tensor]:
    q, k = rand(3, 6), rand(5, 6)
    wanted = torch.einsum("hd,sd->hs", q, k).relu().sum(0) / 6**0.5
    return {"query": q, "key": k, "like": torch.zeros_like(wanted)}, wanted


def separable() -> tuple[dict[str, Any], torch.Tensor]:
    q, k, v = rand(2, 1, 3, 5), rand(2, 4, 3, 5), rand(2, 4, 3, 5)
    context = torch.einsum("bdpn,bpn->bdp", k, F.softmax(q[:, 0], -1))
    return {"query": q, "key": k, "value": v}, F.relu(v) * context[..., None]


def gated_features() -> tuple[dict[str, Any], torch.Tensor]:
    layer, x = linear(6, 6), rand(2, 3, 6)
    return {"x": x, "w": module(layer)}, x * F.softmax(layer(x), -1)


def correlated() -> tuple[dict[str, Any], torch.Tensor]:
    q, k = rand(2, 7, 3), rand(2, 5, 3)
    wanted = torch.fft.irfft(torch.fft.rfft(q, dim=1) * torch.fft.rfft(k, n=7, dim=1).conj(), n=7, dim=1)
    return {"query": q, "key": k, "like": torch.zeros_like(wanted)}, wanted


def matched(certain: bool) -> Case:
    def case() -> tuple[dict[str, Any], torch.Tensor]:
        s, a, b = rand(2, 4, 5), rand(2, 4, 1), rand(2, 5, 1)
        wanted = F.softmax(s, 1) * F.softmax(s, 2)
        if not certain:
            return {"similarity": s}, wanted
        wanted = wanted.log() + F.logsigmoid(a) + F.logsigmoid(b).mT
        return {"similarity": s, "certainty_1": a, "certainty_2": b}, wanted

    return case


def neighbouring(far: bool) -> Case:
    """By a mask over all positions of a text in three blocks of four, torch's own attention."""

    def case() -> tuple[dict[str, Any], torch.Tensor]:
        q, k, v = rand(2, 3, 4, 2, 6), rand(2, 3, 4, 2, 6), rand(2, 3, 4, 2, 6)
        g, h = rand(2, 1, 2, 2, 6).expand(2, 3, 2, 2, 6), rand(2, 1, 2, 2, 6).expand(2, 3, 2, 2, 6)
        flat_q, flat_k, flat_v = (one.flatten(1, 2).transpose(1, 2) for one in (q, k, v))
        block = torch.arange(12) // 4
        seen = (block[:, None] - block[None]).abs() <= 1
        names = {"query": q, "key": k, "value": v}
        extra = 2 if far else 0
        if far:
            flat_k, flat_v = (torch.cat([one, two[:, 0].transpose(1, 2)], 2) for one, two in ((flat_k, g), (flat_v, h)))
            seen = torch.cat([seen, torch.ones(12, 2, dtype=torch.bool)], 1)
            names |= {"global_key": g, "global_value": h}
        wanted = F.scaled_dot_product_attention(flat_q, flat_k, flat_v, attn_mask=seen, scale=1.0)
        edges = torch.zeros(1, 3, 1, 4, 12 + extra, dtype=torch.float64)
        edges[:, 0, ..., :4] = edges[:, 2, ..., 8:12] = float("-inf")
        return {**names, "bias": edges}, wanted.transpose(1, 2).unflatten(1, (3, 4))

    return case


def own_block() -> tuple[dict[str, Any], torch.Tensor]:
    q, k, v, g, h = rand(2, 2, 3, 4, 6), rand(2, 2, 3, 4, 6), rand(2, 2, 3, 4, 6), rand(2, 2, 5, 6), rand(2, 2, 5, 6)
    wanted = [
        F.scaled_dot_product_attention(
            q[:, :, i], torch.cat([g, k[:, :, i]], 2), torch.cat([h, v[:, :, i]], 2), scale=1
        )
        for i in range(3)
    ]
    return {"query": q, "key": k, "value": v, "global_key": g, "global_value": h}, torch.stack(wanted, 2)


def windowed(capped: bool) -> Case:
    """Windows of 7 positions, every 4, block by block."""

    def case() -> tuple[dict[str, Any], torch.Tensor]:
        q, k, v, r, hidden = rand(2, 2, 3, 4, 6), rand(2, 15, 2, 6), rand(2, 15, 2, 6), rand(1, 2, 1, 4, 7), 3.0
        keys, values = (one.unfold(1, 7, 4).permute(0, 2, 1, 4, 3) for one in (k, v))
        forbidden = rand(2, 1, 3, 1, 7) > hidden
        blocks = []
        for i in range(3):
            raw = q[:, :, i] @ k[:, 4 * i : 4 * i + 7].permute(0, 2, 3, 1) + r[:, :, 0]
            raw = torch.tanh(raw / 5) * 5 if capped else raw
            raw = raw.masked_fill(forbidden[:, :, i], float("-inf"))
            blocks.append(F.softmax(raw, -1) @ v[:, 4 * i : 4 * i + 7].transpose(1, 2))
        wanted = torch.stack(blocks, 2)
        names = {"query": q, "key": keys.mT, "value": values, "bias": r, "like": torch.zeros_like(wanted)}
        return names | ({"softcap": 5.0, "forbidden": forbidden} if capped else {"visible": ~forbidden}), wanted

    return case


def shifted_windows() -> tuple[dict[str, Any], torch.Tensor]:
    """By torch's own cutting into windows; what is attended is another image."""

    def cut(image: torch.Tensor) -> torch.Tensor:
        columns = F.unfold(image.permute(0, 3, 1, 2), 2, stride=2).unflatten(1, (5, 4))
        return columns.permute(0, 3, 2, 1).flatten(0, 1)

    x, wanted = rand(2, 4, 6, 5), rand(2, 4, 6, 5)
    attended = wanted.roll((-1, -1), (1, 2))
    result = CONCEPT_OF_WINDOWS.computation(x=x, windows=cut(x), attended=attended, shift=(1, 1))
    torch.testing.assert_close(result["windows"], cut(x.roll((-1, -1), (1, 2))))
    return {"x": x, "windows": cut(x), "attended": attended, "shift": (1, 1)}, wanted


def grounded() -> tuple[dict[str, Any], torch.Tensor]:
    x, t, forbidden = rand(2, 4, 6), rand(2, 5, 6), rand(2, 1, 5) > 1
    wanted = (x @ t.mT / 6**0.5 + float(torch.tensor(0.3))).masked_fill(forbidden, float("-inf"))
    return {"x": x, "text": t, "forbidden": forbidden, "scale": 6**0.5, "bias": torch.tensor(0.3).double()}, wanted


def banded() -> tuple[dict[str, Any], torch.Tensor]:
    """By the whole matrix with zeros outside of the band."""
    weights, value = rand(2, 3, 2, 5), rand(2, 6, 4)
    whole = torch.zeros(2, 6, 6, dtype=torch.float64)
    for row in range(6):
        for column in range(max(0, row - 2), min(6, row + 3)):
            whole[:, row, column] = weights[:, row // 2, row % 2, column - row + 2]
    wanted = (whole @ value).unflatten(1, (3, 2))
    return {"weights": weights, "value": value, "like": torch.zeros_like(wanted)}, wanted


def opened() -> tuple[dict[str, Any], torch.Tensor]:
    layer, x, scale, bias = linear(6, 8), rand(2, 3, 4, 6), rand(1, 3, 1, 1), rand(6, 4, 5)
    a, b = layer(x)[..., :4].sum(-1).sigmoid(), layer(x)[..., 4:].sum(-1).sigmoid()
    gate = a * (b * scale[..., 0] - 1) + 2
    wanted = torch.einsum("bht,bhts->bhts", gate, bias.unflatten(0, (2, 3))).flatten(0, 1)
    return {"x": x, "w": module(layer), "scale": scale, "bias": bias, "like": torch.zeros_like(wanted)}, wanted


CONCEPT_OF_WINDOWS = catalogue()["shifted-window-attention"]
CASES: dict[str, tuple[Case, ...]] = {
    "banded-attention": (banded,),
    "gated-relative-position-bias": (opened,),
    "shifted-window-attention": (shifted_windows,),
    "open-vocabulary-logits": (grounded,),
    "chunked-local-attention": (windowed(True), windowed(False)),
    "block-sparse-attention": (neighbouring(False), neighbouring(True), own_block),
    "sparse-token-indexer": (indexed, indexed_alike),
    "separable-self-attention": (separable,),
    "softmax-feature-gate": (gated_features,),
    "auto-correlation-attention": (correlated,),
    "dual-softmax-matching": (matched(False), matched(True)),
    "attention-map": (drawn(True), drawn(False)),
    "pairwise-scores": (pairs("forbidden"), pairs("penalty"), pairs("opposite")),
    "bi-directional-cross-modal-attention": (both_ways,),
    "unscaled-dot-product-attention": (unscaled,),
    "multi-scale-deformable-attention": (deformable(False), deformable(True)),
}
