"""Configurations with smaller images, shorter videos and chunks: attention grows with the square of the number of
patches, and a state space with that of the positions of a chunk."""

import math
from collections.abc import Mapping
from typing import Any

from transformers import PreTrainedConfig

from hfreader.errors import HfreaderError
from hfreader.trace.configs import all_parts, with_fields
from hfreader.trace.symbols_names import IMAGES

LARGEST_IMAGE, MOST_FRAMES = 512, 4
FRAMES = ("num_frames", "frames_per_clip", "video_length")
LARGEST_CHUNK = 16
CHUNKS, STATES = ("chunk_size", "mamba_chunk_size"), ("state_size", "ssm_state_size", "mamba_d_state")
"""Positions that a state space takes at once, in parts that have such a state. A text is padded to whole chunks."""
WINDOW = "attention_window"
"""Positions around each that it attends to, in parts that pad a text to whole windows."""
POINTS = "max_keypoints"
LARGEST_CLOUD = 32
"""Points chosen in an image; below zero all are, and each attends to each."""
DERIVED = ("image_embedding_size", "backbone_feature_sizes", "memory_attention_rope_feat_sizes")
"""What is counted in patches of the image, and written beside its size."""
FEWEST_PATCHES, SMALLEST_IMAGE = 4, 64
"""Along a side: patches, and pixels where there are no patches."""
STEPS = {"max_source_positions": 32, "nb_max_frames": 128, "max_length": 128, "num_queries": 20}
"""Positions of sound and queries of a detector, which are many by default."""
HEARING = ("max_source_positions", "num_mel_bins", "num_queries")
"""Fields of parts in which STEPS mean just that."""


def with_less_to_see(config: PreTrainedConfig) -> PreTrainedConfig:
    """The configuration with images of at most LARGEST_IMAGE pixels along a side, whole patches of them, videos of
    MOST_FRAMES, LARGEST_CLOUD of points, and chunks and windows of LARGEST_CHUNK; as it is where it refuses that."""
    parts = [(prefix, vars(part)) for prefix, part in all_parts(config)]
    sides = [side for _, fields in parts for side in _sides(fields.get(_image(fields)))]
    halvings = math.ceil(math.log2(max(max(sides, default=1) / LARGEST_IMAGE, 1)))
    changes: dict[str, Any] = {}
    for prefix, fields in parts:
        changes |= _smaller(prefix, fields, halvings)
        most = dict.fromkeys(FRAMES, MOST_FRAMES) | {WINDOW: LARGEST_CHUNK, POINTS: LARGEST_CLOUD}
        most |= {} if fields.keys().isdisjoint(STATES) else dict.fromkeys(CHUNKS, LARGEST_CHUNK)
        changes |= _at_most(most, prefix, fields)
    try:
        return with_fields(config, changes) if changes else config
    except HfreaderError:
        return config


def with_least_to_see(config: PreTrainedConfig, doubled: int = 0) -> PreTrainedConfig:
    """The same with images of a few patches, a moment of sound and few queries, which not every class can do with: what
    else depends on their numbers may then no longer fit, and stages that halve an image may end with less than a
    pixel, unless its sides are `doubled` so many times."""
    less = with_less_to_see(config)
    changes: dict[str, Any] = {}
    parts = [(prefix, vars(part)) for prefix, part in all_parts(less)]
    halvings = {prefix: _halvings(fields) - doubled for prefix, fields in parts if _sides(fields.get(_image(fields)))}
    for prefix, fields in parts:
        # A part that does not say how large images are counts their patches as the others do.
        times = max(halvings.get(prefix, min(halvings.values(), default=0)), 0)
        changes |= _smaller(prefix, fields, times)
        if not fields.keys().isdisjoint(HEARING):
            changes |= _at_most(STEPS, prefix, fields)
    try:
        return with_fields(less, changes) if changes else less
    except HfreaderError:
        return less


def _smaller(prefix: str, fields: Mapping[str, Any], times: int) -> dict[str, Any]:
    """The images of a part halved so many times, and what is counted in patches of them."""
    if not times:
        return {}
    image = _image(fields)
    halved = {name: _halved(fields[name], times) for name in DERIVED if fields.get(name)}
    if _sides(fields.get(image)):
        halved[image] = _halved(fields[image], times, fields.get("patch_size"))
    return {f"{prefix}{name}": value for name, value in halved.items()}


def _at_most(most: Mapping[str, int], prefix: str, fields: Mapping[str, Any]) -> dict[str, int]:
    """The fields of a part that are larger, or without a bound, with as much as they may be."""
    larger = (name for name in most if type(fields.get(name)) is int and not 0 <= fields[name] <= most[name])
    return {f"{prefix}{name}": most[name] for name in larger}


def _halvings(fields: Mapping[str, Any]) -> int:
    """How often the images of a part can be halved and still have FEWEST_PATCHES, or SMALLEST_IMAGE pixels, along a
    side."""
    side, patch = min(_sides(fields.get(_image(fields))), default=0), fields.get("patch_size")
    count, fewest = (side // patch, FEWEST_PATCHES) if type(patch) is int and patch > 1 else (side, SMALLEST_IMAGE)
    return max(int(math.log2(max(count, 1) / fewest)), 0) if count >= fewest else 0


def _image(fields: Mapping[str, Any]) -> str:
    """The field of a part that has the side of its images."""
    return next((name for name in IMAGES if fields.get(name) is not None), IMAGES[0])


def _sides(size: Any) -> list[int]:
    sides = size if isinstance(size, list | tuple) else [size]
    return [side for side in sides if type(side) is int]


def _halved(value: Any, times: int, patch: Any = 1) -> Any:
    """Sides halved so many times, and still whole patches."""
    if isinstance(value, list | tuple):
        return [_halved(each, times, patch) for each in value]
    whole = patch if type(patch) is int else 1
    return max(value // whole >> times, 1) * whole
