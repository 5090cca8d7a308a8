"""Sizes changed a few at a time, each by a factor of its own, so that what follows tells which of them it depends on.

For classes that do not run with all sizes changed at once: a multiple of a size keeps what must divide it, and a class
that ties two sizes refuses only the few runs in which one of them changes.
"""

import re
from collections.abc import Iterable

from transformers import PreTrainedConfig

from hfreader.trace.sizes import Lengths, counts_heads, sizes_of

TOGETHER = 4
_FACTORS = (2, 3, 5, 7)
Group = tuple[str, ...]
"""Fields that change in the same run; none for a run in which the lengths of the inputs change."""

# What counts pixels, frames and samples, or bounds how many are chosen: it sets how many positions there are, in more
# ways than as a factor.
EXTENT = re.compile(
    r"(image|img|input|crop|spec|patch|tubelet)_size|frames|(source|mel)_positions|mel_bins|stride|factor$"
)

_PART = re.compile(r"(patch|tubelet)_size")
"""Of these extents there are to be whole numbers in an image or a video."""


def groups(names: Iterable[str]) -> list[Group]:
    """Each extent by itself, the other fields in groups of at most TOGETHER, neighbours in several of them."""
    ordered = tuple(names)
    alone = [name for name in ordered if EXTENT.search(name)]
    others = [name for name in ordered if name not in alone]
    count = -(-len(others) // TOGETHER)
    return [(), *((name,) for name in alone), *(tuple(others[start::count]) for start in range(count))]


def ways(config: PreTrainedConfig, group: Group) -> list[dict[str, int]]:
    """New values for the fields of a group; for a single one others, should the configuration refuse the first."""
    present = sizes_of(config)
    if len(group) != 1:
        return [_factored(group, present)]
    (name,) = group
    doubled, halved = {name: 2 * present[name]}, {name: present[name] // 2}
    found = [halved, doubled] if counts_heads(name) or _PART.search(name) else [doubled, halved]
    return [fields for fields in found if all(fields.values())]


def fewer_heads(config: PreTrainedConfig, names: Iterable[str]) -> dict[str, int]:
    """Half of each count of heads that can be halved, so that as many queries share a head as before."""
    present = sizes_of(config)
    return {name: present[name] // 2 for name in names if counts_heads(name) and present[name] % 2 == 0}


def longer(like: Lengths) -> Lengths:
    """Other lengths, each by another number; those that are absent stay absent."""
    return Lengths(
        batch=like.batch + 1,
        tokens=like.tokens + 5,
        past=like.past and like.past + 3,
        encoder=like.encoder and like.encoder + 7,
    )


def _factored(group: Group, present: dict[str, int]) -> dict[str, int]:
    """A factor of its own for each field: the larger, the smaller the size; fewer heads, of which a width has few."""
    left = list(_FACTORS)
    found: dict[str, int] = {}
    for name in sorted(group, key=lambda name: (not counts_heads(name), -present[name])):
        fewer = [factor for factor in left if present[name] % factor == 0] if counts_heads(name) else []
        factor = fewer[0] if fewer else left[0]
        left.remove(factor)
        found[name] = present[name] // factor if fewer else present[name] * factor
    return found
