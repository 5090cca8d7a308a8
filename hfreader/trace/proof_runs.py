"""Run a setting so that equations show: small, in float64, every weight random, padding in the mask."""

import json
import math
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from itertools import count
from typing import Any

import torch
from torch import nn
from transformers import PreTrainedConfig, PreTrainedModel

from hfreader.errors import HfreaderError
from hfreader.trace.captures import CaptureSession, Invocation
from hfreader.trace.completion import head_width
from hfreader.trace.configs import all_parts, as_json, with_fields
from hfreader.trace.depth import shallow
from hfreader.trace.drawing import at_most
from hfreader.trace.precision import float64
from hfreader.trace.randomise import randomise
from hfreader.trace.settings import TOKEN_TYPES, Setting, with_token_types
from hfreader.trace.sizes import assign, candidates

EPSILON = 0.05
"""Stands for every epsilon of a configuration: at 1e-12 it could be missing or doubled and nobody would see."""
HEAVY = 10_000_000
"""Numbers to draw for a model that are no longer worth sizes of their own for every field."""
MOST = 100_000_000
"""Numbers of a model that is not run in float64 at all, because one family may not take so much memory."""
LONGEST = 1 << 24
"""Numbers of a tensor that a run computes, an eighth of a gigabyte: how long what a model makes is may depend on its
random weights."""
_EXPERTS = re.compile("expert")
"""Fields that count experts go with others that count those chosen, and with groups of them."""
WINDOW = 3
_CHANCES = re.compile(r"drop")
_SCALES = re.compile(r"multiplier|scal(e|ing|ar)(_|$)")
_EPSILONS = re.compile(r"(^|_)eps(ilon)?$")


@dataclass(frozen=True)
class SmallRun:
    """One run: in words, what was captured in it, and the numbers that scales of the configuration set.

    kind  the same for runs in which modules at one path compute in the same way, whatever they are given.
    """

    words: str
    invocations: list[Invocation]
    chosen: frozenset[float]
    kind: str = ""


def run_small(session: CaptureSession, setting: Setting, seeds: Sequence[int]) -> Iterator[SmallRun]:
    """A run for each seed; all at the first sizes at which the class runs.

    Raises HfreaderError where it runs neither at small sizes nor at its own.
    """
    failure: HfreaderError | None = None
    for small in _smaller(setting):
        try:
            first = _run(session, small, seeds[0])
        except HfreaderError as error:
            failure = failure or HfreaderError(str(error))  # without its traceback, which holds a whole model
            continue
        chosen, kind = _scales(small.config), _kind(small)
        yield SmallRun(_words(small, seeds[0]), first, chosen, kind)
        yield from (SmallRun(_words(small, seed), _run(session, small, seed), chosen, kind) for seed in seeds[1:])
        return
    raise failure or HfreaderError(f"{setting.model_class.__name__} accepts no sizes")


def _smaller(setting: Setting) -> Iterator[Setting]:
    """The setting padded and with token types, at small sizes: all free, those kept equal that are, few layers."""
    config = shallow(_telling(setting.config))
    if not setting.options.bare:
        setting = with_token_types(setting) or setting
        setting = replace(setting, options=replace(setting.options, padded=True))
    own = replace(setting, config=config)
    most = HEAVY + own.numbers()
    names = [name for name in candidates(config) if not _EXPERTS.search(name)]
    for tied in (False, True):
        try:
            assignment = assign(config, setting.lengths, names, 0, tied)
        except HfreaderError:
            continue
        small = setting.with_config(assignment.config, assignment.lengths)
        if small.numbers() <= most and _turns_pairs(small.config):
            yield small
    yield own


def _telling(config: PreTrainedConfig) -> PreTrainedConfig:
    """With values that show: nothing dropped by chance, which no equation speaks of; epsilons large; sliding windows
    so narrow that they hide something of a short text; no scale that is 1; more than one type of token."""
    ones = count(1)
    changes: dict[str, object] = {}
    for field, value in _fields(config):
        name = field.rpartition(".")[2]
        if type(value) is float and _CHANCES.search(name):
            changes[field] = 0.0
        elif type(value) is float and 0 < value < EPSILON and _EPSILONS.search(name):
            changes[field] = EPSILON
        elif type(value) is float and value == 1 and _SCALES.search(name):
            changes[field] = 1 + next(ones) / 8
        elif type(value) is int and name == "sliding_window":
            changes[field] = WINDOW
        elif type(value) is int and value == 1 and name == "type_vocab_size":
            changes[field] = 2
    return with_fields(config, changes) if changes else config


def _turns_pairs(config: PreTrainedConfig) -> bool:
    """Whether what a rotary embedding turns of each head falls into pairs; code that turns an odd number of
    coordinates may run all the same, by broadcasting, and computes nothing that anybody means."""
    for _, part in all_parts(config):
        given, head = vars(part), head_width(part)
        parameters = given.get("rope_parameters")
        factor = (parameters if isinstance(parameters, dict) else given).get("partial_rotary_factor")
        if isinstance(head, int) and isinstance(factor, float) and int(head * factor) % 2:
            return False
    return True


def _scales(config: PreTrainedConfig) -> frozenset[float]:
    """The numbers by which code may multiply where fields of the configuration set a scale."""
    given = [
        float(value)
        for field, value in _fields(config)
        if _SCALES.search(field.rpartition(".")[2]) and isinstance(value, int | float) and value > 0
    ]
    forms = (form for value in given for form in (value, 1 / value, value**-0.5))
    return frozenset((*forms, *_sharpened(config)))


def _sharpened(config: PreTrainedConfig) -> Iterator[float]:
    """One over the root of each width, sharpened as YaRN does for longer texts (Peng et al., arXiv:2309.00071, §3.4):
    times (0.1 m ln(s) + 1)^2, where s says how much longer and m how much of it."""
    for _, part in all_parts(config):
        rotary = vars(part).get("rope_parameters")
        if isinstance(rotary, dict) and rotary.get("mscale_all_dim") and rotary.get("factor", 1) > 1:
            root = 0.1 * rotary["mscale_all_dim"] * math.log(rotary["factor"]) + 1
            yield from (root**2 * width**-0.5 for width in vars(part).values() if type(width) is int and width > 0)


def _fields(config: PreTrainedConfig) -> list[tuple[str, object]]:
    """The fields of a configuration and of its parts, dotted, with their values."""
    return [(f"{prefix}{name}", value) for prefix, part in all_parts(config) for name, value in vars(part).items()]


def _run(session: CaptureSession, setting: Setting, seed: int) -> list[Invocation]:
    with float64(), at_most(MOST), session.building() as made:
        model = setting.model(seed, torch.float64).double()  # parameters may be made as float32 whatever is asked for
        randomise(model, seed)
    for part in model.modules():  # no chance, no statistics of the batch: torch's own modules evaluate, whoever trains
        if type(part).__module__.startswith("torch.nn."):
            part.training = False
    with _segmented(model), float64(disguised=True, most=LONGEST), session.recording(model, made) as invocations:
        setting.run(model, seed=seed)
    for each in invocations:  # a base model computes alike by itself and under the name that a head has for it
        each.module = each.module.removeprefix(f"{model.base_model_prefix}.")
    return invocations


@contextmanager
def _segmented(model: PreTrainedModel) -> Iterator[None]:
    """Inside, later tokens are of type 1: were all of type 0, one row alone of the table would be seen."""
    types = getattr(model.config, "type_vocab_size", 2)

    def alternate(_: nn.Module, args: tuple[Any, ...], given: dict[str, Any]) -> tuple[Any, dict[str, Any]]:
        ids = given.get(TOKEN_TYPES)
        if isinstance(ids, torch.Tensor) and types > 1:
            later = torch.arange(ids.shape[-1], device=ids.device) >= ids.shape[-1] // 2
            given = {**given, TOKEN_TYPES: later.long().expand(ids.shape)}
        return args, given

    hook = model.register_forward_pre_hook(alternate, with_kwargs=True)
    try:
        yield
    finally:
        hook.remove()


def _kind(setting: Setting) -> str:
    return f"{json.dumps(as_json(setting.config), sort_keys=True)} {setting.lengths} {setting.options.training}"


def _words(setting: Setting, seed: int) -> str:
    lengths = setting.lengths
    sizes = [f"B={lengths.batch}", f"T={lengths.tokens}"]
    sizes += [f"T_past={lengths.past}"] if lengths.past else []
    sizes += [f"S={lengths.encoder}"] if lengths.encoder is not None else []
    return f"{setting.model_class.__name__} ({setting.name}), {', '.join(sizes)}, float64, random weights (seed {seed})"
