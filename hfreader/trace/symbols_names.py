"""What a reader sees for a size: short names for the standard fields of configurations, one table for all families."""

import re

from transformers import PreTrainedConfig

from hfreader.trace.configs import sub_configs

BATCH, TOKENS, PAST, ENCODER = "B", "T", "T_past", "S"
IMAGES = ("image_size", "crop_size")
"""What the side of the images is called that a part sees."""
LENGTHS = {
    BATCH: "rows of the batch",
    TOKENS: "input tokens of this call",
    PAST: "tokens already in the cache",
    ENCODER: "tokens of the encoder's output",
}
SHORT = {
    "hidden_size": "hidden",
    "num_attention_heads": "heads",
    "attention_heads": "heads",
    "num_key_value_heads": "kv_heads",
    "head_dim": "head_dim",
    "intermediate_size": "intermediate",
    "ffn_dim": "intermediate",
    "d_ff": "intermediate",
    "n_inner": "intermediate",
    "vocab_size": "vocab",
    "max_position_embeddings": "positions",
    "type_vocab_size": "token_types",
    "embedding_size": "embedding",
    "num_labels": "labels",
}
"""Field of the standard vocabulary -> symbol; a field that is not here keeps its own name."""


def symbol_of(config: PreTrainedConfig, field: str) -> str:
    """The symbol for a dotted field: aliases of the class resolved to the standard name, then made short.

    `n_embd` -> `hidden`, `decoder_attention_heads` -> `decoder_heads`, `vision_config.hidden_size` -> `vision.hidden`.
    """
    head, dot, rest = field.partition(".")
    parts = sub_configs(config)
    if dot and head not in parts:
        return field
    if dot:
        return f"{head.removesuffix('_config')}.{symbol_of(parts[head], rest)}"
    side = re.fullmatch(r"(encoder|decoder)_(.+)", field)
    if side:
        return f"{side[1]}_{SHORT.get(side[2], side[2])}"
    standard = next((name for name, meant in config.attribute_map.items() if meant == field), field)
    return SHORT.get(standard, SHORT.get(field, field))


def head_width(heads: str) -> str:
    """The symbol for the width of one head: `heads` -> `head_dim`, `decoder_heads` -> `decoder_head_dim`."""
    return heads.removesuffix("heads") + "head_dim"


def patch_of(image: str) -> str:
    """The symbol for the side of a patch: `vision.image_size` -> `vision.patch_size`."""
    return _part(image) + "patch_size"


def written_sides(size: str) -> tuple[tuple[str, str], ...]:
    """How the height and width of what has a size may be written: one number, two, or two by their names."""
    return (size, size), (f"{size}[0]", f"{size}[1]"), (f"{size}.height", f"{size}.width")


def patches(image: str) -> str:
    """The symbol for the number of patches of an image: `vision.image_size` -> `vision.patches`."""
    return _part(image) + "patches"


def patches_along(image: str, square: bool) -> tuple[str, ...]:
    """The symbols for the number of patches along the sides of an image: one where these are equal, else two, that of
    the height first."""
    part = _part(image)
    return (f"{part}patches_per_side",) if square else (f"{part}patches_high", f"{part}patches_wide")


def _part(image: str) -> str:
    """What stands before the name of a size of images."""
    return re.sub(f"({'|'.join(IMAGES)})$", "", image)
