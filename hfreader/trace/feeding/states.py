"""Hidden states, and what stands beside text: boxes, masks, regions of images."""

from collections.abc import Sequence

import torch

from hfreader.trace.feeding import images
from hfreader.trace.feeding.need import Layout, Need, number


def width(need: Need, *names: str) -> int:
    """The width of a hidden state."""
    return number(need.field(*names, "hidden_size", "d_model", "dim", "embed_dim", "hidden_dim", default=32))


def hidden_states(need: Need, name: str) -> Sequence[Layout]:
    """Hidden states (B, T, width), (T, width), (B, width, T), images; patches where a grid says how they lie."""
    if any(each.endswith("grid_thw") for each in need.parameters):
        return images.pixel_values(need, name)
    wide = width(need)
    return (
        need.normal(need.batch, need.tokens, wide),
        need.normal(need.tokens, wide),
        need.normal(need.batch, wide, need.tokens),
        need.later(need.batch, images.channels(need), *images.size(need)),
    )


def encoder_hidden_states(need: Need, name: str) -> Sequence[torch.Tensor]:
    """States of an encoder (B, T, width)."""
    wide = width(need, "encoder_hidden_size", "cross_attention_hidden_size")
    return (need.normal(need.batch, need.lengths.encoder or need.tokens, wide),)


def boxes(need: Need, name: str) -> Sequence[torch.Tensor]:
    """Boxes of tokens (B, T, 4), upper left and lower right corner in thousandths; (B, T, 8) for all corners."""
    whole = torch.tensor([100, 100, 200, 200]).expand(need.batch, need.tokens, 4)
    part = torch.tensor([0.1, 0.1, 0.2, 0.2]).expand(need.batch, need.tokens, 4)
    return whole, part, part.repeat(1, 1, 2)


def mask(need: Need, name: str) -> Sequence[torch.Tensor]:
    """Ones (B, T)."""
    return (torch.ones(need.batch, need.tokens, dtype=torch.long),)


def zeros(need: Need, name: str) -> Sequence[torch.Tensor]:
    """Zeros (B, T)."""
    return (torch.zeros(need.batch, need.tokens, dtype=torch.long),)


def positions(need: Need, name: str) -> Sequence[torch.Tensor]:
    """0, 1, 2, ... (B, T), (1, T)."""
    row = torch.arange(need.tokens)
    return row.expand(need.batch, -1), row.unsqueeze(0)


def other_ids(need: Need, name: str) -> Sequence[torch.Tensor]:
    """Ids of another vocabulary (B, T)."""
    limit = number(need.field("vocab_size", default=16))
    return (need.ids(limit, need.batch, need.tokens),)


def visual_features(need: Need, name: str) -> Sequence[torch.Tensor]:
    """Features of regions of an image (B, T, width)."""
    wide = number(
        need.field(
            "visual_feat_dim", "visual_embedding_dim", "mm_hidden_size", "hidden_size", near="vision", default=32
        )
    )
    return (need.normal(need.batch, need.tokens, wide),)


def visual_positions(need: Need, name: str) -> Sequence[torch.Tensor]:
    """Boxes of regions (B, T, 4), in parts of the image."""
    wide = number(need.field("visual_pos_dim", default=4))
    return (torch.rand(need.batch, need.tokens, wide, generator=torch.Generator().manual_seed(need.seed)),)


def columns(need: Need, name: str) -> Sequence[torch.Tensor]:
    """What a decision transformer reads of each step (B, T, width)."""
    wide = {"states": number(need.field("state_dim", default=1)), "actions": number(need.field("act_dim", default=1))}
    return (need.normal(need.batch, need.tokens, wide.get(name, 1)),)
