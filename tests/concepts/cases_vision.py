"""Cases of the concepts of images and sound."""

from typing import Any

import torch
from torch import nn
from torch.nn import functional as F

from hfreader.trace.module_views import view
from tests.concepts.cases import Case, linear, rand
from tests.concepts.cases import norm as norm_of

Arguments = tuple[dict[str, Any], torch.Tensor]


def made(layer: nn.Module) -> nn.Module:
    """A layer in float64 with all its numbers drawn at random, as it runs."""
    layer = layer.double().eval()
    for number in (*layer.parameters(), *layer.buffers()):
        if number.is_floating_point():
            nn.init.uniform_(number, 0.5, 1.5)
    return layer


def convolved(layer: nn.Module, *shape: int) -> Case:
    def case() -> Arguments:
        x, conv = rand(*shape), made(layer)
        wanted = conv(x)
        return {"x": x, "w": view(conv), "like": wanted}, wanted.detach()

    return case


def unit() -> Arguments:
    conv, norm, x = made(nn.Conv2d(4, 6, (3, 1), 2, (1, 0), groups=2)), made(nn.BatchNorm2d(6)), rand(2, 4, 9, 7)
    z = conv(x)
    u = norm(z)
    wanted = F.relu(u)
    return {"x": x, "w": view(conv), "norm": view(norm), "z": z, "u": u, "phi": F.relu, "like": wanted}, wanted


def unit_of_sound() -> Arguments:
    conv, norm, x = made(nn.Conv1d(4, 6, 3, 2)), made(nn.LayerNorm(6)), rand(2, 4, 11)
    z = conv(x).transpose(1, 2)
    wanted = norm(z).transpose(1, 2)
    return {"x": x, "w": view(conv), "norm": view(norm), "z": z, "like": wanted}, wanted


def residual() -> Arguments:
    a, b = rand(2, 3, 4, 4), rand(2, 3, 4, 4)
    return {"shortcut": a, "branch": b, "phi": F.relu, "total": a + b}, F.relu(a + b)


def squeezed() -> Arguments:
    x, one, two = rand(2, 4, 5, 3), made(nn.Conv2d(4, 2, 1)), made(nn.Conv2d(2, 4, 1))
    z = F.adaptive_avg_pool2d(x, 1)
    u = one(z)
    scores = two(F.relu(u))
    gate = scores.sigmoid()
    named = {"squeezed": z, "w_1": view(one), "u": u, "delta": F.relu, "v": F.relu(u), "w_2": view(two)}
    return {"x": x, **named, "scores": scores, "gate": gate}, x * gate


def convnext() -> Arguments:
    x, dw, norm = rand(2, 4, 6, 5), made(nn.Conv2d(4, 4, 3, padding=1, groups=4)), made(nn.LayerNorm(4))
    one, two, gamma = made(nn.Linear(4, 8)), made(nn.Linear(8, 4)), rand(4)
    z = dw(x).permute(0, 2, 3, 1)
    u = norm(z)
    v = F.gelu(one(u))
    wanted = x + (gamma * two(v)).permute(0, 3, 1, 2)
    layers = {"dw": view(dw), "norm": view(norm), "w_1": view(one), "w_2": view(two), "phi": F.gelu}
    return {"x": x, **layers, "z": z, "u": u, "v": v, "gamma": gamma, "like": wanted}, wanted


def cut() -> Arguments:
    """A ViT's convolution is a linear map of each patch."""
    x, conv = rand(2, 3, 6, 4), made(nn.Conv2d(3, 5, 2, 2))
    flat = x.unfold(2, 2, 2).unfold(3, 2, 2).permute(0, 2, 3, 1, 4, 5).reshape(2, 6, 12)
    wanted = flat @ conv.weight.reshape(5, 12).t() + conv.bias
    return {"x": x, "e": view(conv), "like": wanted}, wanted.detach()


def cut_before() -> Arguments:
    x, linear = rand(2, 6, 12), made(nn.Linear(12, 5))
    return {"x": x, "e": view(linear), "like": rand(2, 6, 5)}, linear(x).detach()


def vision_tokens() -> Arguments:
    k, r, v, p = rand(2, 1, 4), rand(2, 3, 4), rand(2, 5, 4), rand(1, 9, 4)
    return {"class_token": k, "registers": r, "patches": v, "positions": p}, torch.cat((k, r, v), 1) + p


def vision_rows_and_columns() -> Arguments:
    v, rows, columns = rand(2, 5, 4), rand(2, 5, 4), rand(2, 5, 4)
    return {"patches": v, "positions": rows, "columns": columns}, torch.stack([v, rows, columns]).sum(0)


def nearest() -> Arguments:
    z, codes = rand(2, 5, 3), rand(7, 3)
    wanted = torch.cdist(z, codes).argmin(-1)
    return {"z": z, "codebook": codes.t(), "like": wanted}, wanted


def residual_of_quantizer() -> Arguments:
    r, q = rand(2, 5, 3), rand(2, 5, 3)
    return {"residual": r, "quantized": q}, r.sub(q)


def levels() -> Arguments:
    """Every number comes to lie on one of its levels."""
    z, count = rand(50, 3), torch.tensor([3.0, 4.0, 5.0], dtype=torch.float64)
    half, offset = (count - 1) * 1.001 / 2, torch.where(count % 2 == 0, 0.5, 0.0).double()
    shift = (offset / half).atanh()
    named = {"z": z, "half": half, "shift": shift, "offset": offset}
    low, high = -(count // 2), (count - 1) // 2
    wanted = (torch.tanh(z + shift) * half - offset).round()
    assert ((wanted >= low) & (wanted <= high)).all()
    return named, wanted


def chosen() -> Arguments:
    x, w, codes = rand(2, 3, 4), made(nn.Linear(4, 10)), rand(1, 10, 6)
    logits = w(x).view(12, 5)
    hard = F.one_hot(logits.argmax(-1), 5).double().view(2, 3, 2, 5)
    wanted = torch.einsum("btgv,gvd->btgd", hard, codes.view(2, 5, 6)).reshape(2, 3, 12)
    named = {"x": x, "w": view(w), "logits": logits, "index": logits.argmax(-1), "codebook": codes}
    return {**named, "like": wanted}, wanted


def squeezed_in_a_loop() -> Arguments:
    x, gate = rand(2, 4, 5, 3), rand(2, 4, 1, 1).sigmoid()
    return {"x": x, "squeezed": F.adaptive_avg_pool2d(x, 1), "gate": gate}, x * gate


def projected_around_a_norm() -> Arguments:
    x, one, between, two = rand(2, 3, 4), linear(4, 5), norm_of(5), linear(5, 6)
    named = {"w_1": view(one), "norm_between": view(between), "w_2": view(two)}
    return {"x": x, **named}, two(between(one(x)))


def projected_by_a_matrix() -> Arguments:
    x, norm, matrix = rand(2, 4, 3, 3), norm_of(4), rand(4, 6)
    return {"x": x, "norm_in": view(norm), "matrix": matrix}, norm(x.flatten(2).transpose(1, 2)) @ matrix


def projected_from_two() -> Arguments:
    x, y, one, other, two = rand(2, 3, 4), rand(2, 3, 2), linear(4, 5), linear(2, 5), linear(10, 6)
    joined = torch.cat((one(x), other(y)), -1)
    named = {"w_1": view(one), "w_3": view(other), "w_2": view(two), "phi": F.gelu, "joined": joined}
    return {"x": x, "y": y, **named}, two(F.gelu(joined))


def projected() -> Arguments:
    x, before, one, two, after = rand(2, 3, 4), norm_of(4), linear(4, 6), linear(6, 5), norm_of(5)
    named = {"norm_in": view(before), "w_1": view(one), "phi": F.gelu, "w_2": view(two), "norm_out": view(after)}
    return {"x": x, **named}, after(two(F.gelu(one(before(x))))).detach()


def merged() -> Arguments:
    x, before, w = rand(1, 4, 6, 3), norm_of(12), linear(12, 5, bias=False)
    whole = torch.cat([x[:, row::2, column::2] for column in range(2) for row in range(2)], -1).view(1, 6, 12)
    return {"x": x, "grouped": whole, "norm": view(before), "w_1": view(w)}, w(before(whole)).detach()


def merged_rows() -> Arguments:
    x, before, one, two = rand(8, 3), norm_of(3), linear(12, 12), linear(12, 5)
    whole = before(x).view(2, 12)
    named = {"norm": view(before), "w_1": view(one), "phi": F.gelu, "w_2": view(two)}
    return {"x": x, "normed": before(x), "grouped": whole, **named}, two(F.gelu(one(whole))).detach()


def merged_windows() -> Arguments:
    """Of a picture of 4 x 4 the rows of each window of 2 x 2 are brought together."""
    x, before, one, two = rand(16, 3), norm_of(3), linear(12, 12), linear(12, 5)
    together = before(x).view(2, 2, 2, 2, 3).transpose(1, 2)
    whole = together.reshape(4, 12)
    named = {"norm": view(before), "w_1": view(one), "phi": F.gelu, "w_2": view(two)}
    return {"x": x, "normed": together, "grouped": whole, **named}, two(F.gelu(one(whole))).detach()


def snake() -> Arguments:
    x, a, b = rand(2, 3, 7), rand(1, 3, 1), rand(1, 3, 1).exp()
    return {"x": x, "alpha": a, "beta": b, "eps": 1e-9}, x + (1 - torch.cos(2 * a * x)) / (2 * (b + 1e-9))


def raised(mode: str, align: bool | None, *size: int) -> Case:
    def case() -> Arguments:
        x, lateral = rand(2, 3, 4, 5), rand(2, 3, *size)
        up = F.interpolate(x, size=size, mode=mode, align_corners=align)
        return {"x": x, "raised": up, "lateral": lateral, "mode": mode, "align": align, "like": up}, up + lateral

    return case


def conformer(**more: tuple[int, int] | torch.Tensor) -> Case:
    def case() -> Arguments:
        x, one, two = rand(2, 4, 9), made(nn.Conv1d(4, 8, 1)), made(nn.Conv1d(4, 4, 1))
        dw, batch = made(nn.Conv1d(4, 4, 3, groups=4)), made(nn.BatchNorm1d(4))
        z, padding, hidden = one(x), more.get("padding"), more.get("hidden")
        gated = F.glu(z, 1) if hidden is None else F.glu(z, 1) * ~hidden.mT
        gated = gated if padding is None else F.pad(gated, padding)
        d = dw(gated)
        u = batch(d)
        wanted = two(F.silu(u))
        layers = {"w_1": view(one), "dw": view(dw), "norm": view(batch), "phi": F.silu, "w_2": view(two)}
        return {
            "x": x,
            **layers,
            **more,
            "z": z,
            "gated": gated,
            "d": d,
            "u": u,
            "v": F.silu(u),
            "like": wanted,
        }, wanted

    return case


def causal(stride: int, dilation: int) -> Case:
    def case() -> Arguments:
        x, conv = rand(2, 4, 11), made(nn.Conv1d(4, 6, 4, stride, dilation=dilation))
        wanted = conv(F.pad(x, (3 * dilation, 0)))
        return {"x": x, "w": view(conv), "before": 3 * dilation, "like": wanted}, wanted.detach()

    return case


def cut_at_the_end() -> Arguments:
    x, conv = rand(2, 4, 11), made(nn.Conv1d(4, 6, 4, padding=3))
    wanted = conv(x)[..., :11]
    return {"x": x, "w": view(conv), "like": wanted}, wanted.detach()


def observed() -> tuple[torch.Tensor, torch.Tensor]:
    return rand(2, 6, 3) + 4, (torch.arange(36).reshape(2, 6, 3) % 5 > 0).double()


def standardised() -> Arguments:
    x, seen = observed()
    kept = x.masked_fill(seen == 0, float("nan"))
    loc = kept.nanmean(1, keepdim=True)
    scale = ((kept - loc) ** 2).nanmean(1, keepdim=True).add(1e-5).sqrt()
    named = {"x": x, "observed": seen, "eps": 1e-5, "count": seen.sum(1, keepdim=True)}
    return {**named, "loc": loc, "scale": scale}, (x - loc) / scale


def mean_scaled() -> Arguments:
    x, seen = observed()
    scale = x.abs().masked_fill(seen == 0, float("nan")).nanmean(1, keepdim=True)
    named = {"x": x, "observed": seen, "default": torch.ones(3), "minimum": 1e-10}
    return {**named, "scale": scale}, x / scale


def windows() -> Arguments:
    x = rand(2, 11, 3)
    wanted = x.unfold(-2, 4, 3).transpose(-2, -3)
    return {"x": x, "size": 4, "step": 3, "like": wanted}, wanted


def joint() -> Arguments:
    f, g, w = rand(2, 5, 1, 4), rand(2, 1, 3, 4), linear(4, 7)
    return {"f": f, "g": g, "phi": F.relu, "w": view(w), "total": f + g}, w(F.relu(f + g)).detach()


def margin() -> Arguments:
    x, w, labels = rand(5, 4), rand(4, 3), torch.tensor([0, 2, 1, 1, 0])
    cosine = F.cosine_similarity(x.unsqueeze(1), w.t().unsqueeze(0), dim=-1)
    logits = 30 * (cosine - 0.4 * F.one_hot(labels, 3).double())
    named = {"x": x, "w": w, "labels": labels, "margin": 0.4, "s": 30.0, "logits": logits, "cosine": cosine}
    return named, F.cross_entropy(logits, labels)


def statistics() -> Arguments:
    x = rand(2, 7, 3)
    return {"x": x, "mean": x.mean(1), "deviation": x.std(1)}, torch.cat((x.mean(1), x.std(1)), -1)


CASES: dict[str, tuple[Case, ...]] = {
    "conv-norm-act": (unit, unit_of_sound),
    "convolution": (
        convolved(nn.Conv1d(4, 6, 3, 2, 1, 2, 2), 2, 4, 11),
        convolved(nn.Conv2d(4, 8, (3, 5), padding="same", groups=4), 2, 4, 9, 8),
        convolved(nn.Conv3d(2, 3, 2, 2, bias=False), 1, 2, 4, 6, 4),
        convolved(nn.ConvTranspose1d(4, 6, 5, 3, 1, 2, groups=2), 2, 4, 7),
        convolved(nn.ConvTranspose2d(4, 6, 4, 2, 1, dilation=2), 2, 4, 5, 6),
        convolved(nn.Conv1d(4, 6, 3), 4, 9),
    ),
    "conv-residual-block": (residual,),
    "convnext-block": (convnext,),
    "squeeze-excitation": (squeezed, squeezed_in_a_loop),
    "multimodal-projector": (
        projected,
        projected_around_a_norm,
        projected_by_a_matrix,
        projected_from_two,
    ),
    "patch-merger": (merged, merged_rows, merged_windows),
    "codec-vocoder-unit": (snake,),
    "dense-prediction-head": (
        raised("nearest", None, 8, 10),
        raised("nearest", None, 7, 9),
        raised("bilinear", False, 8, 11),
        raised("bilinear", True, 7, 3),
    ),
    "conformer-conv-module": (
        conformer(),
        conformer(padding=(2, 0)),
        conformer(padding=(1, 1)),
        conformer(hidden=torch.arange(18).reshape(2, 9, 1) % 4 == 0),
    ),
    "resampling-and-causal-conv": (causal(1, 1), causal(1, 2), causal(2, 1), cut_at_the_end),
    "time-series-head": (standardised,),
    "time-series-mean-scaling": (mean_scaled,),
    "time-series-patches": (windows,),
    "rnn-transducer-head": (joint,),
    "xvector-am-softmax": (margin,),
    "statistics-pooling": (statistics,),
    "vector-quantization": (nearest,),
    "residual-vector-quantization": (residual_of_quantizer,),
    "finite-scalar-quantization": (levels,),
    "gumbel-vector-quantization": (chosen,),
    "patch-embedding": (cut, cut_before),
    "vision-token-embedding": (vision_tokens, vision_rows_and_columns),
}
