"""A configuration with few layers: one of each kind that it has, in their order."""

import re
from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise
from typing import Any

from transformers import PreTrainedConfig

from hfreader.errors import HfreaderError
from hfreader.trace.configs import all_parts, kept_fields, with_fields, within
from hfreader.trace.sizes import counts_layers

DEPTH = 2
# A pattern that repeats after more layers than this is made to repeat after DEPTH.
LONGEST_PERIOD = 4
MOST_OUTPUTS = 5
_STAGES = re.compile(r"^depths$|^layer_depths$|num_(hidden_)?(layers|blocks)|^layers$|_depths$|^num_blocks$|_repeats$")
_FACTOR = "depth_coefficient"  # by which the layers of each stage are multiplied
_PERIODS = re.compile(r"(every(_n)?(_layers)?|interval|period|step|frequency|_freq|sliding_window_pattern)$")
_OFFSETS = re.compile(r"offset$")
_INDEXES = re.compile(
    r"out_indices$|_layers$|layers?_(ids|idx|indices|indexes)$|layers_idx$|indexes$|_layer$|_layers_list$"
)
_KINDS = re.compile(r"layers?_(block_)?types?$")  # which may say by themselves how many layers there are
_DENSE = re.compile(r"first_k_dense|num_dense_layers|moe_layer_start")

# What the library calls fields that differ from layer to layer: a dictionary by layer.
PER_LAYER = "per_layer_config"


def shallow(config: PreTrainedConfig, depth: int = DEPTH) -> PreTrainedConfig:
    """The configuration with at most `depth` layers, or as many as there are kinds of them; parts likewise.

    Lists with an entry for each layer keep those of the layers that stay, lists of layers point at these, stages of
    many layers keep `depth` each. HfreaderError where the configuration refuses even fewer of these changes.
    """
    whole = kept_fields(config)
    changes = {
        f"{prefix}{name}": value
        for prefix, part in all_parts(config)
        for name, value in _changes(_fields(part), depth).items()
        if not within(f"{prefix}{name}", whole)
    }
    if not changes:
        return config
    reason: HfreaderError | None = None
    for kept in _fewer(changes):
        try:
            return with_fields(config, kept)
        except HfreaderError as error:
            reason = reason or error
    raise reason or HfreaderError(f"{type(config).__name__} cannot be made shallow")


def _fewer(changes: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """All changes, then those without what points at layers, then the counts of layers alone."""
    names = {name: name.rpartition(".")[2] for name in changes}
    yield dict(changes)
    yield {name: value for name, value in changes.items() if not _INDEXES.search(names[name])}
    yield {name: value for name, value in changes.items() if isinstance(value, int) and counts_layers(name)}


def _fields(part: PreTrainedConfig) -> dict[str, Any]:
    found = {name: value for name, value in vars(part).items() if not name.startswith("_")}
    different = part.to_dict().get(PER_LAYER) if hasattr(part, "per_layer_config") else None
    if different:
        by_layer = {int(place): value for place, value in different.items()}
        found[PER_LAYER] = [by_layer.get(place, {}) for place in range(part.num_hidden_layers)]
    outputs = {name: getattr(part, name, None) for name in ("out_features", "out_indices")}
    return found | {name: list(value) for name, value in outputs.items() if value}


def _changes(fields: Mapping[str, Any], depth: int) -> dict[str, Any]:
    """The fields of one part to change."""
    counts = {name: value for name, value in fields.items() if type(value) is int and value > 0 and counts_layers(name)}
    counts = {name: value for name, value in counts.items() if not _PERIODS.search(name) and not _DENSE.search(name)}
    periods = {
        name: value for name, value in fields.items() if type(value) is int and value > 1 and _PERIODS.search(name)
    }
    depth = max(depth, _outputs(fields))
    changes = _stages(fields, depth)
    stages = {len(value) for value in changes.values()}
    named = {len(value) for name, value in fields.items() if _KINDS.search(name) and _is_list(value)}
    for length in sorted({*counts.values(), *named} - stages):
        lists = {name: value for name, value in fields.items() if _is_list(value) and len(value) == length}
        kept = _representatives(list(lists.values()), length, depth)
        if periods and not any(isinstance(value[0], str) for value in lists.values()):
            longest = min(max(periods.values()), LONGEST_PERIOD, length)
            kept = list(range(max(longest, len(kept)))) if longest > len(kept) else kept
        if len(kept) < length:
            changes |= {name: len(kept) for name, value in counts.items() if value == length}
            changes |= {name: [value[place] for place in kept] for name, value in lists.items()}
    changes |= {_FACTOR: 1.0} if fields.get(_FACTOR, 0) > 1 else {}
    if PER_LAYER in changes:
        changes[PER_LAYER] = {place: value for place, value in enumerate(changes[PER_LAYER]) if value}
    changes |= {name: DEPTH for name, value in periods.items() if value > LONGEST_PERIOD}
    changes |= {
        name: 0 for name, value in fields.items() if type(value) is int and value >= DEPTH and _OFFSETS.search(name)
    }
    changes |= {name: 1 for name, value in fields.items() if type(value) is int and value > 1 and _DENSE.search(name)}
    return changes | _pointers(fields, changes, counts)


def _outputs(fields: Mapping[str, Any]) -> int:
    """How many layers hand something out, at most MOST_OUTPUTS; a neck may read as many."""
    places = fields.get("out_indices")
    return min(len(set(places)), MOST_OUTPUTS) if isinstance(places, list | tuple) else 0


def _is_list(value: Any) -> bool:
    return isinstance(value, list | tuple) and len(value) > 0


def _representatives(lists: Sequence[Sequence[Any]], length: int, depth: int) -> list[int]:
    """Places of layers: the first of each kind, and the first of all up to `depth`."""
    kinds = [
        tuple(repr(each[place]) for each in lists if isinstance(each[0], str | bool | dict)) for place in range(length)
    ]
    first = [place for place, kind in enumerate(kinds) if kind not in kinds[:place]]
    more = [place for place in range(length) if place not in first]
    return sorted([*first, *more[: max(0, depth - len(first))]])


def _stages(fields: Mapping[str, Any], depth: int) -> dict[str, Any]:
    """Layers of each stage, at most `depth` of each."""
    return {
        name: [min(count, depth) for count in value]
        for name, value in fields.items()
        if _STAGES.search(name) and _is_list(value) and all(type(each) is int for each in value)
    }


def _pointers(fields: Mapping[str, Any], changes: Mapping[str, Any], counts: Mapping[str, int]) -> dict[str, Any]:
    """Numbers of layers, moved to the last of those that are left; names of outputs go where numbers say the same."""
    found: dict[str, Any] = {}
    least = min((value for name, value in changes.items() if name in counts), default=None)
    if least is None:
        return found
    if fields.get("out_features"):
        found |= {"out_features": None, "out_indices": _moved(fields.get("out_indices", [least]), least + 1)}
    for name, value in fields.items():
        if name in changes or name in found or not _INDEXES.search(name) or not _is_list(value):
            continue
        if all(type(each) is int for each in value) and max(value) >= least:
            found[name] = _moved(value, least)
    return found


def _moved(places: Sequence[int], count: int) -> list[int]:
    """As many places below `count` as there are, in order, or all of these."""
    last = list(range(count))[-len(places) :]
    rising = all(one < other for one, other in pairwise(places))
    return last if rising else [place % count for place in places]
