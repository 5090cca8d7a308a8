"""Cases of the concepts of a plain text Transformer."""

from typing import Any

import torch
from torch import nn
from torch.nn import functional as F

from tests.concepts.cases import Case, Module, linear, module, norm, rand


def attention_with_folded_bias() -> tuple[dict[str, Any], torch.Tensor]:
    q, k, v, bias = rand(2, 3, 4, 5), rand(2, 3, 4, 5), rand(2, 3, 4, 5), rand(6, 1, 4)
    wanted = F.scaled_dot_product_attention(q, k, v, attn_mask=bias.view(2, 3, 1, 4))
    return {"query": q, "key": k, "value": v, "bias": bias}, wanted


def attention_with_mask() -> tuple[dict[str, Any], torch.Tensor]:
    q, k, v, m = rand(2, 3, 5, 4), rand(2, 3, 7, 4), rand(2, 3, 7, 6), rand(2, 1, 5, 7)
    return {"query": q, "key": k, "value": v, "mask": m}, F.scaled_dot_product_attention(q, k, v, attn_mask=m)


def attention_with_booleans() -> tuple[dict[str, Any], torch.Tensor]:
    q, k, v = rand(2, 3, 5, 4), rand(2, 3, 5, 4), rand(2, 3, 5, 4)
    m = torch.ones(5, 5).tril().bool()
    wanted = F.scaled_dot_product_attention(q, k, v, attn_mask=m)
    return {"query": q.reshape(6, 5, 4), "key": k, "value": v, "forbidden": ~m, "bias": rand(1, 1, 5, 1)}, wanted


def attention_causal() -> tuple[dict[str, Any], torch.Tensor]:
    q, k, v = rand(2, 3, 5, 4), rand(2, 3, 5, 4), rand(2, 3, 5, 4)
    return {"query": q, "key": k, "value": v, "is_causal": True}, F.scaled_dot_product_attention(
        q, k, v, is_causal=True
    )


def multi_head() -> tuple[dict[str, Any], torch.Tensor]:
    torch_layer = nn.MultiheadAttention(12, 3, batch_first=True).double()
    nn.init.normal_(torch_layer.in_proj_bias)
    x, mask = rand(2, 5, 12), rand(5, 5)
    wanted, _ = torch_layer(x, x, x, attn_mask=mask)
    whole = Module(weight=torch_layer.in_proj_weight.t(), bias=torch_layer.in_proj_bias)
    sizes = {name: rand(2, 3, 5, 4) for name in ("key", "value")}
    return {"x": x, "w_qkv": whole, "w_o": module(torch_layer.out_proj), "mask": mask, **sizes}, wanted


def multi_head_with_cache() -> tuple[dict[str, Any], torch.Tensor]:
    maps = [linear(12, 12) for _ in range(3)]
    whole = rand(2, 7, 12)
    q, k, v = (one(whole).reshape(2, 7, 3, 4).transpose(1, 2) for one in maps)
    wanted = F.scaled_dot_product_attention(q, k, v)[:, :, 5:].transpose(1, 2).reshape(2, 2, 12)
    named = dict(zip(("w_query", "w_key", "w_value"), map(module, maps), strict=True))
    return {"x": whole[:, 5:], "key": k, "value": v, **named}, wanted


def ffn() -> tuple[dict[str, Any], torch.Tensor]:
    x, one, two = rand(2, 5, 4), linear(4, 9), linear(9, 4, bias=False)
    return {"x": x, "w_1": module(one), "phi": F.silu, "w_2": module(two)}, two(F.silu(one(x)))


def gelu(**settings: Any) -> Case:
    def case() -> tuple[dict[str, Any], torch.Tensor]:
        x = rand(50)
        approximate = "tanh" if settings else "none"
        return {"x": x, **settings}, F.gelu(x, approximate=approximate)

    return case


def layer_norm() -> tuple[dict[str, Any], torch.Tensor]:
    x, layer = rand(2, 5, 8), norm(8)
    return {"x": x, "norm": module(layer)}, layer(x)


def layer_norm_over_two() -> tuple[dict[str, Any], torch.Tensor]:
    x, gamma = rand(2, 5, 8), rand(5, 8)
    return {"x": x, "gamma": gamma, "eps": 0.1, "shape": (5, 8)}, F.layer_norm(x, (5, 8), gamma, None, 0.1)


def residual() -> tuple[dict[str, Any], torch.Tensor]:
    x, branch = rand(2, 3), rand(2, 3)
    return {"x": x, "branch": branch}, torch.add(x, branch)


def post_norm() -> tuple[dict[str, Any], torch.Tensor]:
    layer = nn.TransformerEncoderLayer(8, 2, 16, dropout=0.0, batch_first=True).double()
    x = rand(2, 5, 8)
    attention = layer._sa_block(x, None, None)
    ffn_output = layer._ff_block(layer.norm1(x + attention))
    bound = {"x": x, "attention": attention, "ffn": ffn_output}
    return {**bound, "norm_1": module(layer.norm1), "norm_2": module(layer.norm2)}, layer(x)


def pre_norm() -> tuple[dict[str, Any], torch.Tensor]:
    layer = nn.TransformerEncoderLayer(8, 2, 16, dropout=0.0, batch_first=True, norm_first=True).double()
    x = rand(2, 5, 8)
    attention = layer._sa_block(layer.norm1(x), None, None)
    ffn_output = layer._ff_block(layer.norm2(x + attention))
    bound = {"x": x, "attention": attention, "ffn": ffn_output}
    return {**bound, "norm_1": module(layer.norm1), "norm_2": module(layer.norm2)}, layer(x)


def positions() -> tuple[dict[str, Any], torch.Tensor]:
    table, ids = nn.Embedding(9, 4).double(), torch.arange(5)[None] + 2
    return {"positions": ids, "table": module(table)}, table(ids)


def rows_added() -> tuple[dict[str, Any], torch.Tensor]:
    x, rows = rand(2, 5, 4), rand(5, 4)
    return {"x": x, "rows": rows}, torch.add(x, rows)


def embeddings() -> tuple[dict[str, Any], torch.Tensor]:
    tables = {name: nn.Embedding(9, 4).double() for name in ("token", "segment", "position")}
    ids = {name: torch.randint(0, 9, (2, 5)) for name in tables}
    layer = norm(4)
    named = {f"{name}_table": module(table) for name, table in tables.items()}
    arguments = {**named, **{f"{name}s": one for name, one in ids.items()}, "norm": module(layer)}
    return arguments, layer(sum(table(ids[name]) for name, table in tables.items()))


def pooler() -> tuple[dict[str, Any], torch.Tensor]:
    x, layer = rand(2, 5, 4), linear(4, 4)
    return {"x": x, "w": module(layer)}, torch.tanh(layer(x[:, 0]))


def masked_lm() -> tuple[dict[str, Any], torch.Tensor]:
    h, one, layer, two = rand(2, 5, 4), linear(4, 4), norm(4), linear(4, 9)
    parts = {"w": module(one), "phi": F.gelu, "norm": module(layer), "decoder": module(two)}
    return {"h": h, **parts}, two(layer(F.gelu(one(h))))


def causal_lm() -> tuple[dict[str, Any], torch.Tensor]:
    h, layer = rand(2, 5, 4), linear(4, 9, bias=False)
    return {"h": h, "decoder": module(layer)}, layer(h)


def dense_norm() -> tuple[dict[str, Any], torch.Tensor]:
    x, r, layer, normed = rand(2, 5, 6), rand(2, 5, 4), linear(6, 4), norm(4)
    return {"x": x, "residual": r, "w": module(layer), "norm": module(normed)}, normed(r + layer(x))


def causal_mask() -> tuple[dict[str, Any], torch.Tensor]:
    wanted = nn.Transformer.generate_square_subsequent_mask(6, dtype=torch.float64)[4:].repeat(2, 1, 1, 1)
    padding = torch.tensor([[1, 1, 1, 1, 1, 1], [0, 0, 1, 1, 1, 1]])
    wanted[1, :, :, :2] = float("-inf")
    return {"like": torch.zeros(2, 1, 2, 6), "padding": padding}, wanted


CASES: dict[str, tuple[Case, ...]] = {
    "scaled-dot-product-attention": (
        attention_with_mask,
        attention_with_folded_bias,
        attention_with_booleans,
        attention_causal,
    ),
    "multi-head-self-attention": (multi_head, multi_head_with_cache),
    "position-wise-ffn": (ffn,),
    "gelu": (gelu(), gelu(tanh=torch.ones(1)), gelu(approximate="tanh")),
    "layer-norm": (layer_norm, layer_norm_over_two),
    "residual-connection": (residual,),
    "post-norm-block": (post_norm,),
    "pre-norm-block": (pre_norm,),
    "learned-position-embedding": (positions, rows_added),
    "input-embedding-sum": (embeddings,),
    "first-token-pooler": (pooler,),
    "masked-lm-head": (masked_lm,),
    "causal-lm-head": (causal_lm,),
    "dense-residual-layernorm": (dense_norm,),
    "causal-mask": (causal_mask,),
}
