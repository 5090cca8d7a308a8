"""Cases of the concepts of detection and segmentation."""

from typing import Any

import torch
from torch import nn
from torch.nn import functional as F

from hfreader.trace.module_views import view
from tests.concepts.cases import Case, module, rand

Arguments = tuple[dict[str, Any], torch.Tensor]


def smaller_mask() -> Arguments:
    mask = torch.rand(2, 9, 7) > 0.5
    wanted = F.interpolate(mask[None].double(), size=(4, 5))
    return {"mask": mask, "like": wanted}, wanted


def overlap() -> Arguments:
    p, t = rand(3, 8).sigmoid(), (rand(3, 8) > 0).double()
    wanted = 1 - (2 * (p * t).sum(-1) + 1) / ((p + t).sum(-1) + 1)
    return {"p": p, "t": t, "like": wanted}, wanted


def overlap_of_pairs() -> Arguments:
    p, t = rand(3, 8).sigmoid(), (rand(2, 8) > 0).double()
    one, other = p[:, None], t[None]
    wanted = 1 - (2 * (one * other).sum(-1) + 1) / ((one + other).sum(-1) + 1)
    return {"p": p, "t": t, "like": wanted}, wanted


def clicked() -> Arguments:
    place, none, table = rand(2, 3, 4, 5), rand(1, 5), nn.Embedding(4, 5).double()
    label = torch.tensor([-10, -1, 0, 1]).expand(2, 3, 4)
    kind = label[..., None]
    wanted = torch.where(kind == -1, none, place)
    wanted = torch.where(kind != -10, wanted, 0) + table(label.clamp(min=0)) * (kind >= 0)
    return {"place": place, "label": label, "none": none, "table": module(table)}, wanted


def clicked_by_kind() -> Arguments:
    arguments, wanted = clicked()
    table = arguments.pop("table").weight
    return {**arguments, "background": table[0][None], "foreground": table[1][None]}, wanted


def mean_place() -> Arguments:
    p, values = rand(6, 5).softmax(-1), rand(5)
    wanted = F.linear(p, values[None])
    return {"p": p, "values": values, "like": wanted}, wanted


def mean_depth() -> Arguments:
    share, values = rand(2, 5, 3, 4).exp(), rand(5)
    p = F.normalize(share, p=1, dim=1)
    wanted = torch.einsum("bchw,c->bhw", p, values)[:, None]
    return {"p": p, "share": share, "values": values, "like": wanted}, wanted


def refined() -> Arguments:
    box, step = rand(2, 3, 4).sigmoid(), rand(2, 3, 4)
    logit = torch.special.logit(box, 1e-5)
    return {"box": box, "eps": 1e-5, "logit": logit, "step": step}, (step + logit).sigmoid()


def sharp() -> Arguments:
    p, scores, quality = rand(2, 3, 4, 6).softmax(-1), rand(2, 3, 7), rand(2, 3, 1)
    top = p.topk(3, dim=-1)[0]
    statistics = torch.cat((top, top.mean(-1, keepdim=True)), -1)
    named = {"p": p, "top": top, "statistics": statistics, "quality": quality}
    return {**named, "scores": scores}, scores + quality


def beside_the_whole() -> Arguments:
    x, whole = rand(2, 6, 3), rand(2, 3)
    wanted = torch.cat((x, whole.unsqueeze(1).expand_as(x)), -1)
    return {"x": x, "cls": whole.unsqueeze(1), "like": wanted}, wanted


def shuffled() -> Arguments:
    x, conv = rand(2, 3, 4, 5), nn.Conv2d(3, 8, 3, 1, 1).double()
    z = conv(x).detach()
    wanted = F.pixel_shuffle(z, 2)
    return {"x": x, "w": view(conv), "z": z, "like": wanted}, wanted


def pooled(layer: nn.Module) -> Case:
    def case() -> Arguments:
        x = rand(2, 3, 9, 8)
        return {"x": x, "like": layer(x), "pool": view(layer)}, layer(x)

    return case


def highest() -> Arguments:
    x = rand(2, 3, 9, 8)
    wanted = F.max_pool2d(x, 3, 2, 1)
    return {"x": x, "like": wanted, "size": 3, "stride": 2, "padding": 1}, wanted


def separated() -> Arguments:
    x, one, other = rand(2, 3, 9), nn.Conv1d(3, 3, 5, padding=2, groups=3).double(), nn.Conv1d(3, 4, 1).double()
    z = one(x).detach()
    return {"x": x, "depthwise": view(one), "z": z, "pointwise": view(other)}, other(z)


def depths() -> Arguments:
    truth, guess = rand(9).exp(), rand(9).exp()
    d = truth.log() - guess.log()
    return {"truth": truth, "guess": guess, "d": d, "forgiven": 0.5}, (d.var(correction=0) + d.mean() ** 2 / 2).sqrt()


def beside() -> Arguments:
    x, finer = rand(2, 3, 4, 4), rand(2, 2, 8, 8)
    raised = F.interpolate(x, scale_factor=2.0)
    wanted = torch.cat((raised, finer), 1)
    return {"x": x, "raised": raised, "beside": finer, "scale": 2.0, "like": wanted}, wanted


def error() -> Arguments:
    guess, truth = rand(4, 5), rand(4, 5)
    wanted = F.l1_loss(guess, truth)
    return {"guess": guess, "truth": truth, "like": wanted}, wanted


def smooth_error() -> Arguments:
    guess, truth = rand(4, 5), rand(4, 5)
    wanted = F.smooth_l1_loss(guess, truth, reduction="none", beta=0.7)
    return {"guess": guess, "truth": truth, "beta": 0.7, "like": wanted}, wanted


def standardised() -> Arguments:
    x, mean, deviation = rand(2, 3, 4, 4), rand(3, 1, 1), rand(3, 1, 1).exp()
    return {"x": x, "mean": mean, "deviation": deviation}, x / deviation - mean / deviation


CASES = {
    "absolute-error-loss": (error, smooth_error),
    "box-refinement": (refined,),
    "dice-loss": (overlap, overlap_of_pairs),
    "distribution-expectation": (mean_place, mean_depth),
    "input-standardization": (standardised,),
    "feature-map-mask": (smaller_mask,),
    "localization-quality": (sharp,),
    "pixel-shuffle": (shuffled,),
    "pooling": (
        highest,
        pooled(nn.AvgPool2d(3, 1, 1, count_include_pad=False)),
        pooled(nn.AvgPool2d((3, 2), padding=1, ceil_mode=True)),
        pooled(nn.MaxPool2d(2)),
        pooled(nn.AdaptiveAvgPool2d((4, 3))),
        pooled(nn.AdaptiveMaxPool2d(5)),
    ),
    "readout-fusion": (beside_the_whole,),
    "scale-invariant-log-loss": (depths,),
    "separable-convolution": (separated,),
    "point-prompt-embedding": (clicked, clicked_by_kind),
}
