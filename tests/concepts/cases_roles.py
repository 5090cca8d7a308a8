"""Cases of the concepts of blocks, stacks and heads."""

from typing import Any

import torch
from torch import nn

from tests.concepts.cases import Case, module, norm, rand

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


CASES: dict[str, tuple[Case, ...]] = {
    "post-norm-cross-block": (decoder(norm_first=False),),
    "pre-norm-cross-block": (decoder(norm_first=True),),
    "sandwich-norm-block": (sandwich,),
    "output-norm-block": (added,),
    "parallel-residual-block": (parallel,),
    "layer-stack": (stack,),
}
