"""Small versions of a configuration: few layers and narrow ones, so that a run costs milliseconds."""

import math
import re
from collections.abc import Iterator
from copy import deepcopy
from typing import Any

from transformers import PreTrainedConfig, PreTrainedModel

from hfreader.errors import HfreaderError
from hfreader.trace.configs import sub_configs, with_fields
from hfreader.trace.models import config_for, parameters_of, skeleton
from hfreader.trace.sizes import integers, shallow
from hfreader.trace.tokenizers import special_ids

VOCABULARY = 512
NARROWEST_HEAD = 8
WIDEST_DIVISOR = 64
MOST = 200_000_000
"""Numbers of a model that is no longer run many times over."""
_WIDTH = re.compile(r"(hidden|embedding)_size|intermediate|ffn|d_(model|ff|kv|inner)|n_(embd|inner)|dim$|_rank$")


def small(model_class: type[PreTrainedModel], config: PreTrainedConfig) -> PreTrainedConfig:
    """The narrowest version of a configuration with two layers of which the class can be built.

    Widths are divided by one power of two, the number of heads stays; a nested part that refuses keeps its widths.
    HfreaderError where not even the configuration's own widths can be built, or only with more than MOST numbers.
    """
    flat = shallow(config_for(model_class, config))
    reason: HfreaderError | None = None
    for changes in _candidates(flat):
        try:
            candidate = with_fields(flat, changes)
            numbers = parameters_of(skeleton(model_class, deepcopy(candidate)))
        except HfreaderError as error:
            reason = error
            continue
        if numbers <= MOST:
            return candidate
        reason = HfreaderError(f"{model_class.__name__} cannot be made small: it has {numbers:,} parameters at least")
    raise reason or HfreaderError(f"{model_class.__name__} cannot be made small")


def _candidates(config: PreTrainedConfig) -> Iterator[dict[str, Any]]:
    """The fields to change, the narrowest first: everywhere, and everywhere but in one nested part."""
    for divisor in _divisors(config):
        changes = _narrowed(config, divisor)
        yield changes
        for part in sub_configs(config):
            yield {name: value for name, value in changes.items() if not name.startswith(f"{part}.")}


def _divisors(config: PreTrainedConfig) -> Iterator[int]:
    """Powers of two, the largest that leaves each head NARROWEST_HEAD wide first; at last 1."""
    most = WIDEST_DIVISOR
    for part in (config, *sub_configs(config).values()):
        heads, width = getattr(part, "num_attention_heads", None), getattr(part, "hidden_size", None)
        if isinstance(heads, int) and isinstance(width, int) and heads > 0:
            most = min(most, max(1, width // heads // NARROWEST_HEAD))
    for power in range(int(math.log2(most)), -1, -1):
        yield 2**power


def _narrowed(config: PreTrainedConfig, divisor: int) -> dict[str, Any]:
    """The fields to change, dotted."""
    changes: dict[str, Any] = {}
    for name, value in integers(config).items():
        field = name.rpartition(".")[2]
        if _WIDTH.search(field) and value % divisor == 0 and value > divisor:
            changes[name] = value // divisor
    return changes | _fewer_ids(config)


def _fewer_ids(config: PreTrainedConfig) -> dict[str, Any]:
    """A vocabulary of VOCABULARY ids, with the special ids above it moved to its end, the same in every part."""
    above = sorted(id for id in special_ids(config) if id >= VOCABULARY)
    moved = {id: VOCABULARY - 1 - place for place, id in enumerate(above)}
    changes: dict[str, Any] = {}
    for prefix, part in [("", config), *((f"{name}.", part) for name, part in sub_configs(config).items())]:
        for name, value in vars(part).items():
            if name == "vocab_size" and isinstance(value, int) and value > VOCABULARY:
                changes[f"{prefix}{name}"] = VOCABULARY
            elif name.endswith("_token_id") and isinstance(value, int) and value in moved:
                changes[f"{prefix}{name}"] = moved[value]
            elif name.endswith("_token_id") and isinstance(value, list):
                changes[f"{prefix}{name}"] = [moved.get(id, id) for id in value]
    return changes
