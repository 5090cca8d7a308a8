"""Cases of the concepts of sound, time series and proteins."""

from typing import Any

import torch
from torch import nn
from torch.nn import functional as F

from hfreader.trace.module_views import view
from tests.concepts.cases import linear, module, rand

Arguments = tuple[dict[str, Any], torch.Tensor]


def lower_rate() -> Arguments:
    x, h = rand(2, 3, 11), rand(1, 1, 4).expand(3, -1, -1)
    wanted = F.conv1d(x, h, stride=2, groups=3)
    return {"x": x, "h": h, "stride": 2, "like": wanted}, wanted


def higher_rate() -> Arguments:
    x, h = rand(2, 3, 7), rand(1, 1, 6).expand(3, -1, -1)
    wanted = 2 * F.conv_transpose1d(x, h, stride=2, groups=3)[..., 4:-5]
    return {"x": x, "h": h, "stride": 2, "ratio": 2, "first": 4, "like": wanted}, wanted


def said_so_far() -> Arguments:
    table, lstm, w = nn.Embedding(9, 4).double(), nn.LSTM(4, 5, batch_first=True).double(), linear(5, 3)
    y = torch.randint(9, (2, 6))
    h = lstm(table(y))[0]
    return {"y": y, "table": module(table), "e": table(y), "h": h, "w": module(w)}, w(h)


def both_ends_cut() -> Arguments:
    x, conv = rand(2, 3, 7), nn.ConvTranspose1d(3, 4, 6, 2).double()
    wanted = conv(x)[..., 1:-3]
    return {"x": x, "w": view(conv), "first": 1, "like": wanted}, wanted.detach()


def gated() -> Arguments:
    x, conv = rand(2, 3, 9), nn.Conv1d(3, 8, 3, 2).double()
    z = conv(x).detach()
    wanted = F.glu(z, dim=1)
    return {"x": x, "w": view(conv), "z": z, "like": wanted}, wanted


def shorter() -> Arguments:
    z, w = rand(2, 3, 5, 4), linear(12, 6)
    rows = z.transpose(1, 2).reshape(2, 5, 12)
    return {"z": z, "rows": rows, "w": module(w)}, w(rows)


def shorter_frequencies_first() -> Arguments:
    z, w = rand(2, 3, 5, 4), linear(12, 6)
    rows = z.permute(0, 2, 3, 1).reshape(2, 5, 12)
    return {"z": z, "rows": rows, "w": module(w)}, w(rows)


def sampled() -> Arguments:
    mean, log, noise = rand(2, 3, 4), rand(2, 3, 4), rand(2, 3, 4)
    return {"mean": mean, "log": log, "noise": noise, "spread": log.exp()}, mean + noise * log.exp()


def category() -> Arguments:
    table, one = nn.Embedding(9, 4).double(), torch.randint(9, (2, 6))
    return {"table": module(table), "category": one}, table(one)


def hidden_at_random() -> Arguments:
    noise, kept = torch.rand(3, 8, dtype=torch.float64), 3
    mask = torch.ones(3, 8, dtype=torch.float64)
    mask.scatter_(-1, noise.topk(kept, largest=False).indices, 0)
    return {"noise": noise, "sorted": (torch.arange(8) >= kept).double().expand(3, -1)}, mask


def few_dimensions() -> Arguments:
    z, down, up = rand(2, 5, 6), linear(6, 3), linear(3, 6)
    codes = down(z).tanh().round()
    return {"z": z, "w_in": module(down), "low": down(z), "codes": codes, "w_out": module(up)}, up(codes)


def mixed_layers() -> Arguments:
    layers, weights = rand(2, 5, 3, 4), rand(5)
    wanted = torch.einsum("bltd,l->btd", layers, weights.softmax(0))
    return {"layers": layers, "weights": weights, "share": weights.softmax(0), "like": wanted}, wanted


def evened_out() -> Arguments:
    scores, bias = rand(3, 6), rand(1, 6)
    return {"scores": scores, "bias": bias}, scores + bias[0]


def outgoing() -> Arguments:
    a, b = rand(2, 3, 5, 4), rand(2, 6, 5, 4)
    return {"a": a, "b": b}, torch.einsum("bikd,bjkd->bijd", a, b)


def incoming() -> Arguments:
    c, d = rand(2, 5, 3, 4), rand(2, 5, 6, 4)
    return {"c": c, "d": d}, torch.einsum("bkid,bkjd->bijd", c, d)


def averaged_by_pairs() -> Arguments:
    bias, value, gate = rand(2, 3, 3, 5), rand(2, 3, 4, 5, 6), rand(2, 3, 4, 5, 6).sigmoid()
    average = torch.einsum("bijh,bjmhd->bimhd", bias.softmax(-2), value)
    named = {"bias": bias, "weights": bias.softmax(-2), "value": value, "average": average}
    return {**named, "gate": gate}, gate * average


CASES = {
    "anti-aliased-resampling": (lower_rate, higher_rate),
    "audio-subsampling": (shorter, shorter_frequencies_first),
    "categorical-embedding": (category,),
    "gated-convolution": (gated,),
    "learned-layer-mix": (mixed_layers,),
    "load-balancing-bias": (evened_out,),
    "pair-weighted-averaging": (averaged_by_pairs,),
    "triangle-multiplication": (outgoing, incoming),
    "quantization-projection": (few_dimensions,),
    "random-masking": (hidden_at_random,),
    "reparameterized-sample": (sampled,),
    "rnn-transducer-predictor": (said_so_far,),
    "upsampling-convolution": (both_ends_cut,),
}
