"""The library's vocabulary of parameters: which names take what."""

import math
import re
from collections.abc import Callable, Mapping, Sequence
from functools import reduce
from typing import Any

import torch

from hfreader.errors import HfreaderError
from hfreader.trace.configs import read
from hfreader.trace.feeding import images, series, sessions, sound, states
from hfreader.trace.feeding.need import Layout, Need, number
from hfreader.trace.recipes import recipe_of

BY_RECIPE = -1
"""The layout of an input that the recipe of a model type describes."""
Make = Callable[[Need, str], Sequence[Layout]]
Made = torch.Tensor | list[torch.Tensor] | int

_MAKERS: tuple[tuple[str, Make], ...] = (
    (r"(image_|prompt_|high_res_)?pixel_values(_videos|_images|_hd)?|image", images.pixel_values),
    (r"(image_|video_)?(grid_thw|grids?|grid_hws?)", images.grid_thw),
    (r"(image|target|original|tgt)_sizes?", images.sizes),
    (r"spatial_shapes", images.spatial_shapes),
    (r"pixel_attention_mask|patch_attention_mask", images.patch_mask),
    (r"(image|pixel)_position_ids", images.position_ids),
    (r"flattened_patches", images.flattened_patches),
    (r"aspect_ratio_ids", images.aspect_ratio_ids),
    (r"aspect_ratio_mask", images.aspect_ratio_mask),
    (r"bool_masked_pos", images.bool_masked_pos),
    (r"inference_session", sessions.video),
    (r"(audio_)?input_features|audio_mel|features", sound.input_features),
    (r"input_values|waveform|raw_audio|audio_values", sound.input_values),
    (r"input_features_mask|feature_attention_mask|audio_mel_mask|audio_attention_mask", sound.ones_beside),
    (r"feature_lens|audio_(feature_)?lengths|aftercnn_lens|chunk_sample_lengths", sound.lengths),
    (r"audio_codes|codes|quantized_code|audio_input_ids", sound.codes),
    (r"spectrogram|mel_spectrogram", sound.spectrogram),
    (r"(past|future)_values", series.values),
    (r"(past|future)_time_features", series.features),
    (r"(past|future)_observed_mask|past_values_padding", series.observed),
    (r"static_categorical_features", series.categories),
    (r"static_real_features", series.reals),
    (r"hidden_states?|inputs_embeds|query_embeds|last_hidden_state|context|inputs", states.hidden_states),
    (r"encoder_hidden_states", states.encoder_hidden_states),
    (r"bbox", states.boxes),
    (r"visual_(feats|embeds)|vision_features|image_features", states.visual_features),
    (r"visual_pos", states.visual_positions),
    (r"states|actions|rewards|returns_to_go", states.columns),
    (r"position_ids|timesteps", states.positions),
    (r"(qformer|tasks)_input_ids|decoder_input_ids|task_inputs", states.other_ids),
    (r"attention_mask|(qformer|tasks|encoder)_attention_mask|mask", states.mask),
    (r"(mm_)?token_type_ids", states.zeros),
)
# What a model reads of the world, as against what is handed on within it.
_SENSES = re.compile(
    r"(image_|prompt_)?pixel_values(_videos|_images)?|input_(features|values)|bbox|past_values|flattened_patches"
    r"|visual_(feats|pos|embeds)|states|actions|returns_to_go|inference_session"
)
_PATTERNS = tuple((re.compile(pattern), make) for pattern, make in _MAKERS)


def maker(name: str) -> Make | None:
    """What makes tensors for a parameter; None where the vocabulary does not have it."""
    return next((make for pattern, make in _PATTERNS if pattern.fullmatch(name)), None)


def made(need: Need, name: str, layout: int) -> Made:
    """The tensor for a parameter in one of the layouts of its maker; HfreaderError where there is no such."""
    if layout == BY_RECIPE:
        return described(need, recipe_of(need.config.model_type).inputs[name])
    make = maker(name)
    layouts = make(need, name) if make is not None else ()
    if layout >= len(layouts):
        raise HfreaderError(f"nothing is known of the input {name}")
    chosen = layouts[layout]
    return chosen if isinstance(chosen, torch.Tensor) else chosen()


def described(need: Need, what: Mapping[str, Any]) -> Made:
    """What a recipe describes: a tensor, a list of them, a number where it gives no shape."""
    if "each" in what:
        return [_tensor(need, what, shape) for shape in what["each"]]
    return _tensor(need, what, what["shape"]) if "shape" in what else int(what["value"])


def _tensor(need: Need, what: Mapping[str, Any], shape: Sequence[int | str]) -> torch.Tensor:
    extents = [math.prod(_extent(need, one) for one in str(each).split("*")) for each in shape]
    if "below" in what:
        return need.ids(what["below"], *extents)
    if "value" in what:
        return torch.full(extents, what["value"])
    if "of" in what:
        return torch.tensor(what["of"]).expand(extents)
    return need.normal(*extents)


def _extent(need: Need, name: str) -> int:
    """A length, or the value of a field of the configuration: the first of several that holds one."""
    lengths = {"batch": need.batch, "tokens": need.tokens}
    if name in lengths or name.isdecimal():
        return lengths.get(name) or int(name)
    for each in name.split("|"):
        *parents, field = each.split(".")
        inner = reduce(read, parents, need.config)
        if (value := read(inner, field) if parents else need.field(field)) is not None:
            return number(value)
    return 1


def senses(names: Sequence[str]) -> list[str]:
    """The parameters that take images, sound, series or layout."""
    return [name for name in names if _SENSES.fullmatch(name)]
