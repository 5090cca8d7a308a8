"""What a configuration leaves open, or says of widths that it no longer has."""

from collections.abc import Sequence
from typing import Any

from transformers import PreTrainedConfig

from hfreader.errors import HfreaderError
from hfreader.trace.configs import all_parts, read, sub_configs, with_fields

SECTIONS = "mrope_section"
ROPE = "rope_parameters"
AXES = 3
HANDED_OUT = "out_hidden_size"


def consistent(config: PreTrainedConfig) -> PreTrainedConfig:
    """The configuration with parts that go together: what images are turned into is as wide as the text's states, and
    the sections of multimodal rotary embeddings (how many of the frequencies each axis gets) share out a head."""
    changes: dict[str, Any] = _merged_widths(config)
    for prefix, part in all_parts(config):
        rope, width = getattr(part, ROPE, None), head_width(part)
        if not isinstance(rope, dict) or width is None:
            continue
        known = rope.get(SECTIONS)
        if known is None and SECTIONS not in (getattr(part, "ignore_keys_at_rope_validation", None) or ()):
            continue
        half = int(width * (rope.get("partial_rotary_factor") or 1)) // 2
        if known is None or sum(known) != half:
            changes[f"{prefix}{ROPE}.{SECTIONS}"] = shared_out(half, known or [1] * AXES)
    return _changed(config, changes)


def _merged_widths(config: PreTrainedConfig) -> dict[str, Any]:
    """What nested parts hand out that is not as wide as the text part's hidden states."""
    parts = sub_configs(config)
    text = parts.get("text_config", config)
    width = read(text, "hidden_size")
    return {
        f"{name}.{HANDED_OUT}": width
        for name, part in parts.items()
        if part is not text and isinstance(width, int) and read(part, HANDED_OUT) not in (None, width)
    }


def shared_out(total: int, like: Sequence[int]) -> list[int]:
    """A number in as many parts as another was: what were equal parts stay equal, and what is over goes to the one that
    was like no other, or else to the first."""
    parts = [total * part // sum(like) for part in like]
    single = next((place for place, part in enumerate(like) if like.count(part) == 1), 0)
    parts[single] += total - sum(parts)
    return parts


def completed(config: PreTrainedConfig) -> PreTrainedConfig:
    """The configuration with the fields filled in that say nothing and follow from others; itself where none do."""
    changes: dict[str, Any] = {}
    for prefix, part in all_parts(config):
        fields, heads = vars(part), read(part, "num_attention_heads")
        follows = {"head_dim": head_width(part), "num_key_value_heads": heads}
        changes |= {
            f"{prefix}{name}": value
            for name, value in follows.items()
            if name in fields and fields[name] is None and isinstance(value, int)
        }
    return _changed(config, changes)


def head_width(part: Any) -> int | None:
    """The width of a head: the field, or the part of the hidden size; None where neither is known."""
    width, heads, hidden = (read(part, name) for name in ("head_dim", "num_attention_heads", "hidden_size"))
    if isinstance(width, int):
        return width
    return hidden // heads if isinstance(heads, int) and isinstance(hidden, int) and heads > 0 else None


def _changed(config: PreTrainedConfig, changes: dict[str, Any]) -> PreTrainedConfig:
    if not changes:
        return config
    try:
        return with_fields(config, changes)
    except HfreaderError:
        return config
