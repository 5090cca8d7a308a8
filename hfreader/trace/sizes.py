"""Size assignments: one configuration built several times with different sizes, so that shapes give them away.

Which fields of a configuration are sizes is found by trying, not by a table of families. Only the library's general
vocabulary for fields is used: what counts heads must divide widths, layer counts stay, ids are no sizes.
"""

import math
import random
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import reduce
from typing import Any

from transformers import PreTrainedConfig

from hfreader.trace.configs import NO_SIZE, sub_configs, with_fields

RUNS = 3
# For each run: heads, and key-value heads. Powers of two, so that widths that all of them divide stay small.
_HEADS_IN_RUN, _SHARED_IN_RUN = (4, 8, 8), (2, 4, 2)
# Pixels along the side of a patch, and patches along that of an image: areas are to stay small.
_PATCH_IN_RUN, _PATCHES_IN_RUN = (6, 10, 14), (3, 5, 4)
# What need not be hundreds: experts, which groups divide; those chosen or shared; channels and sides of an image.
_FEW = {
    re.compile(r"^(num|n)_(local_|routed_)?experts$|^moe_num_experts$"): (16, 32, 48),
    re.compile(r"experts_per_tok(en)?$|num_shared_experts$|^n_shared_experts$|^(moe_)?top_?k(_experts)?$"): (2, 3, 4),
    re.compile(r"num_channels$"): (5, 6, 4),
    re.compile(r"image_size$"): (64, 128, 96),
}

_IMAGE, _PATCH = "image_size", "patch_size"
_LAYERS = re.compile(r"layers?$|^num_.*layers?|blocks$|depth$")
# Lists that count layers, or point at them, and the kernels and paddings of convolutions; what numbers labels.
_IN_STAGES = re.compile(
    r"depths?$|blocks$|layers?(_|$)|indic|stages?$|repeats|section$|ratios?$|padding|patch_sizes$|pool"
)
_ID = re.compile(r"2id\.")
_SHARED_HEADS = re.compile(r"(kv|key_value|k_v)_?heads?|multi_query_group")
_HEADS = re.compile(r"(?<!d_)heads?$|^num_head|^n_head|groups?$")
_ELEMENT = re.compile(r"(?P<field>.+)\[(?P<place>\d+)\]")
_TABLES = re.compile(r"vocab|position|^n_ctx$|buckets|distance|length|(num|n)_(.*_)?(tokens|queries|latents)$")


@dataclass(frozen=True)
class Lengths:
    """How long the inputs are: rows, tokens, tokens already in the cache, and tokens of the encoder's output."""

    batch: int
    tokens: int
    past: int = 0
    encoder: int | None = None


@dataclass(frozen=True)
class Assignment:
    """The sizes of one run. `fields` are dotted configuration fields with their values."""

    config: PreTrainedConfig
    fields: Mapping[str, int]
    lengths: Lengths


def integers(config: PreTrainedConfig) -> dict[str, int]:
    """The fields of a configuration, nested ones dotted, that hold an integer above zero."""
    found = {name: value for name, value in _own(config).items() if type(value) is int and value > 0}
    for name, part in sub_configs(config).items():
        found |= {f"{name}.{inner}": value for inner, value in integers(part).items()}
    return found


def _own(config: PreTrainedConfig) -> dict[str, Any]:
    fields = {name: value for name, value in vars(config).items() if not name.startswith("_")}
    return fields | ({"num_labels": config.num_labels} if "id2label" in fields else {})


def elements(config: PreTrainedConfig) -> dict[str, int]:
    """What the lists and dictionaries hold that are fields of a configuration, where all of it is integers above zero,
    by names such as `hidden_sizes[1]` and `image_size.height`."""
    found: dict[str, int] = {}
    for name, value in _own(config).items():
        named = (
            {f"{name}[{place}]": each for place, each in enumerate(value)} if isinstance(value, list | tuple) else {}
        )
        named |= {f"{name}.{key}": each for key, each in value.items()} if isinstance(value, dict) else {}
        if all(type(each) is int and each > 0 for each in named.values()):
            found |= named
    for name, part in sub_configs(config).items():
        found |= {f"{name}.{inner}": value for inner, value in elements(part).items()}
    return found


def sizes_of(config: PreTrainedConfig) -> dict[str, int]:
    """All that may be a size: integers, and those within lists and dictionaries."""
    return integers(config) | elements(config)


def _last(name: str) -> str:
    """The field of a dotted name, without a place in a list."""
    return name.rpartition(".")[2].partition("[")[0]


def candidates(config: PreTrainedConfig) -> tuple[str, ...]:
    """The fields that may be sizes, those that count heads last: a width can change alone, a head count cannot."""
    return _candidates(integers(config))


def listed_candidates(config: PreTrainedConfig) -> tuple[str, ...]:
    """What may be a size within lists and dictionaries."""
    names = _candidates(elements(config))
    return tuple(name for name in names if not _IN_STAGES.search(name.rpartition("[")[0]) and not _ID.search(name))


def _candidates(fields: Mapping[str, int]) -> tuple[str, ...]:
    names = [
        name
        for name, value in fields.items()
        if not counts_layers(name) and not NO_SIZE.search(_last(name)) and (value > 1 or counts_heads(name))
    ]
    return tuple(sorted(names, key=counts_heads))


def counts_layers(name: str) -> bool:
    """Whether a field says how many layers there are, or how many of each stage."""
    return bool(_LAYERS.search(_last(name)))


def counts_heads(name: str) -> bool:
    """Whether a field counts heads, of queries or of keys and values."""
    return bool(_HEADS.search(_last(name)) or _SHARED_HEADS.search(_last(name)))


def shares_heads(name: str) -> bool:
    """Whether a field counts heads of keys and values, of which several of the queries' share one."""
    return bool(_SHARED_HEADS.search(_last(name)))


def lengths(run: int, like: Lengths) -> Lengths:
    """Lengths for one run; those that are absent in `like` stay absent."""
    return Lengths(
        batch=(2, 3, 5)[run],
        tokens=(7, 11, 9)[run],
        past=(4, 3, 6)[run] if like.past else 0,
        encoder=(6, 13, 8)[run] if like.encoder is not None else None,
    )


def values(config: PreTrainedConfig, names: Iterable[str], run: int, tied: bool) -> dict[str, int]:
    """Values for the chosen fields in one run: head counts by a fixed plan, every width a multiple of all of them.

    tied  keep equalities, and head counts times head widths, as they are in `config`.
    """
    chosen, present = list(names), integers(config)
    sides = list(dict.fromkeys(_side(name) for name in chosen if counts_heads(name)))
    fields = {name: _count(name, run + sides.index(_side(name))) for name in chosen if counts_heads(name)}
    unit = 2 * math.lcm(*(fields.get(name, value) for name, value in present.items() if counts_heads(name)))
    tables = [name for name in chosen if counts_entries(name)]
    few = _few(chosen, run)
    widths = [name for name in chosen if name not in (*tables, *few) and not counts_heads(name)]
    multiples = random.Random(run).sample(range(2, 4 + 2 * len(widths)), len(widths))
    heads = {value for name, value in present.items() if counts_heads(name)}
    for name, multiple in zip(widths, multiples, strict=True):
        divided = not heads or any(present[name] % count == 0 for count in heads)
        fields[name] = multiple * (unit if divided else 2)
    # Even, but no multiples of four as widths are; and no larger than need be.
    places = {
        name: math.ceil(least_entries(config, name) / 4) + run + RUNS * place for place, name in enumerate(tables)
    }
    fields |= {name: 4 * place + 2 for name, place in places.items()}
    fields |= {name: _PATCH_IN_RUN[run % RUNS] for name in chosen if name.endswith(_PATCH)}
    for name in chosen:
        patch = name.removesuffix(_IMAGE) + _PATCH
        if name.endswith(_IMAGE) and patch in present:
            few.pop(name)
            fields[name] = fields.get(patch, present[patch]) * _PATCHES_IN_RUN[run % RUNS]
    wide = {name: value for name, value in fields.items() if name not in few}
    return (_tie(wide, present) if tied else wide) | few


def _few(chosen: Iterable[str], run: int) -> dict[str, int]:
    """Values for the fields that need not be wide: those of one kind in several parts of the configuration differ."""
    found: dict[str, int] = {}
    for kind, plan in _FEW.items():
        names = [name for name in chosen if kind.search(_last(name))]
        found |= {name: plan[run % RUNS] + place * max(plan) for place, name in enumerate(names)}
    return found


def _side(name: str) -> str:
    """What a head count belongs to: a nested configuration, the encoder, the decoder. Each side has other counts."""
    side = re.match(r"encoder_|decoder_", _last(name))
    return name.rpartition(".")[0] + (side[0] if side else "")


def _count(name: str, run: int) -> int:
    plan = _SHARED_IN_RUN if _SHARED_HEADS.search(_last(name)) else _HEADS_IN_RUN
    return plan[run % RUNS] * (1 + run // (2 * RUNS))


def counts_entries(name: str) -> bool:
    """Whether a field says how many entries a table has, of words, of positions."""
    return bool(_TABLES.search(_last(name))) and not counts_heads(name)


def least_entries(config: PreTrainedConfig, name: str) -> int:
    """What a table must have at least: an entry for every special id, and for every position of the inputs."""
    if "position" in name or "ctx" in name:
        return 128
    if "vocab" not in name or "type" in name:
        return 32
    ids = [value for field, value in integers(config).items() if _last(field).endswith("_token_id")]
    return max([*ids, 32]) + 1


def _tie(fields: dict[str, int], present: Mapping[str, int]) -> dict[str, int]:
    """Give fields that are equal in the configuration one value, and restore products of two others."""
    first: dict[int, str] = {}
    for name in fields:
        first.setdefault(present[name], name)
    tied = {name: fields[first[present[name]]] for name in fields}
    counts = [name for name in tied if counts_heads(name)]
    for product in (name for name in tied if not counts_heads(name)):
        for count in counts:
            for width in tied:
                if not counts_heads(width) and width != product and present[count] * present[width] == present[product]:
                    tied[product] = tied[count] * tied[width]
    return tied


def assign(config: PreTrainedConfig, like: Lengths, names: Iterable[str], run: int, tied: bool = False) -> Assignment:
    """One run's sizes; HfreaderError where the configuration refuses them."""
    fields = values(config, names, run, tied)
    return Assignment(with_sizes(config, fields), fields, lengths(run, like))


def with_sizes(config: PreTrainedConfig, fields: Mapping[str, int]) -> PreTrainedConfig:
    """The configuration with some of its sizes changed; HfreaderError where it refuses them.

    The number of labels is the length of their names, and a size within a list is changed by writing the whole list.
    """
    changes: dict[str, Any] = {}
    for name, value in fields.items():
        prefix, within = name.removesuffix("num_labels"), _ELEMENT.fullmatch(name)
        if within:
            field = within["field"]
            owner = reduce(getattr, field.split("."), config)
            whole = list(changes.get(field, owner))
            whole[int(within["place"])] = value
            changes[field] = whole if isinstance(owner, list) else tuple(whole)
            continue
        if prefix != name:
            changes[f"{prefix}id2label"] = {number: f"LABEL_{number}" for number in range(value)}
            changes[f"{prefix}label2id"] = {f"LABEL_{number}": number for number in range(value)}
        else:
            changes[name] = value
    return with_fields(config, changes)
