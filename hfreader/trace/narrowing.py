"""Lighter settings: sizes that make a model heavy are divided as far as the class still runs, found by trying.

`hfreader.trace.small` narrows by what fields are called, all of them at once; where a class does not run so, little or
nothing is narrowed. Here fields of one value are divided together, the largest first, and what runs is kept.
"""

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import replace
from math import gcd, lcm

import torch
from torch import nn
from torch.nn.modules.module import register_module_forward_hook
from torch.utils._pytree import tree_leaves
from transformers import PreTrainedConfig

from hfreader.errors import HfreaderError
from hfreader.trace.settings import Setting
from hfreader.trace.sizes import (
    candidates,
    counts_entries,
    counts_heads,
    least_entries,
    listed_candidates,
    sizes_of,
    with_sizes,
)
from hfreader.trace.sizes_apart import EXTENT

HEAVY = 2_000_000
"""Numbers above which it is worth trying to do with fewer: those of a model, and those that its modules return."""
WORTH = 0.9
"""Of the numbers there are, so many at most are to be left."""
NARROWEST, FEWEST_ENTRIES = 8, 512
"""What a width and the length of a table are not divided below."""
MOST_DIVISOR, MOST_DIVISORS = 64, 4
MOST_TRIES = 16
Sizes = Mapping[str, int]


class Narrowing:
    """Makes settings lighter; what worked for one class is tried first for the next that has such a configuration."""

    def __init__(self, runs: Callable[[Setting], object]) -> None:
        """`runs` runs a setting, and raises HfreaderError where it does not."""
        self._runs = runs
        self._worked: dict[type[PreTrainedConfig], dict[str, int]] = defaultdict(dict)

    def lighter(self, setting: Setting) -> Setting:
        """The setting with the narrowest sizes found with which it runs, then with the smallest images, if what runs
        there is still much; itself where it is light, or nothing helps."""
        narrow = self._narrowed(setting, Setting.numbers, lambda name: not EXTENT.search(name))
        return self._narrowed(narrow, self._returned, lambda name: bool(EXTENT.search(name)))

    def _narrowed(self, setting: Setting, weigh: Callable[[Setting], int], may: Callable[[str], bool]) -> Setting:
        """The setting with the sizes divided that may be, as long as it is HEAVY."""
        weight, tries = weigh(setting), 0
        for sizes in self._divided(setting.config, may):
            if weight <= HEAVY or tries == MOST_TRIES:
                break
            present = sizes_of(setting.config)
            smaller = {name: value for name, value in sizes.items() if value < present.get(name, 0)}
            with suppress(HfreaderError):
                narrow = replace(setting, config=with_sizes(setting.config, smaller))
                less = weigh(narrow) if smaller else weight
                if 0 < less <= WORTH * weight:
                    tries += 1
                    self._runs(narrow)
                    setting, weight = narrow, less
                    self._worked[type(setting.config)] |= smaller
        return setting

    def _divided(self, config: PreTrainedConfig, may: Callable[[str], bool]) -> Iterator[Sizes]:
        yield {name: size for name, size in self._worked[type(config)].items() if may(name)}
        present = sizes_of(config)
        for group in _groups(config, may):
            taken = {value for name, value in present.items() if name not in group}
            common = gcd(*(value // _unit(name, present) for name, value in group.items()))
            divisors = [each for each in range(min(common, MOST_DIVISOR), 1, -1) if common % each == 0]
            for divisor in divisors[:: -(-len(divisors) // MOST_DIVISORS) or 1]:
                divided = {name: value // divisor for name, value in group.items()}
                wide = all(value >= _least_of(name, config) for name, value in divided.items())
                if wide and taken.isdisjoint(divided.values()):
                    yield divided

    def _returned(self, setting: Setting) -> int:
        """How many numbers the modules return in a run."""
        counted = 0

        def count(module: nn.Module, given: object, returned: object) -> None:
            nonlocal counted
            counted += sum(each.numel() for each in tree_leaves(returned) if isinstance(each, torch.Tensor))

        hook = register_module_forward_hook(count)
        try:
            self._runs(setting)
        finally:
            hook.remove()
        return counted


def _groups(config: PreTrainedConfig, may: Callable[[str], bool]) -> list[Sizes]:
    """Sizes that are divided together: those of one value, and those of one list, the largest first."""
    present = sizes_of(config)
    groups: dict[object, dict[str, int]] = defaultdict(dict)
    for name in (*candidates(config), *listed_candidates(config)):
        if may(name) and not counts_heads(name):
            field, listed, _ = name.partition("[")
            groups[field if listed else present[name]][name] = present[name]
    return sorted(groups.values(), key=lambda group: -max(group.values()))


def _unit(name: str, present: Sizes) -> int:
    """What a size is a multiple of and remains one when it is divided: of four times the heads of its part, so that a
    rotation by rows and columns finds pairs of coordinates for both; of twice their number; of two; or of one."""
    part = name.rpartition(".")[0]
    counts = (other for other in present if counts_heads(other) and other.rpartition(".")[0] == part)
    heads = lcm(*(present[each] for each in counts))
    return next((unit for unit in (4 * heads, 2 * heads, 2) if present[name] % unit == 0), 1)


def _least_of(name: str, config: PreTrainedConfig) -> int:
    return max(FEWEST_ENTRIES, least_entries(config, name)) if counts_entries(name) else NARROWEST
