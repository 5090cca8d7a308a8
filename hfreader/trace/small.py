"""Small versions of a configuration: few layers and narrow ones, so that a run costs milliseconds."""

import math
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from copy import deepcopy
from functools import partial
from typing import Any

from transformers import PreTrainedConfig, PreTrainedModel

from hfreader.errors import HfreaderError
from hfreader.trace.completion import completed, consistent
from hfreader.trace.configs import all_parts, kept_fields, read, sub_configs, with_fields, within, written_fields
from hfreader.trace.depth import shallow
from hfreader.trace.models import config_for, parameters_of, skeleton
from hfreader.trace.senses import with_least_to_see, with_less_to_see
from hfreader.trace.sizes import counts_heads, integers, shares_heads
from hfreader.trace.tokenizers import SPECIAL, special_ids

VOCABULARY = 512
NARROWEST_HEAD, TURNED = 8, 4
WIDEST_DIVISOR = 64
LIGHT, BEARABLE, MOST = 20_000_000, 100_000_000, 500_000_000
"""Numbers of a model that is run many times over without a thought, of one that sees little and is tried nevertheless,
and of one that is not run at all."""
_WIDTHS = re.compile(r"(hidden|embedding)_sizes$|channels$|dims?$|widths$")
_PLACE = re.compile(r"(image|video|audio)_token_(id|index)")
FEWER = 8
MOST_GIVEN, LEAST_GIVEN, MOST_DOUBLED = 4, 2, 1
_WIDTH = re.compile(
    r"(hidden|(?<!image_)embedding)_size|intermediate|ffn|d_(model|ff|kv|inner|latents)|n_(embd|inner)|dim$|_rank$"
    r"|^base_channels$|^num_filters$"
)


def small(model_class: type[PreTrainedModel], config: PreTrainedConfig) -> PreTrainedConfig:
    """The narrowest version of a configuration with few layers of which the class can be built, as `smalls` has it."""
    return next(smalls(model_class, config))


def smalls(model_class: type[PreTrainedModel], config: PreTrainedConfig) -> Iterator[PreTrainedConfig]:
    """Versions of a configuration with few layers of which the class can be built: the narrowest first, then, for a
    class that does not run so narrow, some with wider parts, at last one with its own widths.

    Widths are divided by one power of two; a nested part that refuses keeps its widths. The number of heads stays,
    unless the model is not LIGHT so. HfreaderError where not even the configuration's own widths can be built, or only
    with more than MOST numbers.
    """
    name = model_class.__name__
    lightest: tuple[int, PreTrainedConfig] | None = None
    reason = HfreaderError(f"{name} cannot be made small")
    light = 0
    whole = shallow(config_for(model_class, config))
    few = with_less_to_see(whole)
    known = [written_fields(few)]
    for doubled in range(MOST_DOUBLED + 1):
        least = with_least_to_see(whole, doubled)
        if (written := written_fields(least)) not in known:
            known.append(written)
            yield from _least(model_class, least)
    makers = list(_candidates(few))
    while makers and light < MOST_GIVEN:
        try:
            numbers, candidate = _built(model_class, makers.pop(0))
        except HfreaderError as error:
            reason = error
            continue
        if numbers <= LIGHT:
            yield candidate
            light += 1
            makers = [*makers[: MOST_GIVEN - 2], *makers[-1:]] if light == 1 else makers
        elif lightest is None or numbers < lightest[0]:
            lightest = numbers, candidate
    if lightest is not None and lightest[0] <= MOST:
        yield lightest[1]
    elif not light:
        least = lightest and f"{name} cannot be made small: it has {lightest[0]:,} parameters at least"
        raise HfreaderError(least) if least else reason
    with suppress(HfreaderError):
        numbers, own = _built(model_class, lambda: few)
        if numbers <= MOST:
            yield own


def _least(model_class: type[PreTrainedModel], least: PreTrainedConfig) -> Iterator[PreTrainedConfig]:
    """The narrowest versions of a configuration that sees and hears least, then itself, if it is not too wide for a
    run or two."""
    given = 0
    for make in _candidates(least):
        with suppress(HfreaderError):
            numbers, candidate = _built(model_class, make)
            if numbers <= LIGHT:
                yield candidate
                given += 1
        if given == LEAST_GIVEN:
            break
    with suppress(HfreaderError):
        numbers, candidate = _built(model_class, lambda: least)
        if numbers <= BEARABLE:
            yield candidate


def _built(model_class: type[PreTrainedModel], make: Callable[[], PreTrainedConfig]) -> tuple[int, PreTrainedConfig]:
    """A configuration of which the class can be built, what it leaves open filled in if need be, and how many numbers
    the model has."""
    made = consistent(make())
    try:
        return parameters_of(skeleton(model_class, deepcopy(made))), made
    except HfreaderError as error:
        filled = completed(made)
        if filled is made:
            raise error
        return parameters_of(skeleton(model_class, deepcopy(filled))), filled


def _candidates(config: PreTrainedConfig) -> Iterator[Callable[[], PreTrainedConfig]]:
    """What makes narrower configurations, the narrowest first: narrow everywhere, and everywhere but in one nested
    part; then the same with fewer heads and experts, where these are many."""
    fewer = _fewer_of_many(config)
    for counts in ({}, fewer) if fewer else ({},):
        try:
            counted = with_fields(config, counts)
        except HfreaderError:
            continue
        for divisor in _divisors(counted):
            changes = _narrowed(counted, divisor)
            if lists := _narrowed_lists(counted, divisor):
                yield partial(with_fields, counted, changes | lists)
            yield partial(with_fields, counted, changes)
            if turned := _turnable(counted, changes):
                yield partial(with_fields, counted, changes | turned)
            heads = _fewer_heads(counted, divisor)
            if heads:
                yield partial(with_fields, counted, changes | heads)
            for part in sub_configs(counted):
                others = {name: value for name, value in changes.items() if not name.startswith(f"{part}.")}
                yield partial(with_fields, counted, others)


def _fewer_of_many(config: PreTrainedConfig) -> dict[str, Any]:
    """Fewer heads and experts, where these are many; heads that share keys and values stay as many."""
    counts = {name: value for name, value in integers(config).items() if value % FEWER == 0}
    fewer = {
        name: value // FEWER
        for name, value in counts.items()
        if (counts_heads(name) or name.endswith("experts")) and value >= FEWER**2
    }
    owners = {name.rpartition(".")[0] for name in fewer if counts_heads(name)}
    return fewer | {
        name: value // FEWER
        for name, value in counts.items()
        if shares_heads(name) and name.rpartition(".")[0] in owners
    }


def _divisors(config: PreTrainedConfig) -> Iterator[int]:
    """Powers of two, the largest that leaves each head NARROWEST_HEAD wide first; at last 1."""
    most = WIDEST_DIVISOR
    for _, part in all_parts(config):
        heads, width = _heads_and_width(part)
        if heads > 0:
            most = min(most, max(1, width // heads // NARROWEST_HEAD))
    for power in range(int(math.log2(most)), -1, -1):
        yield 2**power


def _narrowed(config: PreTrainedConfig, divisor: int) -> dict[str, Any]:
    """The fields to change, dotted."""
    changes: dict[str, Any] = {}
    kept = kept_fields(config)
    for name, value in integers(config).items():
        field = name.rpartition(".")[2]
        if _WIDTH.search(field) and value % divisor == 0 and value > divisor and not within(name, kept):
            changes[name] = value // divisor
    return changes | _fewer_ids(config)


def _turnable(config: PreTrainedConfig, changes: Mapping[str, Any]) -> dict[str, Any]:
    """Wider parts where heads would no longer have the pairs of pairs of dimensions that a rotation by rows and columns
    turns."""
    found: dict[str, Any] = {}
    for prefix, part in all_parts(config):
        heads, width = _heads_and_width(part)
        narrow = changes.get(f"{prefix}hidden_size")
        if heads and narrow and width // heads % TURNED == 0 and narrow // heads % TURNED:
            fits = [width >> times for times in range(8) if (width >> times) // heads % TURNED == 0]
            found[f"{prefix}hidden_size"] = min(size for size in fits if size > narrow)
    return found


def _heads_and_width(part: PreTrainedConfig) -> tuple[int, int]:
    """Heads of the attention and width of the hidden states; 0 where the part names none."""
    heads, width = read(part, "num_attention_heads") or read(part, "num_heads"), read(part, "hidden_size")
    return (heads, width) if isinstance(heads, int) and isinstance(width, int) else (0, 0)


def _narrowed_lists(config: PreTrainedConfig, divisor: int) -> dict[str, Any]:
    """Widths of stages, which the parts that read their outputs may have to agree with: divided by as large a power of
    two as all of them can be, up to `divisor`."""
    kept = kept_fields(config)
    lists = {
        f"{prefix}{name}": value
        for prefix, part in all_parts(config)
        for name, value in vars(part).items()
        if not within(f"{prefix}{name}", kept)
        if _WIDTHS.search(name) and isinstance(value, list | tuple) and value
        if all(type(width) is int and width > 0 for width in value)
    }
    common = {name: min(math.gcd(*value, divisor), min(value) // 2) for name, value in lists.items()}
    return {name: [width // common[name] for width in value] for name, value in lists.items() if common[name] > 1}


def _fewer_heads(config: PreTrainedConfig, divisor: int) -> dict[str, Any]:
    """Heads of other mixers than attention (`mamba_n_heads`), whose number times their width is a width."""
    heads = {name: value for name, value in integers(config).items() if counts_heads(name)}
    return {
        name: value // divisor
        for name, value in heads.items()
        if "attention" not in name and "key_value" not in name and value % divisor == 0 and value > divisor > 1
    }


def _fewer_ids(config: PreTrainedConfig) -> dict[str, Any]:
    """A vocabulary of VOCABULARY ids, with the special ids above it moved to its end, the same in every part."""
    above = sorted(id for id in special_ids(config) if id >= VOCABULARY)
    moved = {id: VOCABULARY - 1 - place for place, id in enumerate(above)}
    changes: dict[str, Any] = {}
    for prefix, part in all_parts(config):
        for name, value in vars(part).items():
            if name == "vocab_size" and isinstance(value, int) and value > VOCABULARY:
                changes[f"{prefix}{name}"] = VOCABULARY
            elif name.endswith(SPECIAL) and isinstance(value, int) and value in moved:
                changes[f"{prefix}{name}"] = moved[value]
            elif name.endswith(SPECIAL) and isinstance(value, list):
                changes[f"{prefix}{name}"] = [moved.get(id, id) for id in value]
    # Where an image, a video or a sound stands in a text is left open by some defaults.
    unset = [name for name, value in vars(config).items() if _PLACE.fullmatch(name) and value is None]
    return changes | {name: VOCABULARY - 1 - len(above) - place for place, name in enumerate(unset)}
