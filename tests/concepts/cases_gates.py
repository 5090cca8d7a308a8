"""Cases of gates, experts' parts, grouped maps and short convolutions."""

from typing import Any

import torch
from torch import nn
from torch.nn import functional as F

from tests.concepts.cases import linear, module, rand
from tests.concepts.cases_vision import view

Arguments = tuple[dict[str, Any], torch.Tensor]


def affine() -> Arguments:
    x, gamma, beta = rand(2, 3, 4), rand(4), rand(4)
    return {"x": x, "gamma": gamma, "beta": beta}, torch.addcmul(beta, x, gamma)


def glu_of_halves() -> Arguments:
    x, w = rand(2, 3, 4), linear(4, 10)
    wanted = F.glu(w(x), dim=-1)
    return {"x": x, "w_in": module(w), "like": wanted}, wanted.detach()


def glu_of_two_maps() -> Arguments:
    x, v, w = rand(2, 3, 4), linear(4, 5), linear(4, 5)
    wanted = F.silu(v(x)) * w(x)
    return {"x": x, "w_gate": module(v), "w_up": module(w), "phi": F.silu, "like": wanted}, wanted.detach()


def softcapped_product() -> Arguments:
    gate, up = rand(2, 4), rand(2, 4)
    wanted = F.silu(gate) / gate * 3.0 * torch.tanh(gate / 3.0) * 2.0 * torch.tanh(up / 2.0)
    return {"gate_in": gate, "up_in": up, "gate_cap": 3.0, "up_cap": 2.0, "like": wanted}, wanted


def decay() -> Arguments:
    x, offset, a = rand(2, 3, 4), rand(4), rand(4)
    wanted = -a.exp() * F.softplus(x + offset)
    return {"x": x, "offset": offset, "a": a, "rate": a.exp(), "like": wanted}, wanted


def decay_of_states() -> Arguments:
    x, offset, a = rand(2, 3, 5), rand(3, 1), rand(3, 4)
    wanted = -torch.einsum("cn,bct->bctn", a.exp(), F.softplus(x + offset))
    return {"x": x, "offset": offset, "a": a, "rate": a.exp(), "like": wanted}, wanted


def decay_of_heads_with_states() -> Arguments:
    x, offset, a = rand(2, 3, 5), rand(3, 1), rand(3)
    wanted = -torch.einsum("h,bhp->bhp", a.exp(), F.softplus(x + offset))[..., None].expand(2, 3, 5, 4)
    return {"x": x, "offset": offset, "a": a, "rate": a.exp(), "like": wanted}, wanted


def bounded_decay() -> Arguments:
    x, offset, a = rand(2, 3, 8), rand(8), rand(2)
    wanted = -5.0 * torch.sigmoid(a.exp()[:, None] * (x + offset).view(2, 3, 2, 4))
    rate = a.exp().view(1, 1, 2, 1)
    return {"x": x, "offset": offset, "a": a, "rate": rate, "like": wanted, "bound": -5.0}, wanted


def short_convolution() -> Arguments:
    x, w_in, w_out, kernel = rand(2, 5, 4), linear(4, 12), linear(4, 4), rand(4, 1, 3)
    b, c, v = w_in(x).transpose(1, 2).chunk(3, 1)
    mixed = F.conv1d(F.pad(b * v, (2, 0)), kernel, groups=4)
    bound = {"x": x, "w_in": module(w_in), "w_out": module(w_out), "kernel": kernel}
    return bound, w_out((c * mixed).transpose(1, 2)).detach()


def grouped() -> Arguments:
    x, w = rand(3, 5, 4), rand(3, 4, 2)
    return {"x": x, "w": w}, torch.bmm(x, w)


def one_group() -> Arguments:
    x, rows = rand(5, 4), rand(2, 4)
    return {"x": x, "rows": rows}, F.linear(x, rows)


def time_delay() -> Arguments:
    x, kernel, offset = rand(2, 4, 9), rand(5, 4, 3), rand(5)
    wanted = F.relu(F.conv1d(x, kernel, offset, dilation=2)).transpose(1, 2)
    return {"x": x, "kernel": kernel, "offset": offset, "dilation": 2, "phi": F.relu}, wanted


def additive() -> Arguments:
    h, s, w, u, v = rand(2, 5, 4), rand(2, 3), linear(4, 6), linear(3, 6), linear(6, 1, bias=False)
    weights = F.softmax(v(torch.tanh(w(h) + u(s)[:, None])), dim=1)
    wanted = torch.einsum("bnx,bnd->bxd", weights, h).detach()
    return {"h": h, "s": s, "w": module(w), "u": module(u), "v": module(v), "like": wanted}, wanted


def mix() -> Arguments:
    x, w_1, w_2 = rand(2, 6, 4), linear(4, 8), linear(8, 4)
    conv = nn.Conv2d(8, 8, 3, padding=1, groups=8).double()
    inner = w_1(x).mT.reshape(2, 8, 2, 3)
    wanted = w_2(F.gelu(conv(inner).flatten(2).mT))
    bound = {"x": x, "w_1": module(w_1), "w_2": module(w_2), "conv": view(conv), "u": inner, "phi": F.gelu}
    return bound, wanted.detach()


def mix_rectified() -> Arguments:
    x, w_1, w_2 = rand(2, 6, 4), linear(4, 8), linear(8, 4)
    conv = nn.Conv2d(8, 8, 3, padding=1, groups=8).double()
    inner = w_1(x)
    image = F.relu(inner).mT.reshape(2, 8, 2, 3)
    wanted = w_2(F.gelu(conv(image).flatten(2).mT))
    named = {"w_1": module(w_1), "w_2": module(w_2), "conv": view(conv), "phi": F.gelu, "rectify": F.relu}
    return {"x": x, "u": inner, "rectified": image, **named}, wanted.detach()


def clipped() -> Arguments:
    x = rand(2, 3, 4)
    wanted = torch.stack([one * min(1.0, 2.0 / (float(one.norm()) + 1e-6)) for one in x.view(-1, 4)]).view(2, 3, 4)
    return {"x": x, "limit": 2.0, "eps": 1e-6}, wanted


def spectrum() -> Arguments:
    x, w = rand(2, 3, 4), linear(4, 10)
    magnitude, phase = w(x).chunk(2, -1)
    wanted = torch.fft.irfft(torch.polar(magnitude.exp().clamp(max=5.0), phase), 8, dim=-1).detach()
    return {"x": x, "w": module(w), "limit": 5.0, "like": wanted}, wanted


def logistic() -> Arguments:
    x, w = rand(2, 3, 4), linear(4, 1)
    return {"x": x, "w": module(w), "z": w(x)}, torch.sigmoid(w(x)).detach()


def answerable() -> Arguments:
    start, whole, w, v = rand(2, 4), rand(2, 4), linear(8, 4), linear(4, 1, bias=False)
    wanted = v(torch.tanh(w(torch.cat((start, whole), -1)))).squeeze(-1).detach()
    return {"start": start, "whole": whole, "w": module(w), "v": module(v), "like": wanted}, wanted


def mean_start() -> Arguments:
    h, scores = rand(2, 5, 4), rand(2, 5)
    return {"h": h, "scores": scores}, torch.einsum("blh,bl->bh", h, F.softmax(scores, dim=-1))


def hashed() -> Arguments:
    x, weight, words = rand(3, 4), rand(6, 4), torch.tensor([2, 0, 2])
    table = torch.tensor([[0, 3], [1, 2], [5, 4]])
    chosen = torch.stack([F.softplus(weight @ one)[table[word]] for one, word in zip(x, words, strict=True)])
    wanted = chosen / (chosen.sum(-1, keepdim=True) + 1e-20) * 2.5
    bound = {"x": x, "weight": weight, "words": words, "table": table, "phi": F.softplus}
    return {**bound, "total": chosen.sum(-1), "eps": 1e-20, "scale": 2.5}, wanted


CASES = {
    "moe-hash-router": (hashed,),
    "logistic-readout": (logistic,),
    "answerability-head": (answerable,),
    "beam-search-qa-head": (mean_start,),
    "additive-attention": (additive,),
    "mix-ffn": (mix, mix_rectified),
    "norm-clipping": (clipped,),
    "inverse-stft-head": (spectrum,),
    "elementwise-affine": (affine,),
    "gated-linear-unit": (glu_of_halves, glu_of_two_maps, softcapped_product),
    "log-decay-gate": (decay, decay_of_states, decay_of_heads_with_states, bounded_decay),
    "gated-short-convolution": (short_convolution,),
    "grouped-linear": (grouped, one_group),
    "time-delay-layer": (time_delay,),
}
