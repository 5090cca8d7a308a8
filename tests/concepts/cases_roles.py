"""Cases of the concepts of blocks, stacks and heads."""

from typing import Any

import torch
from torch import nn
from torch.nn import functional as F

from tests.concepts.cases import Case, linear, module, norm, rand

Found = tuple[dict[str, Any], torch.Tensor]


def branches(*names: str) -> dict[str, torch.Tensor]:
    return {name: rand(2, 5, 8) for name in names}


def decoder(norm_first: bool) -> Case:
    """torch's own decoder layer, its branches as they are inside."""

    def case() -> Found:
        layer = nn.TransformerDecoderLayer(8, 2, 16, dropout=0.0, batch_first=True, norm_first=norm_first).double()
        x, memory = rand(2, 5, 8), rand(2, 3, 8)
        one, two, three = layer.norm1, layer.norm2, layer.norm3
        attention = layer._sa_block(one(x) if norm_first else x, None, None)
        middle = x + attention if norm_first else one(x + attention)
        cross = layer._mha_block(two(middle) if norm_first else middle, memory, None, None)
        second = middle + cross if norm_first else two(middle + cross)
        ffn = layer._ff_block(three(second) if norm_first else second)
        norms = {"norm_1": module(one), "norm_2": module(two), "norm_3": module(three)}
        return {"x": x, "attention": attention, "cross": cross, "ffn": ffn, **norms}, layer(x, memory)

    return case


def sandwich() -> Found:
    bound = branches("x", "attention", "ffn")
    norms = {"norm_1": module(norm(8)), "norm_3": module(norm(8))}
    return {**bound, **norms}, torch.stack(tuple(bound.values())).sum(0)


def added() -> Found:
    bound = branches("x", "attention", "ffn")
    return bound, torch.stack(tuple(bound.values())).sum(0)


def parallel() -> Found:
    bound = branches("x", "attention", "ffn")
    norms = {"norm_1": module(norm(8)), "norm_2": module(norm(8))}
    return {**bound, **norms}, torch.stack(tuple(bound.values())).sum(0)


def stack() -> Found:
    x, last = rand(2, 5, 8), norm(8)
    return {"last": x, "norm": module(last)}, last(x)


def logits(pooled: bool = False) -> Case:
    def case() -> Found:
        h, w = rand(2, 4) if pooled else rand(2, 5, 4), linear(4, 3)
        return {"h": h, "w": module(w)}, w(h)

    return case


def last_token() -> Found:
    h, w, position = rand(3, 5, 4), linear(4, 2, bias=False), torch.tensor([4, 0, 2])
    scores = torch.stack([w(row[end]) for row, end in zip(h, position, strict=True)])
    return {"h": h, "w": module(w), "position": position}, scores


def span() -> Found:
    h, w = rand(2, 5, 4), linear(4, 2)
    start, _ = w(h).split(1, dim=-1)
    return {"h": h, "w": module(w), "like": start.squeeze(-1)}, start.squeeze(-1)


def choice() -> Found:
    h, w = rand(6, 4), linear(4, 1)
    return {"h": h, "w": module(w), "like": torch.empty(2, 3)}, w(h).view(2, 3)


def transform() -> Found:
    h, w, layer = rand(2, 5, 4), linear(4, 4), norm(4)
    return {"h": h, "w": module(w), "phi": F.gelu, "norm": module(layer)}, layer(F.gelu(w(h)))


def projection() -> Found:
    x, w = rand(2, 5, 4), linear(4, 3)
    return {"x": x, "w": module(w)}, w(x)


def contrast() -> Found:
    text, image, scale = rand(3, 4), rand(5, 4), torch.tensor(0.7, dtype=torch.float64).exp()
    wanted = F.cosine_similarity(text[:, None], image[None], dim=-1) * scale
    return {"first": F.normalize(text, dim=-1), "second": F.normalize(image, dim=-1).t(), "scale": scale}, wanted


def merged() -> Found:
    tokens, mask = rand(2, 3, 4), torch.tensor([[True, False, True], [False, True, False]])[..., None]
    features = rand(4, 4)
    bound = {"tokens": tokens, "mask": mask, "features": features}
    return bound, tokens.masked_scatter(mask, features)


def sublayer(place: str) -> Case:
    """One half of torch's encoder layer: the norm before, after, or none."""

    def case() -> Found:
        layer = nn.TransformerEncoderLayer(8, 2, 16, dropout=0.0, batch_first=True).double()
        x, normed = rand(2, 5, 8), norm(8)
        branch = layer._sa_block(normed(x) if place == "before" else x, None, None)
        bound = {"x": x, "branch": branch}
        if place == "before":
            return {**bound, "norm": module(normed)}, x + branch
        if place == "after":
            return {**bound, "norm_after": module(normed)}, normed(x + branch)
        return bound, x + branch

    return case


SUBLAYERS = (sublayer("before"), sublayer("after"), sublayer("none"))


def arranged_as_said(case: Case) -> Case:
    def said() -> Found:
        bound, wanted = case()
        return {**bound, "like": wanted}, wanted

    return said


def map_with_a_norm_of_its_positions() -> Found:
    """As many channels as rows and columns, so that a norm of the wrong dimension has a result too."""
    x, branch, normed = rand(2, 4, 4, 4), rand(2, 4, 4, 4), norm(4)
    return {"x": x, "branch": branch, "norm_after": module(normed)}, normed((x + branch).flatten(2).mT)


def macaron() -> Found:
    bound = branches("x", "first_ffn", "attention", "convolution", "ffn")
    last = norm(8)
    return {**bound, "norm": module(last)}, last(torch.stack(tuple(bound.values())).sum(0))


def perceptron() -> Found:
    x, one, two, three = rand(2, 4), linear(4, 5), linear(5, 6), linear(6, 4)
    bound = {"x": x, "w": module(one), "phi": F.relu, "w_2": module(two), "phi_2": F.relu, "w_3": module(three)}
    return bound, nn.Sequential(one, nn.ReLU(), two, nn.ReLU(), three)(x)


def step() -> Found:
    x, one = rand(2, 4), linear(4, 5)
    return {"x": x, "w": module(one), "phi": F.gelu}, F.gelu(one(x))


def experts() -> Found:
    bound = branches("routed", "shared")
    return bound, torch.add(bound["routed"], bound["shared"])


def box() -> Found:
    raw = rand(2, 7, 4)
    return {"raw": raw}, F.sigmoid(raw)


def collapse() -> Found:
    weights, streams = rand(2, 5, 3, 1), rand(2, 5, 3, 8)
    return {"weights": weights, "streams": streams}, torch.einsum("btn,btnd->btd", weights[..., 0], streams)


def dense_residual() -> Found:
    x, w, residual = rand(2, 5, 6), linear(6, 4), rand(2, 5, 4)
    return {"x": x, "w": module(w), "residual": residual}, w(x).add(residual)


CASES: dict[str, tuple[Case, ...]] = {
    "post-norm-cross-block": (decoder(norm_first=False),),
    "pre-norm-cross-block": (decoder(norm_first=True),),
    "sandwich-norm-block": (sandwich,),
    "output-norm-block": (added,),
    "parallel-residual-block": (parallel,),
    "layer-stack": (stack,),
    "pooled-classification-head": (logits(pooled=True),),
    "token-classification-head": (logits(),),
    "seq2seq-lm-head": (logits(),),
    "ctc-head": (logits(),),
    "last-token-classification-head": (last_token,),
    "extractive-qa-head": (span,),
    "multiple-choice-head": (choice,),
    "prediction-head-transform": (transform,),
    "linear-projection": (projection,),
    "contrastive-dual-encoder": (contrast,),
    "multimodal-token-merge": (merged,),
    "attention-sublayer": SUBLAYERS,
    "ffn-sublayer": SUBLAYERS,
    "transformer-block-other": tuple(map(arranged_as_said, (*SUBLAYERS[:2], map_with_a_norm_of_its_positions))),
    "conformer-macaron-block": (macaron,),
    "mlp-n-layer": (perceptron, step),
    "moe-layer": (experts,),
    "set-prediction-detection": (box,),
    "hyper-connection": (collapse,),
    "linear-readout": (logits(),),
    "dense-residual": (dense_residual,),
}
