"""Sound: samples, spectrograms, codes."""

import math
from collections.abc import Sequence

import torch

from hfreader.trace.feeding.need import Layout, Need, number

NEAR = "audio"
USUAL_MELS, SAMPLES, STEPS = 80, 4000, 64
FRAMES = 128
"""What convolutions make of the samples, where they would make more of SAMPLES of them."""


def mels(need: Need) -> int:
    """Bins of a spectrogram."""
    return number(
        need.field(
            "num_mel_bins",
            "n_mels",
            "feature_size",
            "mel_bins",
            "input_feat_per_channel",
            "input_feat_size",
            "feature_projection_input_dim",
            "num_mels",
            "model_in_dim",
            "input_dim",
            near=NEAR,
            default=USUAL_MELS,
        )
    )


def steps(need: Need) -> int:
    """Steps of a spectrogram: as many as the model has positions for where it says so."""
    found = need.field("nb_max_frames", "max_length", "spec_size", near=NEAR)
    if isinstance(found, int) and found > 0:
        return found
    window = need.field("n_window", near=NEAR)
    if isinstance(window, int):
        return 2 * window
    positions = need.field("max_source_positions", near=NEAR)
    return 2 * number(positions) if isinstance(positions, int) and positions <= 3000 else STEPS


def samples(need: Need) -> int:
    """Samples of a sound."""
    strides = need.field("conv_stride", near=NEAR)
    return min(SAMPLES, FRAMES * math.prod(strides)) if isinstance(strides, list | tuple) else SAMPLES


def input_features(need: Need, name: str) -> Sequence[Layout]:
    """Spectrograms: (B, mels, steps), (B, steps, mels); as an image (B, 1, steps, mels)."""
    bins, length = mels(need), steps(need)
    return (
        need.later(need.batch, bins, length),
        need.later(need.batch, length, bins),
        need.later(need.batch, 1, length, bins),
        need.later(need.batch, length, need.field("hidden_size", default=bins)),
    )


def input_values(need: Need, name: str) -> Sequence[Layout]:
    """Samples (B, samples), (B, 1, samples); a spectrogram (B, steps, mels)."""
    length = samples(need)
    plain, one_channel = need.later(need.batch, length), need.later(need.batch, 1, length)
    spectrogram = need.later(need.batch, steps(need), mels(need))
    if need.field("num_mel_bins", near=NEAR) is not None:
        return spectrogram, plain, one_channel
    return plain, one_channel, spectrogram


def ones_beside(need: Need, name: str) -> Sequence[torch.Tensor]:
    """A mask of ones over the steps of a spectrogram; over samples; over the steps as booleans."""
    over_steps = torch.ones(need.batch, steps(need), dtype=torch.long)
    return over_steps, torch.ones(need.batch, samples(need), dtype=torch.long), over_steps.bool()


def lengths(need: Need, name: str) -> Sequence[torch.Tensor]:
    """How many steps of each row count (B,)."""
    return (torch.full((need.batch,), steps(need)), torch.full((need.batch,), samples(need)))


def codes(need: Need, name: str) -> Sequence[torch.Tensor]:
    """Codes: (B, quantizers, T), (B, T, quantizers), (1, B, quantizers, T)."""
    limit = number(need.field("codebook_size", "vocab_size", default=16))
    count = number(need.field("num_quantizers", "num_codebooks", "n_codebooks", default=1))
    return (
        need.ids(limit, need.batch, count, need.tokens),
        need.ids(limit, need.batch, need.tokens, count),
        need.ids(limit, 1, need.batch, count, need.tokens),
        need.ids(limit, need.batch, need.tokens),
    )


def spectrogram(need: Need, name: str) -> Sequence[torch.Tensor]:
    """What a vocoder reads: (B, T, bins), (B, bins, T), (T, bins)."""
    bins = number(need.field("model_in_dim", "num_mel_bins", "mel_dim", "n_mels", default=USUAL_MELS))
    return (
        need.normal(need.batch, need.tokens, bins),
        need.normal(need.batch, bins, 4 * need.tokens),
        need.normal(need.tokens, bins),
    )
